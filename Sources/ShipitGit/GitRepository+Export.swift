import CLibGit2
import Foundation
public import ShipitCore

extension GitRepository {
    /// Writes the release's tree to `folder`, read-only, as a whole or not at all: it appears under its name when it is
    /// complete. One that is there already stays, unless a power cut took some of its files. Submodules become empty folders.
    public func export(_ release: Release, to folder: String) throws(GitError) {
        let files = FileManager.default
        if files.fileExists(atPath: folder) {
            if try isWhole(folder, of: release) { return }
            do { try Self.remove(folder) } catch {
                throw .exporting(
                    path: folder, reason: "it is damaged and cannot be removed: \(error.localizedDescription)")
            }
        }
        let partial = "\(folder).partial-\(getpid())"
        do {
            try Self.remove(partial)
            try files.createDirectory(
                atPath: (folder as NSString).deletingLastPathComponent, withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
        } catch {
            throw .exporting(path: folder, reason: error.localizedDescription)
        }
        try with { repository throws(GitError) in
            let tree = try Self.tree(of: release, in: repository)
            defer { git_tree_free(tree) }
            try TreeWriter(repository: repository).write(tree, to: partial)
        }
        guard rename(partial, folder) == 0 else {
            let code = errno
            // Another engine was quicker with the same tree.
            if files.fileExists(atPath: folder) {
                do { try Self.remove(partial) } catch {
                    throw .exporting(path: partial, reason: error.localizedDescription)
                }
                return
            }
            throw .exporting(path: folder, reason: String(cString: strerror(code)))
        }
    }

    private func isWhole(_ folder: String, of release: Release) throws(GitError) -> Bool {
        try with { repository throws(GitError) in
            let tree = try Self.tree(of: release, in: repository)
            defer { git_tree_free(tree) }
            return try TreeCheck(repository: repository).isWhole(tree, at: folder)
        }
    }

    /// Removes a folder whose folders are read-only.
    private static func remove(_ path: String) throws {
        let files = FileManager.default
        guard files.fileExists(atPath: path) else { return }
        for case let name as String in files.enumerator(atPath: path) ?? .init() {
            let whole = "\(path)/\(name)"
            let type = try files.attributesOfItem(atPath: whole)[.type] as? FileAttributeType
            if type == .typeDirectory { try files.setAttributes([.posixPermissions: 0o700], ofItemAtPath: whole) }
        }
        try files.setAttributes([.posixPermissions: 0o700], ofItemAtPath: path)
        try files.removeItem(atPath: path)
    }
}

/// Writes a tree's files beneath a folder that is new, so that nothing in it can lead out of it.
private struct TreeWriter {
    let repository: OpaquePointer

    func write(_ tree: OpaquePointer, to folder: String) throws(GitError) {
        guard mkdir(folder, 0o700) == 0 else { throw failure(folder) }
        // Symlinks come last: no file is ever written through one.
        var links: [(path: String, id: git_oid)] = []
        for place in 0..<git_tree_entrycount(tree) {
            guard let entry = git_tree_entry_byindex(tree, place), let name = git_tree_entry_name(entry),
                var id = git_tree_entry_id(entry)?.pointee
            else { continue }
            let path = folder + "/" + String(cString: name)
            guard Self.isSafe(String(cString: name)) else {
                throw .exporting(path: path, reason: "the tree has an entry with an unsafe name")
            }
            switch git_tree_entry_filemode(entry) {
            case GIT_FILEMODE_TREE: try writeTree(&id, to: path)
            case GIT_FILEMODE_LINK: links.append((path, id))
            case GIT_FILEMODE_COMMIT: guard mkdir(path, 0o555) == 0 else { throw failure(path) }
            case GIT_FILEMODE_BLOB_EXECUTABLE: try writeFile(&id, to: path, mode: 0o555)
            default: try writeFile(&id, to: path, mode: 0o444)
            }
        }
        for var link in links {
            let target = String(decoding: try GitRepository.blob(&link.id, in: repository), as: UTF8.self)
            guard symlink(target, link.path) == 0 else { throw failure(link.path) }
        }
        guard chmod(folder, 0o555) == 0 else { throw failure(folder) }
    }

    /// A `.git` would be believed by every git that is called inside the tree, its configured commands included.
    private static func isSafe(_ name: String) -> Bool {
        !name.isEmpty && name != "." && name != ".." && !name.contains("/") && name.lowercased() != ".git"
    }

    private func writeTree(_ id: inout git_oid, to path: String) throws(GitError) {
        var tree: OpaquePointer?
        try LibGit2.check(git_tree_lookup(&tree, repository, &id), "a folder of the release cannot be read")
        guard let tree else { return }
        defer { git_tree_free(tree) }
        try write(tree, to: path)
    }

    private func writeFile(_ id: inout git_oid, to path: String, mode: mode_t) throws(GitError) {
        let bytes = try GitRepository.blob(&id, in: repository)
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw failure(path) }
        defer { close(file) }
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { Glibc.write(file, $0.baseAddress! + written, bytes.count - written) }
            guard count > 0 else { throw failure(path) }
            written += count
        }
        guard fchmod(file, mode) == 0 else { throw failure(path) }
    }

    private func failure(_ path: String) -> GitError {
        .exporting(path: path, reason: String(cString: strerror(errno)))
    }
}
