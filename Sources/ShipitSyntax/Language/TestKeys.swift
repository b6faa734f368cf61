import ShipitCore

extension TestDecoder.Key {
    static var aboutSection: SectionDescription {
        SectionDescription(
            "test", at: "tests", "A case that `shipit test` plays: what is given, and what is to come of it.")
    }

    static var required: [Self] { [.name, .expect] }

    var about: KeyDescription {
        switch self {
        case .name:
            KeyDescription(.text, "What it shows.", example: "name: a failed smoke test brings the old release back")
        case .environment: KeyDescription(.text, "The environment it is played in.", fallback: "the pipeline's first")
        case .given:
            KeyDescription(
                .mapping(.any, of: .given),
                "What stages and sources do, by name; whoever is not named does well. A name that is both is written "
                    + "`stage NAME` or `source NAME`; `undo NAME`, `finally NAME`, `verify NAME` and "
                    + "`rollback-check NAME` are parts of a stage.",
                example: "given: {smoke: fails, api: fails after restart}")
        case .expect: KeyDescription(.section(TestDecoder.ExpectKey.self), "What is to come of it.")
        }
    }
}

extension TestDecoder.ExpectKey {
    static var aboutSection: SectionDescription {
        SectionDescription(
            "expect", at: "tests.expect", "What is to come of a test: at least one of these.", mayBeEmpty: false)
    }

    var about: KeyDescription {
        switch self {
        case .outcome: KeyDescription(.word(PipelineTest.outcomes), "How the run ends.")
        case .exit: KeyDescription(.whole(0...6), "The exit code.")
        case .undone: KeyDescription(.listOrOne(.text), "The stages that are undone, in this order.")
        case .ran: KeyDescription(.listOrOne(.text), "Stages that ran.")
        case .skipped: KeyDescription(.listOrOne(.text), "Stages that did not.")
        case .pausedAt: KeyDescription(.text, "The stage at which the run pauses.")
        case .within: KeyDescription(.positiveDuration, "How long it takes at most, until it has ended.")
        }
    }
}

extension SpellDecoder.Key {
    static var aboutSection: SectionDescription {
        SectionDescription(
            "spell", at: "tests.given.SOURCE", "A time in which a source of the monitor answers otherwise than well.",
            mayBeEmpty: false)
    }

    var about: KeyDescription {
        switch self {
        case .during:
            KeyDescription(.word([Script.Phase.baseline.rawValue]), "Only while the baseline is taken, from its begin.")
        case .after: KeyDescription(.text, "The stage after which it begins.", fallback: "the begin of the monitoring")
        case .from: KeyDescription(.duration, "How long after that it begins.", fallback: "0s")
        case .duration: KeyDescription(.positiveDuration, "How long it lasts.", fallback: "to the end")
        case .errorRate: KeyDescription(.share, "The share of errors.")
        case .time: KeyDescription(.duration, "How long its answers take.")
        case .value: KeyDescription(.number(), "The number it gives.")
        case .noData: KeyDescription(.yesOrNo, "Whether it gives nothing.", fallback: "no")
        }
    }
}

extension Shape {
    /// What a stage or a source is given.
    static var given: Shape {
        let often = "( +(once|[1-9][0-9]* +times))?"
        let clause =
            "(succeeds|fails( +with +exit +[1-9][0-9]*)?\(often)|times +out\(often)|dies|engine +dies|takes +\(Patterns.duration))"
        let spell = "(fails|gives +nothing)( +after +[^ ]+)?"
        return .either([
            .pattern(
                "^ *(\(clause)( *, *\(clause))*|\(spell)|done|not done|cannot tell) *$",
                "a result, such as fails 2 times"),
            .section(SpellDecoder.Key.self), .list(.section(SpellDecoder.Key.self), isEmpty: true),
        ])
    }
}
