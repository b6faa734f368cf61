import ShipitCore
import ShipitGit

/// Where a pipeline's releases come from, and which of them may be deployed. A pipeline without `release:` takes any tag of
/// the repository that it lies in.
struct Releases {
    private let source: ReleaseSource
    private let repository: GitRepository

    /// How many commits are counted between two releases; beyond it nobody reads on.
    private static let countedCommits = 10_000

    init(_ source: ReleaseSource?, root: String) throws(CommandFailure) {
        self.source = source ?? ReleaseSource()
        let given = self.source.repository
        let path = given.contains("://") ? given : Place.absolute(given, from: root)
        repository = try Self.explained { () throws(GitError) in try GitRepository(path: path) }
    }

    /// The release of a tag, or of `latest`: the highest version among those that may be deployed.
    /// - Parameter isAnyTag: for a release that is only gone back to.
    func release(_ tag: String, isAnyTag: Bool = false) throws(CommandFailure) -> Release {
        let release = try Self.explained { () throws(GitError) in
            let name = tag == "latest" ? try repository.latest(matching: source.tags) : tag
            return try repository.release(tag: name)
        }
        guard isAnyTag || Glob(source.tags).matches(release.tag) else {
            throw CommandFailure(
                .refused,
                "tag \"\(release.tag)\" may not be deployed: the pipeline's release: takes only \"\(source.tags)\"",
                hint: "see: shipit tags")
        }
        return release
    }

    /// Refuses with every requirement of `release.require` that doesn't hold.
    func requireEverything(of release: Release) throws(CommandFailure) {
        var reasons: [String] = []
        var hints: [String] = []
        for requirement in source.require {
            let refusal = try Self.explained { () throws(GitError) in
                try repository.check(requirement, release: release)
            }
            guard let refusal else { continue }
            reasons.append(refusal.reason)
            hints.append(refusal.hint)
        }
        guard !reasons.isEmpty else { return }
        throw CommandFailure(
            .refused, "\(release.tag) may not be deployed: " + reasons.joined(separator: "\n"),
            hint: hints.joined(separator: "\n"))
    }

    /// What the second release has and the first lacks.
    func commits(
        from: Release, to: Release, showing limit: Int
    ) throws(CommandFailure) -> PlanFacts.Commits? {
        let commits = try Self.explained { () throws(GitError) in
            try repository.commits(from: from.commit, to: to.commit, limit: Self.countedCommits)
        }
        return PlanFacts.Commits(count: commits.count, subjects: commits.prefix(limit).map(\.subject))
    }

    /// Writes the release's tree to a folder, whole or not at all.
    func export(_ release: Release, to folder: String) throws(CommandFailure) {
        try Self.explained { () throws(GitError) in try repository.export(release, to: folder) }
    }

    /// The commit of the work tree; `nil` before the first one.
    func headCommit() throws(CommandFailure) -> String? {
        try Self.explained { () throws(GitError) in try repository.workTree().head }
    }

    /// What a tag points at now; `nil` when it is gone.
    func commit(ofTag tag: String) throws(CommandFailure) -> String? {
        do throws(GitError) {
            return try repository.release(tag: tag).commit
        } catch {
            if case .noSuchTag = error { return nil }
            throw Self.failure(error)
        }
    }

    /// All that may be deployed, the newest first.
    func all() throws(CommandFailure) -> [Release] {
        try Self.explained { () throws(GitError) in
            var releases: [Release] = []
            for tag in try repository.tags(matching: source.tags) {
                releases.append(try repository.release(tag: tag.name))
            }
            return releases
        }
    }

    // MARK: Errors

    private static func explained<Value>(_ body: () throws(GitError) -> Value) throws(CommandFailure) -> Value {
        do throws(GitError) { return try body() } catch { throw failure(error) }
    }

    private static func failure(_ error: GitError) -> CommandFailure {
        let kind: CommandFailure.Kind =
            switch error {
            case .noRepository, .remoteRepository, .noSuchTag, .badTagName, .noVersion: .usage
            case .notACommit: .refused
            case .foreignOwner, .exporting, .failed: .machine
            }
        return CommandFailure(kind, error.description, hint: error.hint)
    }
}
