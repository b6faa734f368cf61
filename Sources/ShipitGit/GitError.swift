/// Why the repository did not give what was asked for; each is written for the person who asked.
public enum GitError: Error, Hashable, Sendable {
    case noRepository(path: String)
    /// Another user's, which git refuses to read without a word of ours.
    case foreignOwner(path: String)
    /// What is at a URL cannot be had; without the password that it may hold.
    case mirroring(url: String, reason: String)
    /// With near misses, the nearest first.
    case noSuchTag(String, near: [String], shallow: Bool)
    /// A tag that points at a file or a folder.
    case notACommit(tag: String)
    case badTagName(String)
    case noVersion(tags: String)
    case exporting(path: String, reason: String)
    /// libgit2's own words about what was attempted.
    case failed(String, reason: String)
}

extension GitError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .noRepository(let path): "there is no git repository at \(path)"
        case .foreignOwner(let path): "the git repository at \(path) belongs to another user"
        case .mirroring(let url, let reason): "the releases at \(url) cannot be fetched: \(reason)"
        case .noSuchTag(let tag, _, let shallow):
            "there is no tag \"\(tag)\"" + (shallow ? "; this is a shallow clone, which may lack it" : "")
        case .notACommit(let tag): "tag \"\(tag)\" does not point at a commit"
        case .badTagName(let tag): "\"\(tag)\" cannot be the name of a tag"
        case .noVersion(let tags): "no tag that matches \"\(tags)\" is a version without a prerelease"
        case .exporting(let path, let reason): "the release's tree cannot be written to \(path): \(reason)"
        case .failed(let what, let reason): "\(what): \(reason)"
        }
    }

    /// An act that mends it.
    public var hint: String? {
        switch self {
        case .noSuchTag(_, let near, let shallow):
            if let first = near.first { return "did you mean \"\(first)\"?" }
            return shallow
                ? "git fetch --unshallow --tags" : "`shipit tags` lists them; perhaps `git fetch --tags` brings it"
        case .foreignOwner(let path): return "git config --global --add safe.directory \(path)"
        case .noRepository: return "`release.repository` says where it is, relative to the folder that holds pipelines/"
        case .notACommit: return "tag the commit that is to be released"
        case .mirroring(let url, _): return "try: git ls-remote \(GitRepository.quotedWord(url))"
        case .badTagName, .noVersion, .exporting, .failed: return nil
        }
    }
}
