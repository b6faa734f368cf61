import ShipitCore

/// Looks up the environments that `promote:` names.
struct PromotionResolver {
    let reading: Reading
    let draft: Draft

    /// - Returns: the policies by environment; incomplete where there is a mistake.
    func resolve() -> [String: PromotionPolicy] {
        let names = draft.environments.map(\.name)
        var policies: [String: PromotionPolicy] = [:]
        for environment in draft.environments {
            guard let promote = environment.promote else { continue }
            guard names.contains(promote.from.name) else {
                reading.unknownWord(promote.from.name, "\"from\"", names, at: promote.from.place)
                continue
            }
            if let within = promote.within {
                policies[environment.name] = PromotionPolicy(from: promote.from.name, within: within)
            }
        }
        refuseCircles()
        return policies
    }

    /// Where each waits for the other, nothing is ever deployed.
    private func refuseCircles() {
        let from = Dictionary(
            draft.environments.compactMap { environment in environment.promote.map { (environment.name, $0.from) } },
            uniquingKeysWith: { first, _ in first })
        var reported: Set<String> = []
        for start in draft.environments.map(\.name) where !reported.contains(start) {
            var path = [start]
            while let next = from[path.last!]?.name {
                guard next != start else {
                    reported.formUnion(path)
                    let words = path.count == 1 ? "itself" : path.dropFirst().joined(separator: ", ") + ", \(start)"
                    reading.error(
                        "promotion-circle",
                        "environment \"\(start)\" is promoted to from \(words): nothing could ever be deployed",
                        at: from[start]!.place, hint: "let releases come in somewhere")
                    break
                }
                // A circle further on is told where it begins.
                guard !path.contains(next) else { break }
                path.append(next)
            }
        }
    }
}
