import ShipitCore

/// `approval:`, `wait:` and `notify:`: stages that do nothing themselves.
struct HoldDecoder {
    let reading: Reading

    /// What such a stage may say besides.
    private static let allowed: [StageDecoder.Key] = [.approval, .wait, .notify, .needs, .condition]

    func decode(
        _ fields: Fields<StageDecoder.Key>, _ owner: String, _ index: Int, _ stage: inout Stage,
        _ draft: inout StageDraft
    ) -> Bool {
        var isRight = refuseOthers(fields, owner)
        if let node = fields[.approval] {
            let approvals = ApprovalsDecoder(reading: reading).approval(node)
            draft.kind = .hold(approvals)
            stage.perform = ActionCall(action: StageDecoder.Key.approval.rawValue)
            isRight = approvals != nil && isRight
        } else if let node = fields[.wait] {
            draft.kind = .hold(nil)
            stage.perform = ActionCall(action: StageDecoder.Key.wait.rawValue)
            let span = reading.positiveDuration(node, "\"wait\"")
            stage.hold = span.map { .wait($0) }
            isRight = span != nil && isRight
        } else if let node = fields[.notify] {
            draft.kind = .notify
            stage.perform = ActionCall(action: StageDecoder.Key.notify.rawValue)
            let call = NotifyDecoder(reading: reading).call(
                ofStage: node, owner, Site(kind: .notify, stage: index))
            stage.hold = call.map { .notify($0) }
            isRight = call != nil && isRight
        }
        return isRight
    }

    private func refuseOthers(_ fields: Fields<StageDecoder.Key>, _ owner: String) -> Bool {
        // A `with:` without an action is told already.
        let others = fields.entries.filter { !Self.allowed.contains($0.key) && $0.key != .with }
        for field in others {
            let isLimit = fields[.approval] != nil && [.timeout, .deadline].contains(field.key)
            reading.error(
                "misplaced-key",
                "\"\(field.key.rawValue)\" is about work, and \(owner) only \(fields[.notify] == nil ? "waits" : "notifies")",
                at: field.entry.keyPlace,
                hint: isLimit ? "write approval: {roles: [ROLE], expires: 2h}" : "such a stage has needs: and if:")
        }
        return others.isEmpty
    }
}
