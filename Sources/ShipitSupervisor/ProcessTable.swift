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
        // After it: the state, then numbers with one space between them.
        let fields = Self.numbers(stat, from: close + 4)
        guard fields.count > 18 else { return nil }
        let state = stat[close + 2]
        identity = ProcessIdentity(pid: pid, startTime: fields[18])
        parent = Int32(truncatingIfNeeded: fields[0])
        group = Int32(truncatingIfNeeded: fields[1])
        session = Int32(truncatingIfNeeded: fields[2])
        // A process whose first thread has ended looks like a zombie while its other threads live.
        let isGone = state == UInt8(ascii: "Z") || state == UInt8(ascii: "X")
        isAlive = !isGone || fields[16] > 1
    }

    /// The first 19 numbers. Written out, for it runs once for every process of the machine.
    private static func numbers(_ stat: [UInt8], from start: Int) -> [Int64] {
        var numbers: [Int64] = []
        numbers.reserveCapacity(19)
        var (value, isNegative, position): (Int64, Bool, Int) = (0, false, start)
        while position < stat.count, numbers.count < 19 {
            switch stat[position] {
            case UInt8(ascii: " "):
                numbers.append(isNegative ? -value : value)
                (value, isNegative) = (0, false)
            case UInt8(ascii: "-"): isNegative = true
            case let digit: value = value &* 10 &+ Int64(digit) &- 48
            }
            position += 1
        }
        return numbers
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
