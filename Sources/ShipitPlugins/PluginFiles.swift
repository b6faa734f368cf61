import Crypto
import Foundation
import ShipitCore

/// Why a file of a plugin is not used.
struct PluginFileError: Error, Hashable {
    var reason: String
}

/// Files of a plugin: never out of its folder, through no symbolic link, and none that others than its owner may write.
enum PluginFiles {
    private static let manifestLimit = 1 << 20

    /// That nobody but its owner may put something else there.
    static func check(folder: String) throws(PluginFileError) {
        try check(folder, kind: S_IFDIR, "a folder")
    }

    /// - Parameter path: relative to the plugin's folder.
    static func check(_ path: String, in folder: String) throws(PluginFileError) {
        try check(folder: folder)
        var place = folder
        let parts = path.split(separator: "/").filter { $0 != "." }
        guard !parts.isEmpty, !parts.contains("..") else {
            throw PluginFileError(reason: "\(path) leads out of the folder of the plugin")
        }
        for part in parts.dropLast() {
            place += "/" + part
            try check(folder: place)
        }
        try check(place + "/" + parts[parts.count - 1], kind: S_IFREG, "a file")
    }

    static func checkProgram(of plugin: Plugin) throws(PluginFileError) {
        guard let program = plugin.words.first, access(program, X_OK) == 0 else {
            let name = plugin.words.first ?? plugin.folder
            throw PluginFileError(reason: "\(name) cannot be executed: chmod +x it")
        }
    }

    /// That every pinned file is what its pin says, and that nobody else may change what will run.
    static func check(_ plugin: Plugin) throws(PluginFileError) {
        try check("plugin.yaml", in: plugin.folder)
        for path in plugin.files { try check(path, in: plugin.folder) }
        try checkProgram(of: plugin)
        for (path, pin) in plugin.manifest.pins.sorted(by: { $0.key < $1.key }) {
            let found = try digest(path, in: plugin.folder)
            guard found == pin else {
                throw PluginFileError(
                    reason:
                        "\(Plugin.join(plugin.folder, path)) is not what plugin.yaml pins: its SHA-256 is \(found), not \(pin)"
                )
            }
        }
    }

    /// Of the manifest and all files that running it relies on.
    static func digest(of plugin: Plugin) throws(PluginFileError) -> String {
        var hash = SHA256()
        for path in ["plugin.yaml"] + plugin.files {
            hash.update(data: Data("\(path)\0\(try digest(path, in: plugin.folder))\n".utf8))
        }
        return hexadecimal(hash.finalize())
    }

    static func read(_ path: String, in folder: String) throws(PluginFileError) -> [UInt8] {
        try check(path, in: folder)
        var bytes: [UInt8] = []
        try pieces(of: Plugin.join(folder, path)) { (piece) throws(PluginFileError) in
            bytes += piece
            guard bytes.count <= manifestLimit else { throw PluginFileError(reason: "\(path) is larger than 1 MiB") }
        }
        return bytes
    }

    private static func digest(_ path: String, in folder: String) throws(PluginFileError) -> String {
        try check(path, in: folder)
        var hash = SHA256()
        try pieces(of: Plugin.join(folder, path)) { hash.update(data: $0) }
        return hexadecimal(hash.finalize())
    }

    private static func pieces(
        of path: String, _ body: (ArraySlice<UInt8>) throws(PluginFileError) -> Void
    ) throws(PluginFileError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { throw failure(path) }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 256 << 10)
        while true {
            let count = Foundation.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure(path) }
            if count == 0 { return }
            try body(buffer[..<count])
        }
    }

    private static func check(_ path: String, kind: mode_t, _ noun: String) throws(PluginFileError) {
        var status = stat()
        guard lstat(path, &status) == 0 else { throw failure(path) }
        guard status.st_mode & S_IFMT == kind else {
            let isLink = status.st_mode & S_IFMT == S_IFLNK
            throw PluginFileError(reason: isLink ? "\(path) is a symbolic link" : "\(path) is not \(noun)")
        }
        guard status.st_mode & 0o022 == 0 else {
            throw PluginFileError(reason: "others than its owner may write \(path): chmod go-w it")
        }
    }

    private static func failure(_ path: String) -> PluginFileError {
        PluginFileError(reason: "\(path): \(String(cString: strerror(errno)))")
    }

    private static func hexadecimal(_ digest: SHA256Digest) -> String {
        digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

extension Plugin {
    /// Why it must not be started as it lies there now: what others may write, or what is not as it is pinned. `nil` when it
    /// may be.
    public var trouble: String? {
        do throws(PluginFileError) { try PluginFiles.check(self) } catch { return error.reason }
        return nil
    }

    /// SHA-256 of its manifest and of what it runs; `nil` where they cannot be read.
    public var digest: String? { try? PluginFiles.digest(of: self) }

    /// The same as a plan has it.
    public var signedDigest: String { digest.map { "sha256:\($0)" } ?? "unreadable" }

    /// What is otherwise than it was planned, in words.
    public func change(from digest: String) -> String {
        "its digest is \(signedDigest), and was \(digest) when the run was planned"
    }
}
