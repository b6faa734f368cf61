import CLibGit2
import Foundation
import ShipitCore

/// `signed-tag`: the tag's own signature, verified by git with its own configuration: gpg and the caller's keyring, or
/// ssh-keygen and `gpg.ssh.allowedSignersFile`.
extension GitRepository {
    /// Somebody's keyring may be on a slow disk; nobody types anything to verify.
    private static let patience = 60.0

    func unsigned(_ release: Release) throws(GitError) -> Refusal? {
        let tag = release.tag
        guard let name = try nameInTag(release) else {
            return Refusal(
                reason: "tag \"\(tag)\" is not annotated, so it cannot be signed", hint: Self.signAnew(release))
        }
        let answer = try GitCommand.run(
            ["verify-tag", "--raw", release.tagObject], in: commandFolder, seconds: Self.patience)
        let said = answer.output + answer.errors
        if answer.exit != 0 { return Self.refusal(of: release, saying: said, complaint: answer.complaint) }
        if said.contains("[GNUPG:] TRUST_NEVER") {
            return Refusal(
                reason: "tag \"\(tag)\" is signed with a key that the keyring says is never to be trusted",
                hint: "have it signed by somebody else")
        }
        // What was signed is the object, its name in it; anybody who can push can put it under another name.
        if name == tag { return nil }
        return Refusal(
            reason: "what tag \"\(tag)\" names was signed as \"\(name)\"", hint: "git fetch --tags --force, or tag anew"
        )
    }

    /// The name that stands in the tag object; `nil` for a lightweight tag.
    private func nameInTag(_ release: Release) throws(GitError) -> String? {
        guard release.tagObject != release.commit, var id = git_oid(hex: release.tagObject) else { return nil }
        return try with { repository throws(GitError) in
            var tag: OpaquePointer?
            try LibGit2.check(git_tag_lookup(&tag, repository, &id), "tag \"\(release.tag)\" cannot be read")
            defer { git_tag_free(tag) }
            return git_tag_name(tag).map { String(cString: $0) }
        }
    }

    private static func signAnew(_ release: Release) -> String {
        "git tag -s -f \(quoted(release.tag)) \(release.commit)"
    }

    private static func refusal(of release: Release, saying said: String, complaint: String) -> Refusal {
        let tag = "tag \"\(release.tag)\""
        func status(_ word: String) -> String? {
            said.split(whereSeparator: \.isNewline).first { $0.hasPrefix("[GNUPG:] \(word) ") }
                .map { $0.dropFirst("[GNUPG:] \(word) ".count).split(separator: " ").first.map(String.init) ?? "" }
        }
        if said.contains("no signature found") {
            return Refusal(reason: "\(tag) is not signed", hint: signAnew(release))
        }
        if status("BADSIG") != nil || said.contains("incorrect signature") {
            return Refusal(
                reason: "the signature of \(tag) is bad: what it names is not what was signed",
                hint: "git fetch --tags --force, and find out who changed it")
        }
        if let key = status("REVKEYSIG") {
            return Refusal(reason: "\(tag) is signed with key \(key), which was revoked", hint: signAnew(release))
        }
        if let key = status("EXPKEYSIG") {
            return Refusal(
                reason: "\(tag) is signed with key \(key), which has expired",
                hint: "renew the key and import it (gpg --import), or: " + signAnew(release))
        }
        if status("EXPSIG") != nil {
            return Refusal(reason: "the signature of \(tag) has expired", hint: signAnew(release))
        }
        if let key = status("NO_PUBKEY") ?? status("ERRSIG") {
            return Refusal(
                reason: "\(tag) is signed with key \(key), which is not in the keyring",
                hint: "if it is one of yours: gpg --import the signer's public key")
        }
        if said.contains("allowedSignersFile needs to be configured") {
            return Refusal(
                reason: "\(tag) is signed with an SSH key, and git knows no allowed signers",
                hint: "git config gpg.ssh.allowedSignersFile FILE (ssh-keygen(1), ALLOWED SIGNERS)")
        }
        if said.contains("No principal matched") || said.contains("Could not verify signature") {
            let key =
                said.split(whereSeparator: \.isWhitespace).first { $0.hasPrefix("SHA256:") }
                .map { " \($0)" } ?? ""
            return Refusal(
                reason: "\(tag) is signed with SSH key\(key), which is not among git's allowed signers",
                hint: "if it is one of yours, add it to the file that git config gpg.ssh.allowedSignersFile names")
        }
        return Refusal(
            reason: "the signature of \(tag) cannot be verified: \(complaint)",
            hint: "see: git verify-tag \(quoted(release.tag))")
    }
}
