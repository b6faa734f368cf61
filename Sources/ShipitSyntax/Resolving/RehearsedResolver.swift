import ShipitCore

/// Finds where the rehearsals may be held that `rehearsed:` asks for.
struct RehearsedResolver {
    let reading: Reading
    let draft: Draft

    /// - Returns: the policies by environment; incomplete where there is a mistake.
    func resolve() -> [String: RehearsalPolicy] {
        let ground = RehearsalGround(
            draft.environments.map {
                RehearsalGround.Place(
                    name: $0.name, promotedFrom: $0.promote?.from.name, isSigned: $0.approvals != nil,
                    wantsRehearsal: $0.rehearsed != nil)
            })
        var policies: [String: RehearsalPolicy] = [:]
        for environment in draft.environments {
            guard let rehearsed = environment.rehearsed else { continue }
            let environments = ground.environments(for: environment.name)
            if environments.isEmpty {
                reading.error(
                    "nowhere-to-rehearse",
                    "environment \"\(environment.name)\" wants a rehearsal, and there is none in which one may be held",
                    at: rehearsed.place,
                    hint: "declare one that is not production, without approvals: and rehearsed:, such as staging")
            }
            policies[environment.name] = rehearsed.within.map {
                RehearsalPolicy(within: $0, environments: environments)
            }
        }
        return policies
    }
}
