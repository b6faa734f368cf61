import CSupervisor
import Glibc
import SupervisorProtocol

/// A control group (cgroup v2) of a command's own. What the command starts is in it, however often that forks, whatever
/// session it makes and whatever environment it has; and the kernel kills all of it at once, so that no fork gets away.
final class ControlGroup {
    let path: String
    let descriptor: Int32
    private let events: Int32
    /// It has been killed, so that another command had better have another one.
    private(set) var isUsedUp = false

    /// `nil` if it cannot be made here.
    init?(making path: String) {
        let made = csup_make_group(path)
        guard made >= 0 else { return nil }
        self.path = path
        descriptor = made
        events = openat(made, "cgroup.events", O_RDONLY | O_CLOEXEC)
    }

    /// One that another supervisor made; `nil` if it is there no more.
    init?(madeEarlier path: String) {
        descriptor = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        self.path = path
        events = openat(descriptor, "cgroup.events", O_RDONLY | O_CLOEXEC)
    }

    deinit {
        close(descriptor)
        if events >= 0 { close(events) }
    }

    /// The last part of its path, by which `/proc/PID/cgroup` names it.
    var name: Substring { path[(path.lastIndex(of: "/").map(path.index(after:)) ?? path.startIndex)...] }

    /// Whether nothing lives in it or in groups below it.
    var isEmpty: Bool {
        withUnsafeTemporaryAllocation(byteCount: 256, alignment: 1) { buffer in
            let count = pread(events, buffer.baseAddress!, buffer.count, 0)
            // A group that is gone holds nothing; whatever else fails, its processes are asked for.
            guard count > 0 else { return count < 0 && errno == ENODEV }
            return String(decoding: UnsafeRawBufferPointer(rebasing: buffer[..<count]), as: UTF8.self)
                .split(separator: "\n").contains("populated 0")
        }
    }

    /// What lives in it, and in the groups that the command may have made below it.
    var processes: [ProcessRecord] {
        if isEmpty { return [] }
        return Self.members(of: path).compactMap(ProcessRecord.init(pid:)).filter(\.isAlive)
    }

    func kill() {
        isUsedUp = true
        let file = openat(descriptor, "cgroup.kill", O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        // Should it fail, there is still the sweep over the processes themselves.
        _ = Glibc.write(file, "1", 1)
        close(file)
    }

    /// Puts what lives in it where it would have been without it: into the group of this supervisor.
    func letGo() {
        let parent = open(String(path.dropLast(name.count)) + "cgroup.procs", O_WRONLY | O_CLOEXEC)
        guard parent >= 0 else { return }
        defer { close(parent) }
        // A process that forks meanwhile has its child in the old group: around again.
        for _ in 0..<100 where !isEmpty {
            for pid in Self.members(of: path) {
                let text = String(pid)
                _ = Glibc.write(parent, text, text.utf8.count)
            }
        }
    }

    /// Removes it if nothing lives in it.
    func remove() {
        guard rmdir(path) != 0, errno == EBUSY, isEmpty else { return }
        for child in Self.children(of: path) { Self.removeAll(child) }
        rmdir(path)
    }

    private static func removeAll(_ path: String) {
        for child in children(of: path) { removeAll(child) }
        rmdir(path)
    }

    private static func members(of path: String) -> [Int32] {
        let own = (contents(of: path + "/cgroup.procs") ?? []).split(separator: UInt8(ascii: "\n"))
            .compactMap { Int32(String(decoding: $0, as: UTF8.self)) }
        return children(of: path).reduce(own) { $0 + members(of: $1) }
    }

    private static func children(of path: String) -> [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var children: [String] = []
        while let entry = readdir(folder) {
            guard entry.pointee.d_type == UInt8(DT_DIR) else { continue }
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { children.append("\(path)/\(name)") }
        }
        return children
    }
}

/// The groups of this supervisor, made when they are needed and used again: for the kernel, removing one is the dear part.
///
/// **Without them everything works, too**: where no hierarchy is mounted or this user may make no groups in it, trees are
/// found by parentage, session and tag alone.
struct ControlGroups {
    /// Set to `none`, it does without: for kernels whose groups misbehave, and for tests.
    static let switchName = "SHIPIT_CGROUPS"

    private var isTried = false
    /// Where groups are made, and how their names begin; `nil` where none can be made.
    private var prefix: String?
    private var count = 0
    private var free: [ControlGroup] = []

    /// One with nothing in it.
    mutating func take() -> ControlGroup? {
        if let group = free.popLast() { return group }
        if !isTried {
            isTried = true
            prefix = Self.findPrefix()
        }
        guard let prefix else { return nil }
        count += 1
        guard let group = ControlGroup(making: "\(prefix)\(count)") else {
            self.prefix = nil
            return nil
        }
        return group
    }

    /// Processes cannot be started in there after all.
    mutating func giveUp(_ group: ControlGroup) {
        prefix = nil
        group.remove()
        removeAll()
    }

    mutating func giveBack(_ group: ControlGroup) {
        if group.isUsedUp || !group.isEmpty { group.remove() } else { free.append(group) }
    }

    mutating func removeAll() {
        for group in free { group.remove() }
        free = []
    }

    private static func findPrefix() -> String? {
        if let value = getenv(switchName), String(cString: value) == "none" { return nil }
        guard let mounts = contents(of: "/proc/self/mountinfo"), let membership = contents(of: "/proc/self/cgroup"),
            let folder = ControlGroupPlace.folder(mounts: mounts, membership: membership),
            access(folder, W_OK) == 0, let own = ProcessRecord(pid: getpid())
        else { return nil }
        return "\(folder)/shipit-\(own.pid)-\(own.identity.startTime)-"
    }
}
