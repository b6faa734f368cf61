import CLibGit2
import Foundation

/// Whether an exported tree has all its files in their full length. They are not synced one by one when they are written, which
/// would take seconds for a large tree; what a power cut takes is the end of files, and that can be seen.
struct TreeCheck {
    let repository: OpaquePointer

    func isWhole(_ tree: OpaquePointer, at folder: String) throws(GitError) -> Bool {
        for place in 0..<git_tree_entrycount(tree) {
            guard let entry = git_tree_entry_byindex(tree, place), let name = git_tree_entry_name(entry),
                var id = git_tree_entry_id(entry)?.pointee
            else { return false }
            let path = folder + "/" + String(cString: name)
            var status = stat()
            guard lstat(path, &status) == 0 else { return false }
            let kind = status.st_mode & S_IFMT
            switch git_tree_entry_filemode(entry) {
            case GIT_FILEMODE_TREE: guard kind == S_IFDIR, try isWholeFolder(&id, at: path) else { return false }
            case GIT_FILEMODE_COMMIT: guard kind == S_IFDIR else { return false }
            case GIT_FILEMODE_LINK: guard kind == S_IFLNK else { return false }
            default:
                let size = try size(of: &id)
                guard kind == S_IFREG, Int(status.st_size) == size else { return false }
            }
        }
        return true
    }

    private func isWholeFolder(_ id: inout git_oid, at path: String) throws(GitError) -> Bool {
        var tree: OpaquePointer?
        try LibGit2.check(git_tree_lookup(&tree, repository, &id), "a folder of the release cannot be read")
        guard let tree else { return false }
        defer { git_tree_free(tree) }
        return try isWhole(tree, at: path)
    }

    /// By the object's header; its content is not read.
    private func size(of id: inout git_oid) throws(GitError) -> Int {
        var database: OpaquePointer?
        try LibGit2.check(git_repository_odb(&database, repository), "the repository's objects cannot be read")
        defer { git_odb_free(database) }
        var (size, type) = (0, GIT_OBJECT_ANY)
        try LibGit2.check(git_odb_read_header(&size, &type, database, &id), "a file of the release cannot be read")
        return size
    }
}
