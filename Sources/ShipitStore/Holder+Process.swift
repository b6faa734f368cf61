import Foundation
public import ShipitCore
public import ShipitEngine

extension Holder {
    /// This process.
    public static func current() throws(StoreError) -> Holder {
        let pid = Int(getpid())
        guard case .running(let startTime) = ProcessLife.of(pid) else {
            throw .unusable(
                path: "/proc/\(pid)/stat", reason: "shipit cannot tell when it was started itself: is /proc mounted?")
        }
        guard let bootID = ProcessLife.bootID() else {
            throw .unusable(
                path: ProcessLife.bootIDPath, reason: "shipit cannot tell which boot this is: is /proc mounted?")
        }
        let user = getpwuid(geteuid()).map { String(cString: $0.pointee.pw_name) } ?? String(geteuid())
        return Holder(host: ProcessLife.hostName(), pid: pid, startTime: startTime, bootID: bootID, user: user)
    }

    /// The same process, whoever it runs as by now.
    func isSameProcess(as other: Holder) -> Bool {
        host == other.host && bootID == other.bootID && pid == other.pid && startTime == other.startTime
    }

    /// Proven only: of this host, and of another boot, or gone, or its number belongs to another process now. Of another
    /// host nothing is ever proven.
    var isProvenDead: Bool {
        guard host == ProcessLife.hostName(), let bootID = ProcessLife.bootID() else { return false }
        if self.bootID != bootID { return true }
        return switch ProcessLife.of(pid) {
        case .running(let startTime): startTime != self.startTime
        case .gone: true
        case .unknown: false
        }
    }
}

/// What `/proc` tells of a process.
enum ProcessLife: Equatable {
    /// With its start time, in clock ticks since boot.
    case running(startTime: Int64)
    case gone
    case unknown

    static let bootIDPath = "/proc/sys/kernel/random/boot_id"

    static func of(_ pid: Int) -> ProcessLife {
        guard let stat = contents(of: "/proc/\(pid)/stat") else {
            // A hidden process (`hidepid`) has no file here, but still takes signals.
            guard let number = pid_t(exactly: pid), number > 0 else { return .gone }
            return kill(number, 0) != 0 && errno == ESRCH ? .gone : .unknown
        }
        // The command's name, in parentheses, may hold anything; what follows the last one is numbered from field 3.
        guard let end = stat.lastIndex(of: ")") else { return .unknown }
        let fields = stat[stat.index(after: end)...].split(separator: " ")
        guard fields.count > 19, let startTime = Int64(fields[19]) else { return .unknown }
        // A zombie has ended; only its parent has not asked yet.
        return fields[0] == "Z" || fields[0] == "X" ? .gone : .running(startTime: startTime)
    }

    static func bootID() -> String? {
        contents(of: bootIDPath)?.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    static func hostName() -> String {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return "localhost" }
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Files of `/proc` say that they are empty, so they are read to their end.
    private static func contents(of path: String) -> String? {
        let descriptor = Descriptor(number: open(path, O_RDONLY | O_CLOEXEC))
        guard descriptor.number >= 0 else { return nil }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = read(descriptor.number, &bytes, bytes.count)
        return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
    }
}
