import ShipitCore

extension WindowsDecoder.Key {
    static var aboutSection: SectionDescription {
        SectionDescription(
            "windows", at: "environments.NAME.windows",
            "When a deployment may begin here, by the clocks of a zone. Without `allow`, whatever is not denied is allowed."
        )
    }

    static var required: [Self] { [.zone] }

    var about: KeyDescription {
        switch self {
        case .zone:
            KeyDescription(
                .text, "Whose clocks: `UTC`, or an IANA name that the machine knows.", example: "zone: Europe/Athens")
        case .allow:
            KeyDescription(
                .listOrOne(
                    .pattern(Patterns.whole(Patterns.window), "a window, such as Tue-Thu 02:00-06:00"), isEmpty: false),
                "The windows. The first minute is inside, the last one is outside.",
                fallback: "all the time", example: #"allow: ["Tue-Thu 02:00-06:00", "Fri 23:00-03:00"]"#)
        case .deny:
            KeyDescription(
                .listOrOne(
                    .pattern(
                        Patterns.whole(Patterns.closure), "a window or dates, such as 2026-12-20..2027-01-03"),
                    isEmpty: false),
                "When nothing may begin, whatever is allowed: dates (the last one, too) and windows.",
                example: #"deny: ["2026-12-20..2027-01-03"]"#)
        case .fit:
            KeyDescription(
                .yesOrNo, "Begin only if the run and its rollback usually fit in before the window closes.",
                fallback: "`no`")
        }
    }
}
