import CLibGit2
public import ShipitCore

/// A tag as lists show it.
public struct TagInfo: Hashable, Sendable {
    public var name: String
    public var commit: String
    public var annotated: Bool
    /// When it was made (annotated) or committed.
    public var at: Instant
    /// The first line of the tag's or the commit's message.
    public var subject: String
}

extension GitRepository {
    /// The release that a tag names: looked up as `refs/tags/NAME` exactly, so that no name means anything else, and peeled
    /// to its commit.
    public func release(tag: String) throws(GitError) -> Release {
        try with { repository throws(GitError) in
            guard let found = try Self.lookUp(tag, in: repository) else {
                throw .noSuchTag(
                    tag, near: try Self.near(tag, in: repository), shallow: git_repository_is_shallow(repository) == 1)
            }
            return found
        }
    }

    /// All tags that match, by version, the newest first; tags that are no versions come last, by name.
    public func tags(matching glob: String) throws(GitError) -> [TagInfo] {
        try with { repository throws(GitError) in
            var tags: [TagInfo] = []
            for name in try Self.names(in: repository) where Glob(glob).matches(name) {
                // A tag on a file or a folder is no release.
                if let info = try Self.info(name, in: repository) { tags.append(info) }
            }
            return tags.sorted { Version.isNewer($0.name, than: $1.name) }
        }
    }

    /// The highest version without a prerelease among the tags that match, the second pattern, too, where there is one.
    public func latest(matching glob: String, and other: String? = nil) throws(GitError) -> String {
        try with { repository throws(GitError) in
            let globs = [Glob(glob)] + (other.map { [Glob($0)] } ?? [])
            let versions = try Self.names(in: repository).filter { name in globs.allSatisfy { $0.matches(name) } }
                .compactMap { name in Version(tag: name).map { (name, $0) } }
                .filter { $0.1.prerelease.isEmpty }
            guard let newest = versions.max(by: { $0.1 < $1.1 }) else { throw .noVersion(tags: other ?? glob) }
            return newest.0
        }
    }

    static func names(in repository: OpaquePointer) throws(GitError) -> [String] {
        var list = git_strarray()
        try LibGit2.check(git_tag_list(&list, repository), "the tags cannot be listed")
        defer { git_strarray_dispose(&list) }
        return (0..<list.count).compactMap { list.strings[$0].map { String(cString: $0) } }
    }

    private static func near(_ tag: String, in repository: OpaquePointer) throws(GitError) -> [String] {
        try names(in: repository).map { (name: $0, distance: editDistance($0, tag)) }
            .filter { $0.distance <= max(2, tag.count / 3) }
            .sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }
            .prefix(3).map(\.name)
    }

    private static func lookUp(_ tag: String, in repository: OpaquePointer) throws(GitError) -> Release? {
        guard let (object, commit) = try peel(tag, in: repository) else { return nil }
        let version = tag.hasPrefix("v") && tag.dropFirst().first?.isNumber == true ? String(tag.dropFirst()) : tag
        return Release(tag: tag, version: version, commit: commit.hex, tagObject: object.hex)
    }

    /// The id of what the tag names, and that of the commit behind it.
    private static func peel(_ tag: String, in repository: OpaquePointer) throws(GitError) -> (git_oid, git_oid)? {
        var isValid: Int32 = 0
        let name = "refs/tags/" + tag
        // To libgit2 a NUL ends the name, and what stands before it may be another tag.
        guard !tag.utf8.contains(0), git_reference_name_is_valid(&isValid, name) == 0, isValid == 1 else {
            throw .badTagName(tag)
        }
        let reference = try LibGit2.find("tag \"\(tag)\" cannot be read") {
            git_reference_lookup($0, repository, name)
        }
        guard let reference else { return nil }
        defer { git_reference_free(reference) }
        var commit: OpaquePointer?
        guard git_reference_peel(&commit, reference, GIT_OBJECT_COMMIT) == 0, let commit else {
            throw .notACommit(tag: tag)
        }
        defer { git_object_free(commit) }
        guard let target = git_reference_target(reference), let id = git_object_id(commit) else {
            throw .notACommit(tag: tag)
        }
        return (target.pointee, id.pointee)
    }

    private static func info(_ tag: String, in repository: OpaquePointer) throws(GitError) -> TagInfo? {
        let ids: (git_oid, git_oid)?
        do throws(GitError) {
            ids = try peel(tag, in: repository)
        } catch {
            if case .notACommit = error { return nil }
            throw error
        }
        guard var (object, commitID) = ids else { return nil }
        var commit: OpaquePointer?
        try LibGit2.check(git_commit_lookup(&commit, repository, &commitID), "the commit of \"\(tag)\" cannot be read")
        defer { git_commit_free(commit) }
        var info = TagInfo(
            name: tag, commit: commitID.hex, annotated: false,
            at: Instant(milliseconds: git_commit_time(commit) * 1000),
            subject: git_commit_summary(commit).map { String(cString: $0) } ?? "")
        var annotation: OpaquePointer?
        if git_tag_lookup(&annotation, repository, &object) == 0 {
            defer { git_tag_free(annotation) }
            info.annotated = true
            if let tagger = git_tag_tagger(annotation) {
                info.at = Instant(milliseconds: tagger.pointee.when.time * 1000)
            }
            let message = git_tag_message(annotation).map { String(cString: $0) } ?? ""
            info.subject = message.split(whereSeparator: \.isNewline).first.map(String.init) ?? info.subject
        }
        return info
    }
}

/// Levenshtein's distance, by rows.
func editDistance(_ left: String, _ right: String) -> Int {
    let (left, right) = (Array(left), Array(right))
    var row = Array(0...right.count)
    for (place, letter) in left.enumerated() {
        var diagonal = row[0]
        row[0] = place + 1
        for column in right.indices {
            let above = row[column + 1]
            row[column + 1] = min(above + 1, row[column] + 1, diagonal + (letter == right[column] ? 0 : 1))
            diagonal = above
        }
    }
    return row[right.count]
}
