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
    var isProvenDead: Bool { life == .dead }

    /// By the process table of this machine alone.
    var life: HolderLife {
        guard host == ProcessLife.hostName(), let bootID = ProcessLife.bootID() else { return .unknown }
        if self.bootID != bootID { return .dead }
        return switch ProcessLife.of(pid) {
        case .running(let startTime) where startTime != self.startTime: .dead
        case .running: ProcessLife.isStopped(pid) ? .stopped : .alive
        case .gone: .dead
        case .unknown: .unknown
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
        guard let fields = fields(of: pid) else {
            // A hidden process (`hidepid`) has no file here, but still takes signals.
            guard let number = pid_t(exactly: pid), number > 0 else { return .gone }
            return kill(number, 0) != 0 && errno == ESRCH ? .gone : .unknown
        }
        guard fields.count > 19, let startTime = Int64(fields[19]) else { return .unknown }
        // A zombie has ended; only its parent has not asked yet.
        return fields[0] == "Z" || fields[0] == "X" ? .gone : .running(startTime: startTime)
    }

    /// By a signal (`T`) or by whoever traces it (`t`).
    static func isStopped(_ pid: Int) -> Bool { ["T", "t"].contains(fields(of: pid)?.first) }

    /// Of `/proc/PID/stat`, from the third on. The command's name before them, in parentheses, may hold anything.
    private static func fields(of pid: Int) -> [String]? {
        guard let stat = contents(of: "/proc/\(pid)/stat") else { return nil }
        guard let end = stat.lastIndex(of: ")") else { return [] }
        return stat[stat.index(after: end)...].split(separator: " ").map(String.init)
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
