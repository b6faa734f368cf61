import Foundation
import ShipitCore
import ShipitGit
import Testing

/// `signed-tag`, with keys of gpg and of ssh-keygen that are made for each test.
@Suite(.timeLimit(.minutes(3)), .enabled(if: Keys.canBeMade, "gpg or ssh-keygen is not installed"))
struct SignatureTests {
    private func refusal(of tag: String, in scratch: ScratchRepository) throws -> Refusal? {
        let repository = try scratch.open()
        return try repository.check(.signedTag, release: repository.release(tag: tag))
    }

    private func released() throws -> ScratchRepository {
        let scratch = try ScratchRepository()
        try scratch.commit("First")
        return scratch
    }

    @Test func `a tag without a signature is refused`() throws {
        let scratch = try released()
        try scratch.git("tag", "light")
        try scratch.git("tag", "--annotate", "--message", "Release", "v1")
        #expect(
            try refusal(of: "light", in: scratch)?.reason
                == "tag \"light\" is not annotated, so it cannot be signed")
        let unsigned = try #require(try refusal(of: "v1", in: scratch))
        #expect(unsigned.reason == "tag \"v1\" is not signed")
        #expect(unsigned.hint == "git tag -s -f v1 \(try scratch.git("rev-parse", "HEAD"))")
    }

    @Test func `a tag that a key of the keyring signed is good`() throws {
        let scratch = try released()
        let keys = try Keys(in: scratch)
        try keys.signWithPGP("v1")
        #expect(try refusal(of: "v1", in: scratch) == nil)
    }

    @Test func `a signature by a key that the keyring lacks is refused, with the key`() throws {
        let scratch = try released()
        let keys = try Keys(in: scratch)
        try keys.signWithPGP("v1")
        try keys.useEmptyKeyring()
        let reason = try #require(try refusal(of: "v1", in: scratch)?.reason)
        #expect(reason.contains("which is not in the keyring"))
        #expect(reason.contains(try keys.pgpKey.suffix(16)))
    }

    @Test(arguments: ["pgp", "ssh"])
    func `a tag that was changed after it was signed is refused`(_ kind: String) throws {
        let scratch = try released()
        let keys = try Keys(in: scratch)
        if kind == "pgp" { try keys.signWithPGP("v1") } else { try keys.signWithSSH("v1") }
        try keys.allowSSH()
        try scratch.sh(
            """
            changed=$(git -C repository cat-file tag v1 | sed 's/^Release$/Another/' \\
                | git -C repository hash-object -t tag -w --stdin)
            git -C repository update-ref refs/tags/v1 "$changed"
            """)
        #expect(
            try refusal(of: "v1", in: scratch)?.reason
                == "the signature of tag \"v1\" is bad: what it names is not what was signed")
    }

    @Test func `a signed tag under another name is refused`() throws {
        let scratch = try released()
        let keys = try Keys(in: scratch)
        try keys.signWithPGP("v1")
        try scratch.git("update-ref", "refs/tags/v2", try scratch.git("rev-parse", "refs/tags/v1"))
        #expect(try refusal(of: "v2", in: scratch)?.reason == "what tag \"v2\" names was signed as \"v1\"")
    }

    @Test func `a replaced object does not stand in for the one that the tag names`() throws {
        let scratch = try released()
        let keys = try Keys(in: scratch)
        try keys.signWithPGP("v1")
        try scratch.git("tag", "--annotate", "--message", "Release", "v2")
        try scratch.git("replace", "refs/tags/v2", "refs/tags/v1")
        #expect(try refusal(of: "v2", in: scratch)?.reason == "tag \"v2\" is not signed")
    }

    @Test func `keys that expired or were revoked do not count`() throws {
        let scratch = try released()
        let keys = try Keys(in: scratch)
        try keys.signWithPGP("v1")
        try keys.revoke()
        #expect(try refusal(of: "v1", in: scratch)?.reason.hasSuffix("which was revoked") == true)
        try keys.signWithExpiredPGP("v2")
        #expect(try refusal(of: "v2", in: scratch)?.reason.hasSuffix("which has expired") == true)
    }

    @Test func `an SSH signature counts when its key is among the allowed signers`() throws {
        let scratch = try released()
        let keys = try Keys(in: scratch)
        try keys.signWithSSH("v1")
        let nobody = try #require(try refusal(of: "v1", in: scratch))
        #expect(nobody.reason == "tag \"v1\" is signed with an SSH key, and git knows no allowed signers")
        #expect(nobody.hint.hasPrefix("git config gpg.ssh.allowedSignersFile"))
        try keys.allowSSH(another: true)
        let reason = try #require(try refusal(of: "v1", in: scratch)?.reason)
        #expect(reason.hasPrefix("tag \"v1\" is signed with SSH key SHA256:"))
        #expect(reason.hasSuffix("which is not among git's allowed signers"))
        try keys.allowSSH()
        #expect(try refusal(of: "v1", in: scratch) == nil)
    }
}

/// Keys of a test's own, and the repository's configuration for them.
struct Keys {
    let scratch: ScratchRepository

    static let canBeMade: Bool = {
        let isThere = ["gpg", "ssh-keygen"].allSatisfy {
            FileManager.default.isExecutableFile(atPath: "/usr/bin/" + $0)
        }
        return isThere || ProcessInfo.processInfo.environment["SHIPIT_TEST_REQUIRE"] == "all"
    }()

    /// The shell writes the programs: what this process has open for writing cannot be run while another test forks.
    init(in scratch: ScratchRepository) throws {
        self.scratch = scratch
        try scratch.sh(
            """
            mkdir -m 700 ring empty
            printf '#!/bin/sh\\nexec gpg --homedir "%s/ring" --batch --no-autostart "$@"\\n' "$PWD" >verify
            printf '#!/bin/sh\\nexec gpg --homedir "%s/empty" --batch --no-autostart "$@"\\n' "$PWD" >verify-empty
            printf '#!/bin/sh\\nexec gpg --homedir "%s/ring" --batch "$@"\\n' "$PWD" >sign
            printf '#!/bin/sh\\nexec gpg --homedir "%s/ring" --batch --faked-system-time 20200101T120000 "$@"\\n' "$PWD" >sign-past
            chmod +x verify verify-empty sign sign-past
            git -C repository config gpg.program "$PWD/verify"
            """)
    }

    func signWithPGP(_ tag: String) throws {
        try scratch.sh(
            """
            ./sign -q --passphrase '' --quick-gen-key 'Ana <ana@example.org>' ed25519 sign never
            git -C repository -c gpg.program="$PWD/sign" -c user.signingKey=ana@example.org tag -s -m Release "$1"
            gpgconf --homedir "$PWD/ring" --kill all
            """, tag)
    }

    func signWithExpiredPGP(_ tag: String) throws {
        try scratch.sh(
            """
            ./sign-past -q --passphrase '' --quick-gen-key 'Eve <eve@example.org>' ed25519 sign 1d
            git -C repository -c gpg.program="$PWD/sign-past" -c user.signingKey=eve@example.org tag -s -m Release "$1"
            gpgconf --homedir "$PWD/ring" --kill all
            """, tag)
    }

    /// Of the only key there is so far.
    func revoke() throws {
        try scratch.sh("sed 's/^:---/---/' ring/openpgp-revocs.d/*.rev | ./verify -q --import")
    }

    func useEmptyKeyring() throws { try scratch.sh("git -C repository config gpg.program \"$PWD/verify-empty\"") }

    var pgpKey: String {
        get throws {
            try scratch.sh("./verify --with-colons --list-keys | awk -F: '$1 == \"fpr\" { print $10; exit }'")
        }
    }

    func signWithSSH(_ tag: String) throws {
        try scratch.sh(
            """
            ssh-keygen -q -t ed25519 -N '' -f key
            git -C repository -c gpg.format=ssh -c user.signingKey="$PWD/key.pub" tag -s -m Release "$1"
            """, tag)
    }

    func allowSSH(another: Bool = false) throws {
        try scratch.sh(
            """
            [ -e key ] || exit 0
            [ "$1" = no ] || ssh-keygen -q -t ed25519 -N '' -f other
            key=key; [ "$1" = no ] || key=other
            printf 'ana@example.org %s\\n' "$(cut -d' ' -f1,2 $key.pub)" >signers
            git -C repository config gpg.ssh.allowedSignersFile "$PWD/signers"
            """, another ? "yes" : "no")
    }
}
