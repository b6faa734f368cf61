import ShipitCore

extension ScheduleDecoder.Key {
    static var aboutSection: SectionDescription {
        SectionDescription(
            "schedule", at: "schedule",
            "A run that begins by itself, while `shipit serve` looks at the clock. Each time happens once, also where two "
                + "servers look, and on days on which the clocks are set: a time that they skip is made up for at the first "
                + "moment after, one that they show twice counts once.")
    }

    static var required: [Self] { [.cron, .zone] }

    var about: KeyDescription {
        switch self {
        case .name:
            KeyDescription(
                .pattern(#"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"#, "a name, such as nightly"),
                "What it is called, in `schedule run NAME` as well.",
                fallback: "the environment, with `-dry-run` for one", example: "name: nightly")
        case .cron:
            KeyDescription(
                .text,
                "When: minute, hour, day of the month, month, day of the week, of numbers, names, ranges, steps and lists. "
                    + "Where both days are restricted, one of them is enough.",
                example: #"cron: "30 6 * * MON-FRI""#)
        case .zone:
            KeyDescription(
                .text, "By whose clocks: `UTC`, or an IANA name that the machine knows.", example: "zone: Europe/Athens"
            )
        case .tag:
            KeyDescription(
                .text,
                "Which release: `latest`, or a pattern with `*` and `?`. The highest version that matches and that "
                    + "`release.tags` takes.",
                fallback: "latest", example: #"tag: "v1.*""#)
        case .environment:
            KeyDescription(
                .text, "The environment it goes to.", fallback: "the only one", example: "environment: staging")
        case .dryRun:
            KeyDescription(
                .yesOrNo,
                "Only find out what a deployment would do: plan, previews and read-only checks, compared with the time "
                    + "before.",
                fallback: "`no`")
        case .missed:
            KeyDescription(
                .word(ScheduleEntry.Missed.allCases.map(\.rawValue)),
                "What becomes of times at which nobody looked (more than a minute late): nothing, or `once`: the last of "
                    + "them is made up for.",
                fallback: "skip")
        case .overlap:
            KeyDescription(
                .word(ScheduleEntry.Overlap.allCases.map(\.rawValue)),
                "What is done while the run before has not ended: nothing, or `queue`: it begins afterwards. One at most "
                    + "waits.",
                fallback: "skip")
        case .jitter:
            KeyDescription(
                .duration, "Begin up to this much later, always the same for one time.", fallback: "`0s`",
                example: "jitter: 10m")
        }
    }
}
