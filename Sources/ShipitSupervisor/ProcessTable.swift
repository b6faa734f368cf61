import Glibc
import SupervisorProtocol

/// A process as `/proc/PID/stat` shows it.
struct ProcessRecord: Hashable {
    var identity: ProcessIdentity
    var parent: Int32
    var group: Int32
    var session: Int32
    var isAlive: Bool

    var pid: Int32 { identity.pid }

    init?(pid: Int32) {
        guard let stat = contents(of: "/proc/\(pid)/stat"),
            // The name may contain anything, so what counts is the last parenthesis.
            let close = stat.lastIndex(of: UInt8(ascii: ")"))
        else { return nil }
        let fields = stat[(close + 1)...].split(separator: UInt8(ascii: " "))
        guard fields.count > 19, let state = fields[0].first else { return nil }
        func number(_ index: Int) -> Int64 {
            var digits = fields[index]
            let isNegative = digits.first == UInt8(ascii: "-")
            if isNegative { digits = digits.dropFirst() }
            let value = digits.reduce(Int64(0)) { $0 &* 10 &+ Int64($1) - 48 }
            return isNegative ? -value : value
        }
        identity = ProcessIdentity(pid: pid, startTime: number(19))
        parent = Int32(truncatingIfNeeded: number(1))
        group = Int32(truncatingIfNeeded: number(2))
        session = Int32(truncatingIfNeeded: number(3))
        // A process whose first thread has ended looks like a zombie while its other threads live.
        let isGone = state == UInt8(ascii: "Z") || state == UInt8(ascii: "X")
        isAlive = !isGone || number(17) > 1
    }
}

enum ProcessTable {
    static func all() -> [ProcessRecord] {
        guard let folder = opendir("/proc") else { return [] }
        defer { closedir(folder) }
        var records: [ProcessRecord] = []
        while let entry = readdir(folder) {
            let pid = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { atoi($0) }
            }
            if pid > 0, let record = ProcessRecord(pid: pid) { records.append(record) }
        }
        return records
    }

    /// The children of this process, which has one thread and reaps them itself, so that none is missed. `nil` where the
    /// kernel doesn't tell.
    static func ownChildren() -> [Int32]? {
        let pid = getpid()
        guard let bytes = contents(of: "/proc/\(pid)/task/\(pid)/children") else { return nil }
        return bytes.split(separator: UInt8(ascii: " ")).compactMap { Int32(String(decoding: $0, as: UTF8.self)) }
    }

    /// A variable in the environment with which the process was started; `nil` also where it may not be read.
    static func variable(_ name: String, of pid: Int32) -> String? {
        guard let environment = contents(of: "/proc/\(pid)/environ") else { return nil }
        let prefix = Array("\(name)=".utf8)
        for entry in environment.split(separator: 0) where entry.starts(with: prefix) {
            return String(decoding: entry.dropFirst(prefix.count), as: UTF8.self)
        }
        return nil
    }

    /// What people call the process.
    static func name(of pid: Int32) -> String {
        let bytes = contents(of: "/proc/\(pid)/comm") ?? Array("?".utf8)
        return String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }
}
