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
        if let approvals = facts.plan.approvals {
            for role in approvals.roles {
                table.add(SafeText.line(role.gate), "to be signed by \(quorum(role))\(terms(approvals))")
            }
        }
        return table.text.isEmpty ? "gates: none\n" : "gates:\n" + table.text
    }

    private static func terms(_ approvals: ApprovalPolicy) -> String {
        ", within \(Words.span(approvals.expires))" + (approvals.allowSelf ? "" : ", not by who starts the run")
    }

    /// For `status`; empty where nobody has to sign.
    static func status(_ view: RunView, now: Instant) -> String {
        guard !view.state.gates.isEmpty else { return "" }
        var table = Table(["APPROVAL", "STATE", ""])
        for gate in view.state.gates {
            table.add(SafeText.line(gate.role.name), gate.standing.rawValue, SafeText.joined(note(gate)))
        }
        return table.text + (end(view, now: now).map { $0 + "\n" } ?? "") + "\n"
    }

    /// Each role that must still sign, with its command; lines for a person.
    static func open(_ view: RunView) -> [String] {
        let gates = view.state.gates.filter { $0.standing == .waiting }
        var table = Table(indent: "  ")
        for gate in gates {
            let command = TypedPlace.complete(command(gate, run: view.created.run))
            table.add(SafeText.line(gate.role.name), missing(gate), command)
        }
        return table.text.split(separator: "\n").map(String.init)
    }

    /// Until when it can be signed, while that matters.
    static func end(_ view: RunView, now: Instant) -> String? {
        guard view.phase == .waiting, let end = view.state.signOffsEnd else { return nil }
        if now < end { return "to be signed, and begun, before \(Words.minute(end)) UTC" }
        return "the time to sign ended at \(Words.minute(end)) UTC: deploy anew"
    }

    /// `one of ana, ben`.
    static func missing(_ gate: GateState) -> String {
        let names = gate.role.people.map(\.name).filter { !gate.isSigned(by: $0) }
        let all = SafeText.line(names.joined(separator: ", "))
        if gate.missing == names.count { return all }
        return (gate.missing == 1 ? "one of " : "\(gate.missing) of ") + all
    }

    /// What the next one of a role types. Where only one person is left, with what is needed of them.
    static func command(_ gate: GateState, run: RunID) -> String {
        let words = "shipit approve \(run) \(gate.role.name)"
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
