internal import Foundation
internal import Synchronization

/// Ends a command and everything that it has started with SIGKILL, once its message file has so many lines.
///
/// The command begins stopped and is let go when it is being watched: else the quick ones would be through before they could
/// be found.
final class CommandCutter: Sendable {
    private let marks: Int
    private let messages: String
    /// In the environment of each of its processes.
    private let mark: [UInt8]
    private let state = Mutex(State())

    private struct State {
        var hasEnded = false
        var hasCut = false
        var isOver = false
    }

    init(marks: Int, messages: String, mark: String) {
        self.marks = marks
        self.messages = messages
        self.mark = Array("SHIPIT_IDEMPOTENCY_KEY=\(mark)\0".utf8)
    }

    static func held(_ argv: [String]) -> [String] { ["/bin/sh", "-c", #"kill -STOP $$; exec "$@""#, "sh"] + argv }

    func begin() {
        let thread = Thread { [self] in
            watch()
            state.withLock { $0.isOver = true }
        }
        thread.start()
    }

    /// Once the command has ended.
    /// - Returns: whether it was cut off.
    @discardableResult
    func finish() -> Bool {
        state.withLock { $0.hasEnded = true }
        // It looks every moment: this is one.
        while !state.withLock(\.isOver) { usleep(200) }
        return state.withLock(\.hasCut)
    }

    static func lines(of path: String) -> Int {
        (FileManager.default.contents(atPath: path) ?? Data()).count { $0 == UInt8(ascii: "\n") }
    }

    private func watch() {
        var leader: pid_t?
        while leader == nil {
            if state.withLock(\.hasEnded) { return }
            leader = processes().first(where: Self.isStopped)
            usleep(500)
        }
        guard let leader else { return }
        if marks > 0 {
            kill(leader, SIGCONT)
            var size = off_t(-1)
            while true {
                if state.withLock(\.hasEnded) { return }
                var status = stat()
                let now = stat(messages, &status) == 0 ? status.st_size : 0
                if now != size, Self.lines(of: messages) >= marks { break }
                size = now
                usleep(50)
            }
        }
        // The group at once, then whoever has left it.
        kill(-leader, SIGKILL)
        kill(leader, SIGKILL)
        state.withLock { $0.hasCut = true }
        for process in processes() { kill(process, SIGKILL) }
    }

    private func processes() -> [pid_t] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { pid_t($0) }.filter { process in
            let environment = FileManager.default.contents(atPath: "/proc/\(process)/environ") ?? Data()
            return environment.range(of: Data(mark)) != nil
        }
    }

    private static func isStopped(_ process: pid_t) -> Bool {
        let text = FileManager.default.contents(atPath: "/proc/\(process)/stat").map {
            String(decoding: $0, as: UTF8.self)
        }
        return text?.split(separator: ")").last?.split(separator: " ").first == "T"
    }
}
