import ShipitCore

/// A gate as it would be found if the deployment began now.
struct GateFinding: Hashable, Sendable {
    /// As `status` calls it: `promote:staging`.
    var name: String
    var standing: GateState.Standing
    /// Why it stands so.
    var reason: String
    /// The commands that mend it.
    var hint: String?
}

extension GateFinding {
    /// `promote:`, with the run that speaks for the release or what is missing.
    static func promotion(
        _ policy: PromotionPolicy, of release: Release, to environment: String, _ verdict: PromotionVerdict,
        now: Instant
    ) -> GateFinding {
        let deploy = "shipit deploy \(ShellWord.quoted(SafeText.line(release.tag))) --env \(policy.from)"
        func refused(_ reason: String, _ hint: String) -> GateFinding {
            GateFinding(name: policy.gate, standing: .refused, reason: reason, hint: hint)
        }
        let what = "\(release.tag) (\(release.commit.prefix(12)))"
        switch verdict {
        case .passed(let run, let end):
            return GateFinding(
                name: policy.gate, standing: .passed,
                reason: "it succeeded in \(policy.from) \(Words.elapsed(now - end)) ago (run \(run))")
        case .neverDeployed:
            return refused("\(what) has not been deployed to \(policy.from)", "deploy it there first: \(deploy)")
        case .tooLongAgo(let run, let end):
            return refused(
                "\(what) succeeded in \(policy.from) \(Words.elapsed(now - end)) ago (run \(run)), "
                    + "and \(environment) takes it within \(Words.span(policy.within))",
                "deploy it there once more: \(deploy) --again")
        case .notASuccess(let run, let outcome):
            let how = outcome.map { "ended as \(EventWords.words($0))" } ?? "is not over"
            return refused(
                "the last run of \(what) in \(policy.from), \(run), \(how)",
                outcome == nil ? "see: shipit status \(run)" : "deploy it there once more: \(deploy)")
        }
    }
}

extension GateFinding {
    /// `rehearsed:`, with the rehearsal that counts or what is missing.
    static func rehearsal(
        _ policy: RehearsalPolicy, of plan: Plan, _ verdict: RehearsalVerdict, now: Instant
    ) -> GateFinding {
        let tag = ShellWord.quoted(SafeText.line(plan.release.tag))
        let rehearse = "shipit rehearse \(tag) --env \(policy.environments.first ?? "NAME")"
        let places = policy.environments.joined(separator: " or ")
        func refused(_ reason: String, _ hint: String) -> GateFinding {
            GateFinding(name: RehearsalPolicy.gate, standing: .refused, reason: reason, hint: hint)
        }
        switch verdict {
        case .passed(let rehearsal, let end):
            let recovery = rehearsal.recoveryTime.map { ", and took \(Words.duration($0))" } ?? ""
            return GateFinding(
                name: RehearsalPolicy.gate, standing: .passed,
                reason: "a rollback was rehearsed in \(rehearsal.environment) \(Words.elapsed(now - end)) ago"
                    + "\(recovery) (run \(rehearsal.run))")
        case .never:
            return refused("no rollback has been rehearsed in \(places)", "rehearse one first: \(rehearse)")
        case .tooLongAgo(let rehearsal, let end):
            return refused(
                "the last rehearsed rollback was in \(rehearsal.environment) \(Words.elapsed(now - end)) ago "
                    + "(run \(rehearsal.run)), and \(plan.environment) wants one within \(Words.span(policy.within))",
                "rehearse one anew: \(rehearse)")
        case .notPassed(let rehearsal):
            let how = rehearsal.outcome.map { "ended as \(EventWords.words($0))" } ?? "is not over"
            let again = rehearsal.outcome == .rolledBack ? ", once a person had asked for it again" : ""
            return refused(
                "the last rehearsal in \(rehearsal.environment), \(rehearsal.run), \(how)\(again)",
                rehearsal.outcome == nil
                    ? "see: shipit status \(rehearsal.run)" : "see why, and rehearse one anew: \(rehearse)")
        }
    }
}
