import ShipitCore

extension CheckDecoder.Key {
    static var aboutSection: SectionDescription {
        SectionDescription(
            "check", at: "checks.SUITE",
            "What is expected: exactly one probe, what that probe knows, and what all checks have. Without any "
                + "expectation, an answer is enough.")
    }

    var about: KeyDescription {
        switch self {
        case .name:
            KeyDescription(.text, "What the check is called; one name a check in its suite.", fallback: "what it asks")
        case .severity:
            KeyDescription(
                .word(["critical", "high", "medium"]),
                "What a failure means: `critical` is NO-GO, `medium` only warns, `high` needs a waiver or its owner's "
                    + "sign-off.", fallback: "critical")
        case .owner: KeyDescription(.text, "Who answers for it.")
        case .dependsOn: KeyDescription(.listOrOne(.text), "Checks of the same suite that must have passed before.")
        case .retries: KeyDescription(.whole(0...1000), "How often it is asked again when it fails.", fallback: "0")
        case .timeout: KeyDescription(.positiveDuration, "How long an answer may take.", fallback: "10s")
        case .remediation: KeyDescription(.text, "What to do when it fails.")
        case .imported:
            KeyDescription(
                .section(ChecklistOriginDecoder.Key.self), "Where `shipit import` found it in a checklist.")
        case .ttl:
            KeyDescription(
                .positiveDuration,
                "How long a person's tick or sign-off counts, and how long `shipit check` believes a pass without asking "
                    + "again. A deployment always asks.", fallback: "24h for what people say, else nothing is believed")
        case .blocks:
            KeyDescription(
                .either([.template, .mapping(.any, of: .template)]),
                "A second, harder limit: missing the plain one is then a warning, missing this one NO-GO. Where the check "
                    + "has several conditions, by field.", example: "{disk: /, free: \"> 20GB\", blocks: \"> 10GB\"}")
        case .waiver:
            KeyDescription(
                .section(WaiverDecoder.Key.self), "Lets the check fail, for a reason and not for ever.",
                example: "waiver: {by: ana, why: \"the new disk comes on Friday\", until: 2026-12-31}")
        }
    }
}

extension WaiverDecoder.Key {
    static var aboutSection: SectionDescription {
        SectionDescription(
            "waiver", at: "checks.SUITE.waiver",
            "Who lets a check fail, why, and until when. Afterwards the failure counts again.")
    }

    static var required: [Self] { allCases }

    var about: KeyDescription {
        switch self {
        case .by: KeyDescription(.text, "Who answers for it.")
        case .why: KeyDescription(.text, "Why it may fail.")
        case .until:
            KeyDescription(
                .pattern("[0-9]{4}-[0-9]{2}-[0-9]{2}", "a day, such as 2026-12-31"),
                "The last day on which it counts, in UTC.")
        }
    }
}

extension ChecklistOriginDecoder.Key {
    static var aboutSection: SectionDescription {
        SectionDescription(
            "imported", at: "checks.SUITE.imported",
            "Where an item of a checklist stood. `shipit import` writes it, so that a report can show the checklist again."
        )
    }

    static var required: [Self] { [.line] }

    var about: KeyDescription {
        switch self {
        case .line: KeyDescription(.whole(1...Int(Int32.max)), "Its line.")
        case .section: KeyDescription(.anyText, "The headings above it.")
        case .level: KeyDescription(.whole(1...100), "How deep it was indented.", fallback: "1")
        case .ticked: KeyDescription(.yesOrNo, "Whether its box was ticked.", fallback: "no")
        case .text: KeyDescription(.anyText, "Its text.", fallback: "the check's name")
        case .notes: KeyDescription(.anyText, "What stood below it.")
        }
    }
}
