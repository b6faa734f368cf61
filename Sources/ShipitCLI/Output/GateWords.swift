import ShipitCore

/// Who must sign a run, who has, and with which command.
enum GateWords {
    /// For `plan`, before there is a run: each gate, and whether it would be passed now.
    static func plan(_ facts: PlanFacts) -> String {
        var table = Table(indent: "  ")
        for gate in facts.gates {
            let would = gate.standing == .passed ? "passes" : "would be refused"
            table.add(SafeText.line(gate.name), SafeText.line("\(would): \(gate.reason)"))
            for line in gate.hint.map(TypedPlace.complete).map(CallWords.split) ?? [] where gate.standing != .passed {
                table.add("", "  " + line)
            }
        }
        for (stage, approvals) in facts.approvals {
            let place = stage.map { "at stage \($0), " } ?? ""
            for role in approvals.roles {
                table.add(SafeText.line(role.gate), "\(place)to be signed by \(quorum(role))\(terms(approvals))")
            }
        }
        return table.text.isEmpty ? "gates: none\n" : "gates:\n" + table.text
    }

    /// What a stage waits for.
    static func waits(_ hold: StageHold) -> String {
        guard case .approval(let policy) = hold else { return Words.span(hold.span) }
        return "for " + policy.roles.map { "\($0.name) (\(quorum($0)))" }.joined(separator: " and ") + " to sign"
            + terms(policy)
    }

    private static func terms(_ approvals: ApprovalPolicy) -> String {
        ", within \(Words.span(approvals.expires))" + (approvals.allowSelf ? "" : ", not by who starts the run")
    }

    /// For `status`; empty where nobody has to sign.
    static func status(_ view: RunView, now: Instant) -> String {
        guard !view.state.gates.isEmpty else { return "" }
        let window = view.phase == .waiting ? view.windowGate : nil
        var table = Table(["APPROVAL", "STATE", ""])
        for gate in view.state.gates {
            let stage = gate.stage.map { " (stage \($0))" } ?? ""
            table.add(SafeText.line(gate.role.name + stage), gate.standing.rawValue, SafeText.joined(note(gate)))
        }
        if let window { table.add(window.name, window.standing.rawValue, SafeText.joined(window.reason)) }
        return table.text + ends(view, now: now).map { $0 + "\n" }.joined() + "\n"
    }

    /// Each role that must still sign, with its command; lines for a person.
    static func open(_ view: RunView) -> [String] {
        let gates = view.state.gates.filter { $0.isOpen && view.state.end(of: $0) != nil }
        var table = Table(indent: "  ")
        for gate in gates {
            let command = TypedPlace.complete(command(gate, view))
            table.add(SafeText.line(gate.role.name), missing(gate), command)
        }
        return table.text.split(separator: "\n").map(String.init)
    }

    /// Until when it can be signed, while that matters: a line for the run's beginning, or one for each stage that waits.
    static func ends(_ view: RunView, now: Instant) -> [String] {
        guard view.state.isUnbegun else { return stageEnds(view, now: now) }
        guard let end = view.state.signOffsEnd else { return [] }
        if now < end { return ["to be signed, and begun, before \(Words.minute(end)) UTC"] }
        return ["the time to sign ended at \(Words.minute(end)) UTC: deploy anew"]
    }

    private static func stageEnds(_ view: RunView, now: Instant) -> [String] {
        var seen: Set<StageName> = []
        return view.state.gates.compactMap { gate in
            guard let stage = gate.stage, gate.isOpen, let end = view.state.end(of: gate), seen.insert(stage).inserted
            else { return nil }
            let words = now < end ? "to be signed before" : "the time to sign ended at"
            return SafeText.line("stage \(stage): \(words) \(Words.minute(end)) UTC")
        }
    }

    /// `one of ana, ben`.
    static func missing(_ gate: GateState) -> String {
        let names = gate.role.people.map(\.name).filter { !gate.isSigned(by: $0) }
        let all = SafeText.line(names.joined(separator: ", "))
        if gate.missing == names.count { return all }
        return (gate.missing == 1 ? "one of " : "\(gate.missing) of ") + all
    }

    /// What the next one of a role types. Where only one person is left, with what is needed of them.
    static func command(_ gate: GateState, _ view: RunView) -> String {
        let others = view.state.gates.filter { $0.role.name == gate.role.name && $0.isOpen }
        let stage = others.count > 1 ? gate.stage.map { " --stage \($0)" } ?? "" : ""
        let words = "shipit approve \(view.created.run) \(gate.role.name)\(stage)"
        let left = gate.role.people.filter { !gate.isSigned(by: $0.name) }
        guard left.count == 1, let person = left.first else { return words }
        let name = person.osUser == nil ? " --as \(person.name)" : ""
        return words + name + (person.sshKey == nil ? "" : " --sign KEY")
    }

    private static func note(_ gate: GateState) -> String {
        if let reason = gate.reason { return reason }
        let signed = gate.signOffs.map(EventWords.words).joined(separator: ", ")
        if gate.standing == .passed { return "signed by \(signed)" }
        return (signed.isEmpty ? "" : "signed by \(signed); ") + "needs \(missing(gate))"
    }

    private static func quorum(_ role: ApprovalRole) -> String {
        let names = SafeText.line(role.people.map(\.name).joined(separator: ", "))
        if role.quorum == role.people.count { return names }
        return (role.quorum == 1 ? "one of " : "\(role.quorum) of ") + names
    }
}
