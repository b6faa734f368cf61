import ShipitCore

extension StageDecoder {
    /// What happens when the stage is interrupted, undone or left: `verify`, `rollback`, `finally`, `reversible`.
    func wayBack(_ fields: Fields<Key>, _ index: Int, _ stage: inout Stage, _ draft: inout StageDraft) -> Bool {
        let calls = CallDecoder(reading: reading)
        var isRight = true
        func call(_ key: Key, _ kind: Site.Kind) -> ActionCall? {
            guard let node = fields[key] else { return nil }
            let call = calls.call(node, "\"\(key.rawValue)\"", Site(kind: kind, stage: index))
            if call == nil { isRight = false }
            return call
        }
        stage.verify = call(.verify, .verify)
        stage.rollback = call(.rollback, .rollback)
        stage.finally = call(.finally, .finally)
        isRight = onInterrupt(fields, &stage, draft) && isRight
        guard reversible(fields, &stage, &draft), isRight else { return false }
        if stage.reversible == .no, let place = fields.keyPlace(.rollback) {
            reading.warning(
                "rollback-never-called", "stage \"\(draft.name)\" is reversible: no, so its rollback: is never called",
                at: place, hint: "remove one of them")
        }
        return true
    }

    private func onInterrupt(_ fields: Fields<Key>, _ stage: inout Stage, _ draft: StageDraft) -> Bool {
        guard let node = fields[.onInterrupt] else {
            // Who writes how to verify wants it verified.
            if stage.verify != nil { stage.onInterrupt = .verify }
            return true
        }
        guard let word = reading.word(node, "\"on-interrupt\"", [OnInterrupt.rerun, .verify, .ask]) else {
            return false
        }
        stage.onInterrupt = word
        if word == .verify, !verifiesItself(draft.kind), fields[.verify] == nil {
            reading.warning(
                "cannot-verify", "nothing says how to verify stage \"\(draft.name)\", so a person will be asked",
                at: node.place, hint: "add verify: with a command that exits 0 when it is done and 1 when it is not")
        }
        return true
    }

    private func verifiesItself(_ kind: StageDraft.Kind?) -> Bool {
        switch kind {
        case .run, .checks, .hold, .notify: false
        case .uses(_, let action): action?.verifies ?? true
        // What it is was not understood.
        case nil: true
        }
    }

    private func reversible(_ fields: Fields<Key>, _ stage: inout Stage, _ draft: inout StageDraft) -> Bool {
        if let node = fields[.contract], let name = reading.literal(node, "\"contract\"") {
            draft.contract = Named(name: name, place: node.place)
        }
        var isUntilContract = false
        if let node = fields[.reversible] {
            guard let text = reading.text(node, "\"reversible\"", "a word") else { return false }
            switch text {
            case "until-contract": isUntilContract = true
            case let word:
                guard let isReversible = Reading.flag(word) else {
                    reading.unknownWord(word, "\"reversible\"", ["yes", "no", "until-contract"], at: node.place)
                    return false
                }
                stage.reversible = isReversible ? .yes : .no
            }
        }
        if isUntilContract, fields.keyPlace(.contract) == nil {
            reading.error(
                "missing-key", "reversible until which stage has started?", at: fields[.reversible]!.place,
                hint: "name it with contract:")
            return false
        }
        if let place = fields.keyPlace(.contract), !isUntilContract {
            reading.error(
                "misplaced-key", "\"contract\" has a meaning only beside reversible: until-contract", at: place)
            return false
        }
        if isUntilContract {
            guard let contract = draft.contract else { return false }
            stage.reversible = .untilContract(StageName(contract.name))
        }
        return true
    }
}
