import ShipitCore

extension PeopleDecoder.Key {
    static var aboutSection: SectionDescription {
        SectionDescription(
            "person", at: "people.NAME",
            "Somebody who may sign. Without any key they are known by name alone, which anybody may claim.")
    }

    var about: KeyDescription {
        switch self {
        case .osUser:
            KeyDescription(
                .text, "The user of this machine that alone may sign as this person; root may not.",
                example: "os-user: ana")
        case .sshKey:
            KeyDescription(
                .pattern(
                    "^(ssh-|ecdsa-|sk-)[^ ,]* +[A-Za-z0-9+/=]{64,}( .*)?$", "a public key: the line of a .pub file"),
                "The public key whose signature a sign-off must carry: the line of its `.pub` file.",
                example: #"ssh-key: "ssh-ed25519 AAAA…""#)
        }
    }
}

extension RoleDecoder.Key {
    static var aboutSection: SectionDescription {
        SectionDescription("role", at: "roles.NAME", "Who may sign for a role, and how many of them must.")
    }

    static var required: [Self] { [.people] }

    var about: KeyDescription {
        switch self {
        case .people:
            KeyDescription(.listOrOne(.text, isEmpty: false), "Names of `people:`.", example: "people: [ana, ben]")
        case .quorum: KeyDescription(.whole(1...1000), "How many of them must sign.", fallback: "1")
        }
    }
}

extension ApprovalsDecoder.Key {
    static var aboutSection: SectionDescription {
        SectionDescription(
            "approvals", at: "environments.NAME.approvals and stages.NAME.approval",
            "Who signs before anything is changed. A list of roles alone is the short form.")
    }

    static var required: [Self] { [.roles] }

    var about: KeyDescription {
        switch self {
        case .roles: KeyDescription(.listOrOne(.text, isEmpty: false), "Names of `roles:`; each of them must sign.")
        case .allowSelf: KeyDescription(.yesOrNo, "Whether who starts a run may sign for it.", fallback: "no")
        case .expires:
            KeyDescription(
                .positiveDuration, "How long there is to sign; a run that has not all signatures by then is refused.",
                fallback: "24h", example: "expires: 4h")
        }
    }
}
