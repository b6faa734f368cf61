import ShipitCore

/// When windows open and close, as a person reads it: by the clocks of the zone, and in UTC.
enum WindowWords {
    static let gate = "window"

    /// `Tue 2026-12-01 02:00 Europe/Athens (00:00 UTC)`
    static func moment(_ instant: Instant, _ zone: ZoneRules) -> String {
        let local = zone.local(at: instant)
        let text = "\(Weekday(ofDay: local.daysSinceEpoch).short) \(local)"
        let utc = ZoneRules.utc.local(at: instant)
        if zone.name == "UTC" || zone.offset(at: instant) == .zero { return "\(text) UTC" }
        let sameDay = local.daysSinceEpoch == utc.daysSinceEpoch
        return "\(text) \(zone.name) (\(sameDay ? String("\(utc)".dropFirst(11)) : "\(utc)") UTC)"
    }

    static func opens(_ instant: Instant?, _ zone: ZoneRules, now: Instant) -> String {
        guard let instant else { return "none opens within ten years" }
        return "the next one opens \(moment(instant, zone)), in \(Words.elapsed(instant - now))"
    }

    static func closed(_ standing: Windows.Standing, in environment: String) -> String {
        let why = standing.closedBy.map { "denied by \($0.written)" } ?? "outside its windows"
        return "\(environment) is closed now, \(why)"
    }

    static func open(_ standing: Windows.Standing, _ zone: ZoneRules) -> String {
        standing.until.map { "open until \(moment($0, zone))" } ?? "open"
    }
}

extension RunView {
    /// The gate of the run's windows; `nil` where it may begin at any time. Once it has begun, they have done their part.
    var windowGate: GateFinding? {
        guard let windows = state.plan.windows else { return nil }
        func finding(_ standing: GateState.Standing, _ reason: String) -> GateFinding {
            GateFinding(name: WindowWords.gate, standing: standing, reason: reason)
        }
        if state.gates.isEmpty || state.hasBegun { return finding(.passed, "the run began while it was open") }
        if state.outcome != nil { return finding(.refused, "the run ended before it began") }
        guard let now, let zone else { return finding(.waiting, "by the clocks of \(windows.zone)") }
        let standing = windows.standing(at: now, zone)
        if standing.isOpen { return finding(.passed, WindowWords.open(standing, zone)) }
        return finding(
            .waiting,
            "\(WindowWords.closed(standing, in: created.environment)); \(WindowWords.opens(standing.until, zone, now: now))"
        )
    }
}
