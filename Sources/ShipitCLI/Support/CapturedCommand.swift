import Foundation
import ShipitCore

/// Why a command's output cannot be had.
struct CapturedCommandError: Error {
    var reason: String
}

/// Runs a command for what it prints, with the caller's own environment and terminal: password managers and keys with a
/// passphrase need all of it.
///
/// Its output goes through a pipe into memory and nowhere else. (Foundation's `Process` waits for whatever the command
/// leaves behind, too, and an agent that is started on the way stays.)
enum CapturedCommand {
    static func output(
        of argv: [String], in folder: String, environment: [String: String], atMost limit: Int, timeout: TimeSpan
    ) throws(CapturedCommandError) -> [UInt8] {
        let deadline = ContinuousClock.now + .milliseconds(timeout.milliseconds)
        let late = CapturedCommandError(reason: "did not end within \(Words.duration(timeout))")
        let (child, reader) = try start(argv, in: folder, environment: environment)
        defer { close(reader) }
        var status: Int32?
        /// Also collects it; a child that was ended already is not signalled, its number may be another's.
        func end() {
            guard status == nil else { return }
            kill(child, SIGKILL)
            while waitpid(child, nil, 0) < 0, errno == EINTR {}
        }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        var isOpen = true
        while isOpen || status == nil {
            guard ContinuousClock.now < deadline else {
                end()
                throw late
            }
            var waiting = pollfd(fd: isOpen ? reader : -1, events: Int16(POLLIN), revents: 0)
            let isReady = poll(&waiting, 1, 10) > 0
            if status == nil {
                var found: Int32 = 0
                if waitpid(child, &found, WNOHANG) == child { status = found }
            }
            if isReady {
                let count = read(reader, &buffer, buffer.count)
                if count > 0 { bytes += buffer[..<count] } else if count == 0 || errno != EINTR { isOpen = false }
            } else if status != nil {
                // What it left running may keep the pipe open, and says nothing that is meant for us.
                isOpen = false
            }
            guard bytes.count <= limit else {
                end()
                throw CapturedCommandError(reason: "prints more than \(limit >> 10) KiB")
            }
        }
        guard let status, status == 0 else { throw CapturedCommandError(reason: "failed (\(words(status ?? 0)))") }
        return bytes
    }

    private static func words(_ status: Int32) -> String {
        status & 0x7F == 0 ? "exit \(status >> 8 & 0xFF)" : "signal \(status & 0x7F)"
    }

    private static func start(
        _ argv: [String], in folder: String, environment: [String: String]
    ) throws(CapturedCommandError) -> (child: pid_t, reader: Int32) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw CapturedCommandError(reason: "cannot be started: \(reason(errno))") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(ends[1]) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
        // The shell only changes the folder: it gets the command as parameters and reads nothing of it.
        let shell = ["sh", "-c", "cd \"$1\" && shift && exec \"$@\"", "sh", folder]
        var words: [UnsafeMutablePointer<CChar>?] = (shell + argv).map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for pointer in words + variables { free(pointer) } }
        var child: pid_t = 0
        let failure = posix_spawnp(&child, shell[0], &actions, nil, &words, &variables)
        guard failure == 0 else {
            close(ends[0])
            throw CapturedCommandError(reason: "cannot be started: \(reason(failure))")
        }
        return (child, ends[0])
    }

    private static func reason(_ code: Int32) -> String { String(cString: strerror(code)) }
}
