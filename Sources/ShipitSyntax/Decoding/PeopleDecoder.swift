import ShipitCore

/// `people:`
struct PeopleDecoder {
    let reading: Reading

    enum Key: String, SectionKey {
        case osUser = "os-user", sshKey = "ssh-key"
    }

    func people(_ node: Node) -> [PersonDraft] {
        guard let entries = reading.mapping(node, "\"people\"") else { return [] }
        var people: [PersonDraft] = []
        for entry in entries where reading.checkName(entry.key, "a person", at: entry.keyPlace) {
            let draft = PersonDraft(name: entry.key, place: entry.keyPlace, person: person(entry))
            if let person = draft.person { refuseOtherName(of: person, at: entry.keyPlace, among: people) }
            people.append(draft)
        }
        return people
    }

    private func person(_ entry: Entry) -> Person? {
        if entry.value.isAbsent { return Person(name: entry.key) }
        let owner = "person \"\(entry.key)\""
        guard let fields = reading.fields(entry.value, Key.self, of: owner) else { return nil }
        var person = Person(name: entry.key)
        var isRight = true
        if let node = fields[.osUser] {
            person.osUser = osUser(node)
            isRight = person.osUser != nil
        }
        if let node = fields[.sshKey] {
            person.sshKey = sshKey(node)
            isRight = isRight && person.sshKey != nil
        }
        return isRight ? person : nil
    }

    private func osUser(_ node: Node) -> String? {
        guard let user = reading.literal(node, "\"os-user\"") else { return nil }
        guard user != "root" else {
            reading.error(
                "root-person", "root is nobody in particular: whoever may become root could sign", at: node.place,
                hint: "name the user that the person logs in as")
            return nil
        }
        return user
    }

    /// The two words of a public key file that say which key it is; its comment is left out.
    private func sshKey(_ node: Node) -> String? {
        guard let text = reading.literal(node, "\"ssh-key\"") else { return nil }
        let words = text.split(separator: " ")
        let isBase64 = words.count > 1 && words[1].utf8.count >= 64 && words[1].utf8.allSatisfy(isBase64)
        guard isBase64, isKeyType(words[0]), !text.utf8.contains(UInt8(ascii: "\n")) else {
            reading.error(
                "bad-ssh-key", "\"ssh-key\" is no public key", at: node.place,
                hint: "copy the line of the .pub file: ssh-ed25519 AAAA…")
            return nil
        }
        return "\(words[0]) \(words[1])"
    }

    private func isKeyType(_ word: Substring) -> Bool {
        let isPlain = word.utf8.allSatisfy { (0x21...0x7e).contains($0) && $0 != UInt8(ascii: ",") }
        return isPlain && ["ssh-", "ecdsa-", "sk-"].contains { word.hasPrefix($0) }
    }

    private func isBase64(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="):
            true
        default: false
        }
    }

    /// Two names for one user or one key would make two signatures of one person's.
    private func refuseOtherName(of person: Person, at place: Place, among people: [PersonDraft]) {
        let other = people.compactMap(\.person).first {
            ($0.osUser != nil && $0.osUser == person.osUser) || ($0.sshKey != nil && $0.sshKey == person.sshKey)
        }
        guard let other else { return }
        reading.error(
            "same-person", "\"\(person.name)\" and \"\(other.name)\" are the same user or key", at: place,
            hint: "give each person one name")
    }
}

/// `roles:`
struct RoleDecoder {
    let reading: Reading

    enum Key: String, SectionKey {
        case people, quorum
    }

    func roles(_ node: Node) -> [RoleDraft] {
        guard let entries = reading.mapping(node, "\"roles\"") else { return [] }
        var roles: [RoleDraft] = []
        for entry in entries where reading.checkName(entry.key, "a role", at: entry.keyPlace) {
            roles.append(role(entry))
        }
        return roles
    }

    private func role(_ entry: Entry) -> RoleDraft {
        var role = RoleDraft(name: entry.key, place: entry.keyPlace)
        let owner = "role \"\(entry.key)\""
        guard let fields = reading.fields(entry.value, Key.self, of: owner) else { return role }
        role.quorum = fields[.quorum].map { reading.whole($0, "\"quorum\"", in: 1...1000) } ?? 1
        guard let node = fields[.people] else {
            if fields.keyPlace(.people) == nil, entry.value.entry(Key.people.rawValue) == nil {
                reading.error(
                    "missing-key", "\(owner) has no people, so nobody could sign for it", at: entry.keyPlace,
                    hint: "write people: [NAME]")
            }
            return role
        }
        guard let nodes = reading.listOrOne(node, "\"people\"") else { return role }
        if nodes.isEmpty {
            reading.error(
                "empty-value", "\(owner) has no people, so nobody could sign for it", at: node.place)
        }
        let names = nodes.map { node in
            reading.literal(node, "a name in \"people\"").map { Named(name: $0, place: node.place) }
        }
        role.people = names.contains { $0 == nil } || nodes.isEmpty ? nil : names.compactMap { $0 }
        role.quorumPlace = fields[.quorum]?.place
        return role
    }
}

/// `approvals:` of an environment: a list of roles, or a mapping.
struct ApprovalsDecoder {
    let reading: Reading

    enum Key: String, SectionKey {
        case roles, allowSelf = "allow-self", expires
    }

    func approvals(_ node: Node) -> ApprovalsDraft? { decode(node, "\"approvals\"") }

    /// `approval:` of a stage.
    func approval(_ node: Node) -> ApprovalsDraft? { decode(node, "\"approval\"") }

    private func decode(_ node: Node, _ owner: String) -> ApprovalsDraft? {
        guard case .mapping = node.value else { return roles(node, owner).map { ApprovalsDraft(roles: $0) } }
        guard let fields = reading.fields(node, Key.self, of: owner) else { return nil }
        guard let rolesNode = fields[.roles] else {
            if node.entry(Key.roles.rawValue) == nil {
                reading.error(
                    "missing-key", "\(owner) does not say which roles sign", at: node.place,
                    hint: "write roles: [ROLE]")
            }
            return nil
        }
        guard var draft = roles(rolesNode, "\"roles\"").map({ ApprovalsDraft(roles: $0) }) else { return nil }
        if let flag = fields[.allowSelf].flatMap({ reading.flag($0, "\"allow-self\"") }) { draft.allowSelf = flag }
        if let span = fields[.expires].flatMap({ reading.positiveDuration($0, "\"expires\"") }) { draft.expires = span }
        return draft
    }

    private func roles(_ node: Node, _ what: String) -> [Named<String>]? {
        guard let nodes = reading.listOrOne(node, what) else { return nil }
        guard !nodes.isEmpty else {
            reading.error("empty-value", "\(what) names no role", at: node.place, hint: "name one, or remove the key")
            return nil
        }
        let roles = nodes.map { node in
            reading.literal(node, "a role in \(what)").map { Named(name: $0, place: node.place) }
        }
        return roles.contains { $0 == nil } ? nil : roles.compactMap { $0 }
    }
}
