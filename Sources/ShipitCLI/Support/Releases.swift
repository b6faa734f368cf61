import ShipitCore
import ShipitEngine
import ShipitGit

/// Where a pipeline's releases come from, and which of them may be deployed. A pipeline without `release:` takes any tag of
/// the repository that it lies in.
struct Releases {
    private let source: ReleaseSource
    private let repository: GitRepository

    /// What to do about a repository that is elsewhere.
    enum Freshness {
        /// What cannot be fetched is an error.
        case required
        /// What was fetched before serves: the run that goes on began with it.
        case wished(Streams)
    }

    /// How many commits are counted between two releases; beyond it nobody reads on.
    private static let countedCommits = 10_000

    init(
        _ source: ReleaseSource?, of project: Project, freshness: Freshness = .required
    ) throws {
        self.source = source ?? ReleaseSource()
        let path =
            self.source.isElsewhere
            ? try Self.mirror(of: self.source.repository, project, freshness)
            : Place.absolute(self.source.repository, from: project.root)
        repository = try Self.explained { () throws(GitError) in try GitRepository(path: path) }
    }

    /// Brings the mirror up to date.
    /// - Returns: where it is.
    private static func mirror(of url: String, _ project: Project, _ freshness: Freshness) throws -> String {
        // The state folder is made, and looked at, as for a run.
        _ = try Wiring.store(project.stateFolder)
        let folder = project.stateFolder + "/mirrors"
        if let reason = Sharing(of: project.stateFolder).makeFolder(folder) {
            throw CommandFailure(.machine, "the folder for mirrors cannot be made: \(reason)")
        }
        let mirror = try explained { () throws(GitError) in try Mirror(of: url, in: folder) }
        do throws(GitError) {
            try mirror.fetch()
        } catch {
            guard case .wished(let streams) = freshness, mirror.exists else { throw failure(error) }
            streams.warning("\(error.description); going by what was fetched before")
        }
        return mirror.path
    }

    /// The release of a tag, or of `latest`: the highest version among those that may be deployed.
    /// - Parameter pattern: what the tag of `latest` must match besides.
    /// - Parameter isAnyTag: for a release that is only gone back to.
    func release(
        _ tag: String, matching pattern: String? = nil, isAnyTag: Bool = false
    ) throws(CommandFailure) -> Release {
        let release = try Self.explained { () throws(GitError) in
            let name = tag == "latest" ? try repository.latest(matching: source.tags, and: pattern) : tag
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

    /// The commit of the work tree; `nil` before the first one, and where releases come from elsewhere.
    func headCommit() throws(CommandFailure) -> String? {
        if source.isElsewhere { return nil }
        return try Self.explained { () throws(GitError) in try repository.workTree().head }
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
            case .noRepository, .noSuchTag, .badTagName, .noVersion: .usage
            case .notACommit: .refused
            case .foreignOwner, .exporting, .failed, .mirroring: .machine
            }
        return CommandFailure(kind, error.description, hint: error.hint)
    }
}
