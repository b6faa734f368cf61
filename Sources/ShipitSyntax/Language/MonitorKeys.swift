import ShipitCore

extension MonitorDecoder.Key {
    static var aboutSection: SectionDescription {
        SectionDescription(
            "monitor", at: "monitor",
            "Guards the run, and goes on after the last stage. No data is never good news: a rule whose source gives "
                + "nothing is inconclusive.")
    }

    var about: KeyDescription {
        switch self {
        case .from, .duration, .inconclusive, .grace, .baseline, .control, .floor, .significance, .rollbackVerify,
            .rollbackBudget:
            course
        case .sources:
            KeyDescription(
                .mapping(.names, of: .source), "What is sampled, by name.",
                example: #"sources: {api: {http: "http://127.0.0.1:8080/health", every: 5s}}"#)
        case .every: KeyDescription(.positiveDuration, "How often sources are sampled.", fallback: "5s")
        case .timeout: KeyDescription(.positiveDuration, "How long an answer may take.", fallback: "10s")
        case .window:
            KeyDescription(.positiveDuration, "The time that ratios and quantiles are taken over.", fallback: "1m")
        case .minSamples:
            KeyDescription(
                .whole(1...1_000_000), "How many samples a window needs; fewer are no verdict.", fallback: "20")
        case .rollbackWhen:
            KeyDescription(
                .listOrOne(.rule), "Rules; one that is broken rolls the run back.",
                example: "rollback-when: [api.error-rate > 5% for 5m, db fails 3 times]")
        case .warnWhen: KeyDescription(.listOrOne(.rule), "Rules; one that is broken is noted.")
        }
    }

    private var course: KeyDescription {
        switch self {
        case .from:
            KeyDescription(
                .text, "The stage at whose success the monitoring begins.",
                fallback: "the last stage that changes things")
        case .duration:
            KeyDescription(.duration, "How long it goes on after the last stage.", fallback: "0s", example: "for: 24h")
        case .inconclusive:
            KeyDescription(
                .word(["rollback", "pause", "ignore"]), "What happens when no verdict was possible for `grace`.",
                fallback: "pause")
        case .grace: KeyDescription(.duration, "How long there may be no verdict.", fallback: "2m")
        case .baseline:
            KeyDescription(
                .either([.positiveDuration, .section(MonitorDecoder.BaselineKey.self)]),
                "How long every source is sampled before the first change, for rules and controls that are compared with "
                    + "it. Too little data refuses the run, before anything is changed.", example: "baseline: 2m")
        case .control:
            KeyDescription(
                .listOrOne(.text),
                "Sources that this release does not move. Where one of them has moved when a rule is broken, the run pauses "
                    + "instead of rolling back.", example: "control: [other-service]")
        case .floor:
            KeyDescription(
                .listOrOne(
                    .either([
                        .pattern(Patterns.whole(Patterns.quantity), "a difference, such as 10ms or 0.1%"), .number(),
                    ]), isEmpty: true),
                "The smallest difference from the baseline that counts, one for each unit.",
                fallback: "[10ms, 0.1%, 0]", example: "floor: [20ms, 0.5%]")
        case .significance:
            KeyDescription(
                .number(in: 0...1),
                "How sure a difference from the baseline must be, from 0.5 to less than 1: what chance may explain breaks no "
                    + "relative rule.", fallback: "the difference is shown, and vetoes nothing",
                example: "significance: 0.98")
        case .rollbackVerify:
            KeyDescription(
                .text,
                "The suite that is asked once all is undone, or `none`; if it says NO-GO, the rollback has failed.",
                fallback: "what the smoke stage asks that doesn't name the release", example: "rollback-verify: smoke")
        case .rollbackBudget:
            KeyDescription(
                .whole(0...1000),
                "How many releases the monitor may bring back in an environment within a day; then a breach pauses the run.",
                fallback: "3", example: "rollback-budget: 3")
        default: preconditionFailure("described with the others")
        }
    }
}

extension MonitorDecoder.BaselineKey {
    static var aboutSection: SectionDescription {
        SectionDescription(
            "baseline", at: "monitor.baseline", "What is sampled before the first change.", mayBeEmpty: false)
    }

    static var required: [Self] { [.duration] }

    var about: KeyDescription {
        switch self {
        case .duration: KeyDescription(.positiveDuration, "How long.")
        case .optional:
            KeyDescription(
                .yesOrNo, "Whether the run goes on with too little data: what is compared with it has no verdict then.",
                fallback: "no")
        }
    }
}

extension MonitorDecoder.SourceKey {
    static var aboutSection: SectionDescription {
        SectionDescription(
            "source", at: "monitor.sources.NAME",
            "What is sampled: exactly one probe, what that probe knows, and how often.")
    }

    var about: KeyDescription {
        switch self {
        case .every: KeyDescription(.positiveDuration, "How often it is sampled.", fallback: "the monitor's `every`")
        case .timeout:
            KeyDescription(.positiveDuration, "How long an answer may take.", fallback: "the monitor's `timeout`")
        }
    }
}

extension Shape {
    /// `SOURCE.METRIC OP VALUE [for DURATION]`, or `SOURCE fails N times`.
    static var rule: Shape {
        let name = "[A-Za-z0-9][A-Za-z0-9._-]*"
        let hold = "( +for +\(Patterns.duration))?"
        func limit(_ value: String) -> String {
            let relative = #"baseline( *(\* *\#(Patterns.number)|[-+] *(\#(value)|\#(Patterns.ratio))))?"#
            return " *((<=|>=|==|<|>) *(\(value))|(<=|>=|<|>) *\(relative))"
        }
        let metrics = [
            #"\.error-rate"# + limit(Patterns.ratio), #"\.(mean|p[0-9][0-9.]*)"# + limit(Patterns.duration),
            #"\.value"# + limit(Patterns.quantity), #"\.(count|rate)"# + " *(<=|>=|==|<|>) *\(Patterns.number)",
        ]
        return .pattern(
            "^ *\(name)((\(metrics.joined(separator: "|")))\(hold)| +fails +[1-9][0-9]* +times?) *$",
            "a rule, such as api.p95 > 200ms for 2m, or api fails 3 times")
    }
}
