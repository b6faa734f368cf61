import Foundation
import Glibc

/// The processes of this machine, as /proc tells them.
enum ProcessTable {
    struct Entry: Hashable, Sendable, CustomStringConvertible {
        var id: pid_t
        var arguments: [String]
        var description: String { "\(id): \(arguments.joined(separator: " "))" }

        var isSupervisor: Bool { arguments.first?.hasSuffix("shipit-supervisor") ?? false }
        /// `sshd: root@notty`, as sshd calls the processes that serve those it has let in.
        var isSSHSession: Bool { arguments.first?.hasPrefix("sshd") ?? false }
    }

    /// Every living process that has to do with a folder: it works in it, was started with its path, or has it in its
    /// environment (commands are given a HOME below it).
    static func processes(of folder: String) -> [Entry] {
        let mark = Array(folder.utf8)
        return ids().compactMap { id in
            guard id != getpid(), isAlive(id) else { return nil }
            let commandLine = bytes("/proc/\(id)/cmdline")
            let isMarked =
                contains(commandLine, mark) || contains(bytes("/proc/\(id)/environ"), mark) || worksIn(folder, id)
            return isMarked ? Entry(id: id, arguments: words(commandLine)) : nil
        }
    }

    /// The living processes below another one.
    static func descendants(of ancestor: pid_t) -> [Entry] {
        var parents: [pid_t: pid_t] = [:]
        for id in ids() where isAlive(id) { parents[id] = parent(of: id) }
        var found: Set<pid_t> = [ancestor]
        while true {
            let more = parents.filter { found.contains($0.value) && !found.contains($0.key) }.keys
            if more.isEmpty { break }
            found.formUnion(more)
        }
        return found.subtracting([ancestor]).map { Entry(id: $0, arguments: words(bytes("/proc/\($0)/cmdline"))) }
    }

    private static func parent(of id: pid_t) -> pid_t? {
        let text = String(decoding: bytes("/proc/\(id)/stat"), as: UTF8.self)
        guard let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        return fields.count > 1 ? pid_t(fields[1]) : nil
    }

    /// The command lines of all processes, as anybody on the machine can read them.
    static func commandLines() -> [String] { ids().map { words(bytes("/proc/\($0)/cmdline")).joined(separator: " ") } }

    /// The variables that a process was started with.
    static func environment(of id: pid_t) -> String { words(bytes("/proc/\(id)/environ")).joined(separator: "\n") }

    /// Neither gone nor ended and only waiting to be reaped.
    static func isAlive(_ id: pid_t) -> Bool {
        let text = String(decoding: bytes("/proc/\(id)/stat"), as: UTF8.self)
        guard let end = text.lastIndex(of: ")") else { return false }
        let state = text[text.index(after: end)...].first { $0 != " " }
        return state != nil && state != "Z" && state != "X"
    }

    private static func ids() -> [pid_t] {
        // Without /proc no test here could say anything, so an empty list would be a lie.
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: "/proc") else {
            preconditionFailure("/proc cannot be read")
        }
        return names.compactMap { pid_t($0) }
    }

    private static func worksIn(_ folder: String, _ id: pid_t) -> Bool {
        // A process may have ended since the list was read.
        guard let place = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(id)/cwd") else {
            return false
        }
        return place == folder || place.hasPrefix(folder + "/")
    }

    private static func words(_ bytes: [UInt8]) -> [String] {
        bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    }

    private static func bytes(_ path: String) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return [] }
        defer { close(file) }
        var all: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = read(file, &part, part.count)
            guard count > 0 else { return all }
            all += part[..<count]
        }
    }

    private static func contains(_ bytes: [UInt8], _ mark: [UInt8]) -> Bool {
        Data(bytes).range(of: Data(mark)) != nil
    }
}
