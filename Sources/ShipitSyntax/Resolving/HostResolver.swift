import ShipitCore

/// Looks up the groups of hosts that stages name.
struct HostResolver {
    let reading: Reading
    let draft: Draft

    func resolve() {
        for stage in draft.stages {
            if let group = stage.hosts { lookUp(group, of: stage) }
        }
    }

    private func lookUp(_ group: Named<String>, of stage: StageDraft) {
        // Where the hosts of an environment could not be read, nobody knows what they would have been.
        guard !draft.environments.contains(where: { $0.hosts == nil }) else { return }
        let lacking = draft.environments.filter { $0.hosts?[group.name] == nil }
        guard lacking.count < draft.environments.count else {
            let known = Set(draft.environments.flatMap { $0.hosts.map { Array($0.keys) } ?? [] }).sorted()
            reading.error(
                "unknown-hosts", "no environment has hosts.\(group.name)", at: group.place,
                hint: reading.choice(for: group.name, among: known, "groups")
                    ?? "define them under environments: NAME: hosts: \(group.name):")
            return
        }
        // An `if:` may leave the stage out there; planning tells.
        guard let first = lacking.first, !stage.hasCondition else { return }
        let others = lacking.count > 1 ? " and \(lacking.count - 1) more have" : " has"
        reading.error(
            "missing-hosts", "environment \"\(first.name)\"\(others) no hosts.\(group.name)", at: group.place,
            hint: "define them there, or leave the stage out there: if: environment != \"\(first.name)\"")
    }
}
