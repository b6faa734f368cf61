import CLibGit2
public import ShipitCore

/// Why a release may not be deployed: a requirement of `release.require` that doesn't hold.
public struct Refusal: Hashable, Sendable {
    public var reason: String
    /// An act that mends it.
    public var hint: String
}

/// Where the work tree stands.
public struct WorkTree: Hashable, Sendable {
    /// The commit of HEAD; `nil` before the first one.
    public var head: String?
    /// What differs from HEAD, untracked files included; a few at most.
    public var changes: [String]
    public var isBare: Bool
}

extension GitRepository {
    /// - Returns: `nil` when the requirement holds.
    public func check(
        _ requirement: ReleaseSource.Requirement, release: Release
    ) throws(GitError) -> Refusal? {
        switch requirement {
        case .annotatedTag:
            if release.tagObject != release.commit { return nil }
            return Refusal(
                reason: "tag \"\(release.tag)\" is not annotated",
                hint: "git tag -a -f \(Self.quoted(release.tag)) \(release.commit)")
        case .cleanTree: return try uncleanTree()
        case .headAtTag:
            let head = try workTree().head
            if head == release.commit { return nil }
            return Refusal(
                reason:
                    "HEAD is at \(head?.prefix(12) ?? "no commit"), not at \"\(release.tag)\" (\(release.commit.prefix(12)))",
                hint: "git switch --detach the tag, then deploy")
        case .versionFile(let file): return try wrongVersion(file, release)
        case .reachableFrom(let branch): return try unreachable(branch, release)
        case .signedTag: return try unsigned(release)
        case .pushedTo(let remote): return try notPushed(to: remote, release)
        }
    }

    /// For a hint that may be pasted into a shell: a tag's name may hold anything that a shell would carry out.
    static func quoted(_ tag: String) -> String { (tag.hasPrefix("-") ? "-- " : "") + quotedWord(tag) }

    static func quotedWord(_ text: String) -> String {
        let plain = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"),
                UInt8(ascii: "/"), UInt8(ascii: "+"):
                true
            default: false
            }
        }
        if plain { return text }
        return "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }

    /// HEAD and what differs from it.
    public func workTree() throws(GitError) -> WorkTree {
        try with { repository throws(GitError) in
            var head: String?
            var id = git_oid()
            if git_reference_name_to_id(&id, repository, "HEAD") == 0 { head = id.hex }
            if git_repository_is_bare(repository) == 1 { return WorkTree(head: head, changes: [], isBare: true) }
            return WorkTree(head: head, changes: try Self.changes(in: repository), isBare: false)
        }
    }

    private static func changes(in repository: OpaquePointer) throws(GitError) -> [String] {
        var options = git_status_options()
        try LibGit2.check(git_status_options_init(&options, UInt32(GIT_STATUS_OPTIONS_VERSION)), "git status")
        options.show = GIT_STATUS_SHOW_INDEX_AND_WORKDIR
        options.flags = GIT_STATUS_OPT_INCLUDE_UNTRACKED.rawValue
        var list: OpaquePointer?
        try LibGit2.check(git_status_list_new(&list, repository, &options), "the work tree cannot be examined")
        defer { git_status_list_free(list) }
        var changes: [String] = []
        for place in 0..<min(git_status_list_entrycount(list), 5) {
            guard let entry = git_status_byindex(list, place) else { continue }
            let delta = entry.pointee.index_to_workdir ?? entry.pointee.head_to_index
            if let path = delta?.pointee.new_file.path { changes.append(String(cString: path)) }
        }
        return changes
    }

    private func uncleanTree() throws(GitError) -> Refusal? {
        let (changes, state) = try with { repository throws(GitError) in
            (
                git_repository_is_bare(repository) == 1 ? [] : try Self.changes(in: repository),
                git_repository_state(repository)
            )
        }
        if state != GIT_REPOSITORY_STATE_NONE.rawValue {
            return Refusal(reason: "a merge, rebase or the like is in progress", hint: "finish or abort it: git status")
        }
        if changes.isEmpty { return nil }
        let more = changes.count > 4 ? " …" : ""
        return Refusal(
            reason: "the work tree is not clean: \(changes.prefix(4).joined(separator: ", "))\(more)",
            hint: "commit, stash or remove these: git status")
    }

    private func wrongVersion(_ file: String, _ release: Release) throws(GitError) -> Refusal? {
        guard let content = try content(of: file, at: release) else {
            return Refusal(
                reason: "there is no file \(file) at \"\(release.tag)\"",
                hint: "commit it with the version and tag anew")
        }
        let version = content.split(whereSeparator: \.isNewline).first.map { $0.filter { !$0.isWhitespace } } ?? ""
        if version == release.version || version == release.tag { return nil }
        return Refusal(
            reason: "\(file) at \"\(release.tag)\" says \"\(version)\", the tag says \"\(release.version)\"",
            hint: "one of both is wrong: mend the file and tag anew")
    }

    /// A file's text in the release's tree; `nil` when it is not there.
    func content(of file: String, at release: Release) throws(GitError) -> String? {
        try with { repository throws(GitError) in
            let tree = try Self.tree(of: release, in: repository)
            defer { git_tree_free(tree) }
            let entry = try LibGit2.find("\(file) cannot be read") { git_tree_entry_bypath($0, tree, file) }
            guard let entry else { return nil }
            defer { git_tree_entry_free(entry) }
            guard git_tree_entry_type(entry) == GIT_OBJECT_BLOB, var id = git_tree_entry_id(entry)?.pointee else {
                return nil
            }
            return String(decoding: try Self.blob(&id, in: repository), as: UTF8.self)
        }
    }

    private func unreachable(_ branch: String, _ release: Release) throws(GitError) -> Refusal? {
        try with { repository throws(GitError) in
            var tip = git_oid()
            let isThere =
                git_reference_name_to_id(&tip, repository, "refs/heads/" + branch) == 0
                || git_reference_name_to_id(&tip, repository, "refs/remotes/origin/" + branch) == 0
            guard isThere else {
                return Refusal(reason: "there is no branch \"\(branch)\"", hint: "git fetch origin \(branch)")
            }
            guard var commit = git_oid(hex: release.commit) else {
                throw .failed("the commit cannot be read", reason: "\(release.commit) is no commit id")
            }
            if git_oid_equal(&tip, &commit) == 1 { return nil }
            let answer = git_graph_descendant_of(repository, &tip, &commit)
            try LibGit2.check(answer, "the history of \(branch) cannot be read")
            if answer == 1 { return nil }
            return Refusal(
                reason: "\"\(release.tag)\" is not reachable from \(branch)",
                hint: "merge it into \(branch) first: releases come from there")
        }
    }
}
