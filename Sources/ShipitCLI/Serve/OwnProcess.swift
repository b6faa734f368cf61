import CSupervisor
import Foundation
import ShipitCore
import ShipitEngine

/// A command of shipit's own that `serve` starts: in a session of its own, so that it goes on whatever becomes of the server,
/// with its words in a file.
struct OwnProcess: Sendable {
    let id: pid_t
    let name: String

    /// - Parameters:
    ///   - name: what it is called in the server's words.
    ///   - log: a file of the state folder; what it held before is gone.
    static func start(
        _ arguments: [String], name: String, log: String, sharing: Sharing
    ) throws(CommandFailure) -> OwnProcess {
        guard let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") else {
            throw CommandFailure(
                .machine, "/proc/self/exe does not say where this program is", hint: "is /proc mounted?")
        }
        let input = open("/dev/null", O_RDONLY | O_CLOEXEC)
        let output = open(
            log, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, mode_t(sharing.fileMode))
        defer {
            close(input)
            close(output)
        }
        guard input >= 0, output >= 0 else {
            throw CommandFailure(.machine, "\(log) cannot be written: \(String(cString: strerror(errno)))")
        }
        var words = ([program] + arguments).map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var child: pid_t = 0
        let code = csup_spawn(&child, program, &words, environ, "/", input, output, output, -1)
        guard code == 0 else {
            throw CommandFailure(.machine, "\(name) cannot be started: \(String(cString: strerror(code)))")
        }
        return OwnProcess(id: child, name: name)
    }

    /// How it ended; `nil` while it goes on.
    func ending() -> Int32? {
        var status: Int32 = 0
        guard waitpid(id, &status, WNOHANG) == id else { return nil }
        return status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + (status & 0x7F)
    }
}
