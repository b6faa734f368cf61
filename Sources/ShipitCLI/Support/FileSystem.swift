import Foundation

/// The file system under a folder.
struct FileSystem {
    /// As the kernel names it: `ext4`, `nfs4`.
    let name: String
    let freeBytes: Int

    private static let network: Set<String> = [
        "nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "fuse.sshfs", "fuse.glusterfs", "lustre", "gpfs",
    ]

    var isNetwork: Bool { Self.network.contains(name) }

    /// `nil` where the machine doesn't tell.
    init?(of folder: String) {
        var status = statvfs()
        guard statvfs(folder, &status) == 0 else { return nil }
        freeBytes = Int(status.f_bavail) * Int(status.f_frsize)
        let real = URL(fileURLWithPath: folder).resolvingSymlinksInPath().path
        guard let table = FileManager.default.contents(atPath: "/proc/self/mounts"),
            let name = Self.name(of: real, in: String(decoding: table, as: UTF8.self))
        else { return nil }
        self.name = name
    }

    /// That of the deepest mount point above the folder; of several on one point the last, which covers the others.
    static func name(of folder: String, in mounts: String) -> String? {
        var best: (depth: Int, name: String)?
        for line in mounts.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count > 2 else { continue }
            let point = fields[1].replacing("\\040", with: " ")
            let prefix = point == "/" ? "/" : point + "/"
            guard folder == point || folder.hasPrefix(prefix), prefix.utf8.count >= best?.depth ?? 0 else { continue }
            best = (prefix.utf8.count, String(fields[2]))
        }
        return best?.name
    }
}
