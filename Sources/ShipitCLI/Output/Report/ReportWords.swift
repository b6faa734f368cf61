import ShipitCore

/// What the forms of a report say in the same words.
enum ReportWords {
    /// How it is known who gave a word.
    static func proof(_ signOff: SignOff) -> String {
        switch signOff.proof {
        case .osUser: "user \(signOff.by) of the machine"
        case .sshKey: "signature of their key"
        case .claimed: "claimed by user \(signOff.by)"
        }
    }

    static func judgement(_ kind: RunReport.Judgement.Kind) -> String {
        switch kind {
        case .over: "over its limit"
        case .within: "within it again"
        case .breach: "BREACHED"
        }
    }

    /// Operators' acts, and where the run stood still, in the order of time.
    static func turns(_ report: RunReport) -> [RunReport.Turn] {
        let acts = report.acts.map { RunReport.Turn(at: $0.at, words: EventWords(.operatorActed($0.act)).words) }
        return (acts + report.turns).enumerated().sorted {
            ($0.element.at, $0.offset) < ($1.element.at, $1.offset)
        }.map(\.element)
    }

    /// `nil` where monitoring never began.
    static func monitored(_ report: RunReport) -> String? {
        guard let began = report.view.state.monitoringStartedAt else { return nil }
        let until = report.rollbackStartedAt ?? report.view.state.finishedAt ?? report.now
        return "Monitored from \(Words.minute(began)) UTC on, for \(Words.duration(until - began))."
    }
}
