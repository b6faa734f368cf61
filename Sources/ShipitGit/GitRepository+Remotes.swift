import ShipitCore

/// `pushed-to`: what others would get is what is deployed here.
extension GitRepository {
    private static let patience = 60.0

    func notPushed(to remote: String, _ release: Release) throws(GitError) -> Refusal? {
        let tag = "refs/tags/\(release.tag)"
        let answer: GitCommand.Answer
        do throws(GitError) {
            answer = try GitCommand.run(
                ["ls-remote", "--quiet", "--", remote, tag], in: commandFolder, seconds: Self.patience)
        } catch {
            guard case .failed(_, let reason) = error else { throw error }
            return Self.cannotBeAsked(remote, release, reason)
        }
        guard answer.exit == 0 else { return Self.cannotBeAsked(remote, release, answer.complaint) }
        // A pattern matches from the end: refs/x/refs/tags/v1, too.
        let found = answer.output.split(whereSeparator: \.isNewline).map { $0.split(separator: "\t") }
            .first { $0.count == 2 && $0[1] == tag }?.first
        let push = "git push \(Self.quotedWord(remote)) \(Self.quotedWord(tag))"
        guard let found else {
            return Refusal(reason: "tag \"\(release.tag)\" is not on \(remote)", hint: push)
        }
        if found == release.tagObject { return nil }
        return Refusal(
            reason:
                "tag \"\(release.tag)\" is another one on \(remote): \(found.prefix(12)) there, "
                + "\(release.tagObject.prefix(12)) here",
            hint: "find out which is right; to take theirs: git fetch --force \(Self.quotedWord(remote)) tag "
                + Self.quotedWord(release.tag))
    }

    private static func cannotBeAsked(_ remote: String, _ release: Release, _ reason: String) -> Refusal {
        Refusal(
            reason:
                "\(remote) cannot be asked whether it has tag \"\(release.tag)\": \(Mirror.withoutPassword(reason))",
            hint: "try: git ls-remote \(quotedWord(remote))")
    }
}
