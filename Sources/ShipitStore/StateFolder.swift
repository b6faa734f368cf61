import Foundation
import ShipitEngine

/// The folder that holds the journal: it belongs to one user (0700) or to a group (2770), and to nobody else.
struct StateFolder {
    /// Absolute, so that a later change of the working directory cannot lead elsewhere.
    let path: String
    let isGroups: Bool

    var databasePath: String { path + "/journal.db" }
    /// Modes are set explicitly: the caller's umask may be anything.
    var fileMode: mode_t { isGroups ? 0o660 : 0o600 }
    private var folderMode: mode_t { isGroups ? 0o2770 : 0o700 }

    /// Opens the folder for writing, with all that belongs in it; makes it where it is missing.
    static func prepare(at given: String) throws(StoreError) -> (folder: StateFolder, descriptor: Descriptor) {
        let path = absolute(given)
        let isNew = mkdir(path, 0o700) == 0
        guard isNew || errno == EEXIST else {
            let missingParent = errno == ENOENT ? "; the folder that should hold it does not exist" : ""
            throw .unusable(path: path, reason: "cannot be created: \(reason(errno))\(missingParent)")
        }
        guard let (folder, descriptor) = try open(path, toWrite: true) else {
            throw .unusable(path: path, reason: "it was removed while shipit was opening it")
        }
        // The umask may have taken bits of the owner's own.
        if isNew, fchmod(descriptor.number, folder.folderMode) != 0 {
            throw .unusable(path: path, reason: "its mode cannot be set: \(reason(errno))")
        }
        try folder.makeFile(".gitignore", holding: "*\n", in: descriptor)
        try folder.makeFolder("locks", in: descriptor)
        try folder.makeFile("journal.db", holding: "", in: descriptor)
        if isNew { try sync(parentOf: path) }
        return (folder, descriptor)
    }

    /// Opens the folder for reading only; `nil` where there is none yet.
    static func existing(at given: String) throws(StoreError) -> StateFolder? {
        guard let (folder, descriptor) = try open(absolute(given), toWrite: false) else { return nil }
        guard try folder.check("journal.db", in: descriptor) else {
            if folder.holdsRuns { throw .unusable(path: folder.databasePath, reason: SQLiteStore.emptied) }
            return nil
        }
        return folder
    }

    /// The file whose lock stands for the environment's. Names are made of letters, digits, `.`, `_` and `-`; should another
    /// byte ever come here it is escaped, never a path of its own.
    func lockFile(of environment: String) -> String {
        let plain = environment.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                String(UnicodeScalar(byte))
            default: "%" + String(byte, radix: 16, uppercase: true)
            }
        }
        return "\(path)/locks/\(plain.joined()).lock"
    }

    /// The database of what came of checks, made where it is missing.
    func makeCheckBook(in descriptor: Descriptor) throws(StoreError) -> String {
        try makeFile("checks.db", holding: "", in: descriptor)
        return path + "/checks.db"
    }

    /// Whether there are folders of runs. One that cannot be read tells nothing.
    var holdsRuns: Bool {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: path + "/runs") else { return false }
        return !names.isEmpty
    }

    /// Makes the folder's list of files durable. SQLite does so too, but passes over an error.
    func sync(_ descriptor: Descriptor) throws(StoreError) {
        guard fsync(descriptor.number) == 0 else {
            throw .failed("make \(path) durable", cause: Self.reason(errno))
        }
    }

    // MARK: - Opening and judging

    private static func open(_ path: String, toWrite: Bool) throws(StoreError) -> (StateFolder, Descriptor)? {
        let number = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard number >= 0 else {
            switch errno {
            case ENOENT: return nil
            case ELOOP, ENOTDIR:
                throw .unusable(
                    path: path, reason: "it is not a folder (symbolic links are not followed: name its target)")
            default: throw .unusable(path: path, reason: "cannot be opened: \(reason(errno))")
            }
        }
        let descriptor = Descriptor(number: number)
        var status = stat()
        guard fstat(number, &status) == 0 else {
            throw .unusable(path: path, reason: "cannot be examined: \(reason(errno))")
        }
        let folder = StateFolder(path: path, isGroups: status.st_mode & 0o2770 == 0o2770)
        try folder.judge(status, toWrite: toWrite)
        if toWrite { try folder.refuseNetworkFiles(status.st_dev) }
        return (folder, descriptor)
    }

    private func judge(_ status: stat, toWrite: Bool) throws(StoreError) {
        let allowed: mode_t = isGroups ? 0o770 : 0o700
        guard status.st_mode & 0o777 & ~allowed == 0 else {
            throw .unsafe(
                path: path,
                reason:
                    "its mode \(Self.octal(status.st_mode)) opens it to others: chmod 700 (or 2770 for a group) \(path)"
            )
        }
        let me = geteuid()
        // The superuser may look at anybody's runs, but would leave files behind that their owner cannot use.
        guard status.st_uid == me || isGroups || (me == 0 && !toWrite) else {
            throw .unsafe(path: path, reason: "it belongs to \(userName(status.st_uid)), not to \(userName(me))")
        }
    }

    /// A write-ahead log needs memory shared between all its writers, which these file systems don't give.
    private func refuseNetworkFiles(_ device: dev_t) throws(StoreError) {
        guard let kind = Self.fileSystem(of: device) else { return }
        let remote = ["nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "fuse.sshfs", "vboxsf"]
        if remote.contains(kind) {
            throw .unusable(
                path: path, reason: "it lies on \(kind), where a journal is not safe: give a local folder with --state")
        }
    }

    /// The kind of file system on a device, by the list of mounts; `nil` where the list doesn't tell.
    private static func fileSystem(of device: dev_t) -> String? {
        let number = UInt64(device)
        let major = (number >> 8) & 0xFFF | (number >> 32) & ~0xFFF
        let minor = number & 0xFF | (number >> 12) & ~0xFF
        guard let mounts = FileManager.default.contents(atPath: "/proc/self/mountinfo") else { return nil }
        for line in String(decoding: mounts, as: UTF8.self).split(separator: "\n") {
            // "36 35 98:0 /root /mount options … - ext4 source options"
            let fields = line.split(separator: " ")
            guard fields.count > 2, fields[2] == "\(major):\(minor)", let dash = fields.firstIndex(of: "-") else {
                continue
            }
            return fields.dropFirst(dash + 1).first.map(String.init)
        }
        return nil
    }

    // MARK: - What lies in it

    private func makeFolder(_ name: String, in descriptor: Descriptor) throws(StoreError) {
        let isNew = mkdirat(descriptor.number, name, 0o700) == 0
        guard isNew || errno == EEXIST else {
            throw .unusable(path: "\(path)/\(name)", reason: "cannot be created: \(Self.reason(errno))")
        }
        let number = openat(descriptor.number, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard number >= 0 else {
            throw .unusable(path: "\(path)/\(name)", reason: "cannot be opened as a folder: \(Self.reason(errno))")
        }
        let folder = Descriptor(number: number)
        if isNew, fchmod(folder.number, folderMode) != 0 {
            throw .unusable(path: "\(path)/\(name)", reason: "its mode cannot be set: \(Self.reason(errno))")
        }
    }

    private func makeFile(_ name: String, holding text: String, in descriptor: Descriptor) throws(StoreError) {
        let number = openat(descriptor.number, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, fileMode)
        guard number >= 0 else {
            if errno == EEXIST, try check(name, in: descriptor) { return }
            throw .unusable(path: "\(path)/\(name)", reason: "cannot be created: \(Self.reason(errno))")
        }
        let file = Descriptor(number: number)
        var bytes = Array(text.utf8)
        guard fchmod(file.number, fileMode) == 0, write(file.number, &bytes, bytes.count) == bytes.count,
            fsync(file.number) == 0
        else {
            throw .unusable(path: "\(path)/\(name)", reason: "cannot be written: \(Self.reason(errno))")
        }
    }

    /// Whether the file is there; refused where it is not a plain file of ours.
    private func check(_ name: String, in descriptor: Descriptor) throws(StoreError) -> Bool {
        var status = stat()
        guard fstatat(descriptor.number, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
            if errno == ENOENT { return false }
            throw .unusable(path: "\(path)/\(name)", reason: "cannot be examined: \(Self.reason(errno))")
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw .unsafe(path: "\(path)/\(name)", reason: "it is not a plain file (symbolic links are not followed)")
        }
        // What git is told to ignore is no secret.
        guard status.st_mode & 0o777 & ~fileMode == 0 || name == ".gitignore" else {
            throw .unsafe(
                path: "\(path)/\(name)",
                reason:
                    "its mode \(Self.octal(status.st_mode)) opens it to others: chmod \(Self.octal(fileMode)) \(path)/\(name)"
            )
        }
        return true
    }

    private static func sync(parentOf path: String) throws(StoreError) {
        let parent = (path as NSString).deletingLastPathComponent
        let descriptor = Descriptor(number: Glibc.open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC))
        guard descriptor.number >= 0, fsync(descriptor.number) == 0 else {
            throw .failed("make \(path) durable in \(parent)", cause: reason(errno))
        }
    }

    private static func absolute(_ path: String) -> String {
        URL(fileURLWithPath: path).standardized.path
    }

    static func reason(_ code: Int32) -> String { String(cString: strerror(code)) }

    private static func octal(_ mode: mode_t) -> String { String(mode & 0o7777, radix: 8) }

    private func userName(_ id: uid_t) -> String {
        guard let entry = getpwuid(id) else { return "user \(id)" }
        return String(cString: entry.pointee.pw_name)
    }
}

/// An open file, closed with its owner.
final class Descriptor {
    let number: Int32

    init(number: Int32) { self.number = number }

    deinit { if number >= 0 { close(number) } }
}
