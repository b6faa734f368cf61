import ShipitCore

/// Looks up the roles that environments and manual checks name, and the people that roles name.
struct ApprovalResolver {
    let reading: Reading
    let draft: Draft

    /// Incomplete where there is a mistake.
    struct Resolved {
        /// Of the environments that have one.
        var policies: [String: ApprovalPolicy] = [:]
        /// Of the stages that wait for people.
        var ofStages: [String: ApprovalPolicy] = [:]
        fileprivate var roles: [String: ApprovalRole] = [:]
        fileprivate var people: [String: Person] = [:]

        /// The check with those who may tick it or sign it off.
        func completed(_ check: Check) -> Check {
            var check = check
            if check.isManual, case .text(let role)? = check.probe.fields["role"], let name = role.literal {
                check.signers = roles[name]
            } else if check.isManual || check.severity == .high, let owner = check.owner {
                let person = people[owner] ?? Person(name: owner)
                check.signers = roles[owner] ?? ApprovalRole(name: owner, people: [person])
            }
            return check
        }
    }

    func resolve() -> Resolved {
        var roles: [String: ApprovalRole] = [:]
        for role in draft.roles { roles[role.name] = resolve(role) }
        var policies: [String: ApprovalPolicy] = [:]
        var ofStages: [String: ApprovalPolicy] = [:]
        for environment in draft.environments {
            policies[environment.name] = environment.approvals.map { policy($0, roles) }
        }
        for case (let name, .hold(let approvals?)?) in draft.stages.map({ ($0.name, $0.kind) }) {
            ofStages[name] = policy(approvals, roles)
        }
        let all = Array(policies.values) + Array(ofStages.values)
        let claimed = Set(all.flatMap(\.roles).flatMap(\.people).filter(isClaimed).map(\.name))
        for role in draft.suites.flatMap(\.roles) { lookUp(role) }
        warn(of: claimed)
        let people = draft.people.compactMap(\.person).map { ($0.name, $0) }
        return Resolved(
            policies: policies, ofStages: ofStages, roles: roles,
            people: Dictionary(people, uniquingKeysWith: { first, _ in first }))
    }

    private func policy(_ approvals: ApprovalsDraft, _ roles: [String: ApprovalRole]) -> ApprovalPolicy {
        var policy = ApprovalPolicy(roles: [], allowSelf: approvals.allowSelf, expires: approvals.expires)
        for role in approvals.roles {
            lookUp(role)
            if policy.roles.contains(where: { $0.name == role.name }) {
                reading.error("duplicate-name", "role \"\(role.name)\" stands twice", at: role.place)
            } else if let role = roles[role.name] {
                policy.roles.append(role)
            }
        }
        return policy
    }

    private func resolve(_ role: RoleDraft) -> ApprovalRole? {
        guard let names = role.people else { return nil }
        var people: [Person] = []
        var isRight = true
        for name in names {
            guard let person = draft.people.first(where: { $0.name == name.name }) else {
                reading.error(
                    "unknown-person",
                    "role \"\(role.name)\" names \"\(name.name)\", and people: has nobody of that name",
                    at: name.place, hint: reading.choice(for: name.name, among: draft.people.map(\.name), "people"))
                isRight = false
                continue
            }
            if people.contains(where: { $0.name == name.name }) {
                reading.error(
                    "duplicate-name", "\"\(name.name)\" stands twice in role \"\(role.name)\"", at: name.place)
            }
            if let person = person.person { people.append(person) } else { isRight = false }
        }
        guard isRight, let quorum = role.quorum else { return nil }
        guard quorum <= people.count else {
            reading.error(
                "impossible-quorum",
                "role \"\(role.name)\" needs \(quorum) signatures, more than it has people (\(people.count))",
                at: role.quorumPlace ?? role.place, hint: "lower the quorum, or add people")
            return nil
        }
        return ApprovalRole(name: role.name, people: people, quorum: quorum)
    }

    private func lookUp(_ role: Named<String>) {
        guard !draft.roles.contains(where: { $0.name == role.name }) else { return }
        reading.error(
            "unknown-role", "there is no role \"\(role.name)\" under roles:", at: role.place,
            hint: reading.choice(for: role.name, among: draft.roles.map(\.name), "roles"))
    }

    private func isClaimed(_ person: Person) -> Bool { person.osUser == nil && person.sshKey == nil }

    private func warn(of claimed: Set<String>) {
        for person in draft.people where claimed.contains(person.name) {
            reading.warning(
                "claimed-person", "\"\(person.name)\" signs by name alone: anybody may claim to be them",
                at: person.place, hint: "say how they are known: {os-user: NAME} or {ssh-key: \"ssh-ed25519 AAAA…\"}")
        }
    }
}
