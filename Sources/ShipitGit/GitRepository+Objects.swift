import CLibGit2
public import ShipitCore

/// A commit as `plan` lists it.
public struct CommitInfo: Hashable, Sendable {
    public var id: String
    public var subject: String
    public var author: String
    public var at: Instant
}

extension GitRepository {
    /// The commits that `to` has and `from` lacks, newest first; with `from` unknown, the newest of `to`.
    public func commits(from: String?, to: String, limit: Int) throws(GitError) -> [CommitInfo] {
        try with { repository throws(GitError) in
            var walk: OpaquePointer?
            try LibGit2.check(git_revwalk_new(&walk, repository), "the history cannot be read")
            defer { git_revwalk_free(walk) }
            git_revwalk_sorting(walk, GIT_SORT_TOPOLOGICAL.rawValue | GIT_SORT_TIME.rawValue)
            guard var end = git_oid(hex: to) else { return [] }
            try LibGit2.check(git_revwalk_push(walk, &end), "the history of \(to) cannot be read")
            // The live release's commit may be gone from the repository; then the list is only longer.
            if let from, var start = git_oid(hex: from) { git_revwalk_hide(walk, &start) }
            var commits: [CommitInfo] = []
            var id = git_oid()
            while commits.count < limit, git_revwalk_next(&id, walk) == 0 {
                commits.append(try Self.commit(&id, in: repository))
            }
            return commits
        }
    }

    private static func commit(_ id: inout git_oid, in repository: OpaquePointer) throws(GitError) -> CommitInfo {
        var commit: OpaquePointer?
        try LibGit2.check(git_commit_lookup(&commit, repository, &id), "a commit cannot be read")
        defer { git_commit_free(commit) }
        let author = git_commit_author(commit)?.pointee.name
        return CommitInfo(
            id: id.hex, subject: git_commit_summary(commit).map { String(cString: $0) } ?? "",
            author: author.map { String(cString: $0) } ?? "",
            at: Instant(milliseconds: git_commit_time(commit) * 1000))
    }

    /// The caller frees it.
    static func tree(of release: Release, in repository: OpaquePointer) throws(GitError) -> OpaquePointer {
        guard var id = git_oid(hex: release.commit) else {
            throw .failed("the commit cannot be read", reason: "\(release.commit) is no commit id")
        }
        var commit: OpaquePointer?
        try LibGit2.check(
            git_commit_lookup(&commit, repository, &id), "commit \(release.commit) of \"\(release.tag)\" cannot be read"
        )
        defer { git_commit_free(commit) }
        var tree: OpaquePointer?
        try LibGit2.check(git_commit_tree(&tree, commit), "the tree of \"\(release.tag)\" cannot be read")
        guard let tree else { throw .failed("the tree of \"\(release.tag)\" cannot be read", reason: "there is none") }
        return tree
    }

    static func blob(_ id: inout git_oid, in repository: OpaquePointer) throws(GitError) -> [UInt8] {
        var blob: OpaquePointer?
        try LibGit2.check(git_blob_lookup(&blob, repository, &id), "a file of the release cannot be read")
        defer { git_blob_free(blob) }
        guard let content = git_blob_rawcontent(blob) else { return [] }
        return Array(UnsafeRawBufferPointer(start: content, count: Int(git_blob_rawsize(blob))))
    }
}
