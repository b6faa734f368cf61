import CSupervisor
import Foundation
import ShipitCore
import ShipitEngine

/// What a detached engine is told by whoever starts it, through a pipe: it begins the run that was prepared and confirmed,
/// and no other.
struct DetachedOrder: Codable {
    var run: String
    var planDigest: String
    /// Read where there was a terminal to ask; never on a disk.
    var secrets: [String: String]

    /// From standard input, to its end.
    static func read() throws(CommandFailure) -> DetachedOrder {
        do {
            let bytes = try FileHandle.standardInput.readToEnd() ?? Data()
            return try JSONDecoder().decode(DetachedOrder.self, from: bytes)
        } catch {
            throw CommandFailure(.usage, "--detached-engine is shipit's own: deploy --detach starts it")
        }
    }
}

/// `deploy --detach`: the same command once more, as a process of a session of its own, whose words go to a file in the
/// run's folder.
struct Detachment {
    let folder: String
    let order: DetachedOrder

    static let logName = "engine.log"

    private static let beat = TimeSpan.milliseconds(50)

    private var log: String { folder + "/" + Self.logName }

    /// Starts the engine and waits until `isUnderWay`, or until it ends before that.
    /// - Returns: the exit code of an engine that ended early, with all it said; `nil` when it goes on without us.
    func start(until isUnderWay: () throws -> Bool) async throws -> (code: Int32, words: String)? {
        let child = try spawn()
        while true {
            var status: Int32 = 0
            let ended = waitpid(child, &status, WNOHANG) == child
            if try isUnderWay() { return nil }
            if ended { return (status & 0x7F == 0 ? status >> 8 & 0xFF : 1, try words()) }
            try await SystemClock().sleep(Self.beat)
        }
    }

    private func words() throws(CommandFailure) -> String {
        String(decoding: try FileBytes.read(log, atMost: 1 << 20, shownAs: log), as: UTF8.self)
    }

    /// The arguments of this process, for one that asks nothing and is told what to begin.
    static func arguments(_ own: [String]) -> [String] {
        let end = own.firstIndex(of: "--") ?? own.endIndex
        let named = own[..<end].filter { $0 != "--detach" && $0 != "--yes" }
        return named + ["--yes", "--detached-engine"] + own[end...]
    }

    private func spawn() throws -> pid_t {
        guard let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") else {
            throw CommandFailure(
                .machine, "/proc/self/exe does not say where this program is", hint: "is /proc mounted?")
        }
        let log = open(
            log, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, mode_t(Sharing(of: folder).fileMode))
        guard log >= 0 else { throw Self.failure("\(self.log) cannot be written", errno) }
        defer { close(log) }
        var (reader, writer): (Int32, Int32) = (-1, -1)
        let refusal = csup_pipe(&reader, &writer)
        guard refusal == 0 else { throw Self.failure("no pipe can be made", refusal) }
        // The engine reads as any program does, to the end.
        _ = fcntl(reader, F_SETFL, 0)
        defer { close(reader) }
        let arguments = [program] + Self.arguments(Array(CommandLine.arguments.dropFirst()))
        var words = arguments.map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var child: pid_t = 0
        let code = csup_spawn(
            &child, program, &words, environ, FileManager.default.currentDirectoryPath, reader, log, log, -1)
        guard code == 0 else {
            close(writer)
            throw Self.failure("the detached engine cannot be started", code)
        }
        try send(over: writer)
        return child
    }

    private func send(over writer: Int32) throws {
        // An engine that is gone before it has read is told of by its end.
        signal(SIGPIPE, SIG_IGN)
        let file = FileHandle(fileDescriptor: writer, closeOnDealloc: true)
        let bytes = try JSONEncoder().encode(order)
        do { try file.write(contentsOf: bytes) } catch { return }
        try file.close()
    }

    private static func failure(_ what: String, _ code: Int32) -> CommandFailure {
        CommandFailure(.machine, "\(what): \(String(cString: strerror(code)))")
    }
}
