/// What is asked once all is undone: whether the release before is well (`rollback-verify:`).
extension Plan {
    /// What is asked of a release by this name is the smoke stage's.
    static let smoke = "smoke"

    /// Gives it to the stage whose retry, timeout and environment it has. Where nothing was live before, nothing can be well.
    /// - Parameter written: the suites before their values were substituted: only there it can be seen what names the release.
    mutating func addRollbackCheck(written: [String: [Check]]) {
        guard previous != nil else { return }
        switch monitor?.rollbackVerify {
        case RollbackVerification.none?: return
        case .suite(let name)?:
            if let stage = stageForRollbackCheck(asking: name) { stages[stage].rollbackCheck = .checks(name) }
        case nil:
            guard let stage = smokeStage, let suite = stages[stage].suite, let checks = written[suite],
                let substituted = suites[suite]
            else { return }
            let kept = checks.askedOfAnyRelease
            guard !kept.isEmpty else { return }
            // A name with blanks, which no author can give.
            let name = "\(suite) after a rollback"
            suites[name] = substituted.filter { kept.contains($0.name) }
            stages[stage].rollbackCheck = .checks(name)
        }
    }

    /// The stage that is called `smoke`, or asks the suite that is.
    private var smokeStage: Int? {
        let asking = stages.indices.filter { !stages[$0].skipped && stages[$0].suite != nil }
        return asking.first { stages[$0].group ?? stages[$0].name.text == Self.smoke }
            ?? asking.first { stages[$0].suite == Self.smoke }
    }

    /// The stage that asks this very suite, else the smoke stage, else the last that does something here.
    private func stageForRollbackCheck(asking suite: String) -> Int? {
        stages.firstIndex { !$0.skipped && $0.suite == suite } ?? smokeStage
            ?? stages.lastIndex { !$0.skipped && $0.hosts == nil && $0.hold == nil } ?? stages.indices.last
    }

    /// The checks of the smoke stage that are not asked after a rollback: they speak of the new release.
    public var leftOutOfRollbackCheck: [String] {
        guard let stage = stages.first(where: { $0.rollbackCheck != nil }), let suite = stage.suite,
            let asked = stage.rollbackCheck?.suite, asked != suite, asked.hasPrefix(suite + " ")
        else { return [] }
        let names = Set((suites[asked] ?? []).map(\.name))
        return (suites[suite] ?? []).map(\.name).filter { !names.contains($0) }
    }
}

extension PlannedStage {
    /// The suite that it asks, if that is what it does.
    var suite: String? { perform.suite }
}

extension ActionCall {
    /// The suite that it asks, if that is what it does.
    public var suite: String? {
        guard action == "checks", case .text(let name)? = inputs["suite"] else { return nil }
        return name.literal
    }
}

extension [Check] {
    /// The names of those that are true of any release that is well. What depends on one that is left out is left out, too.
    fileprivate var askedOfAnyRelease: Set<String> {
        var left = Set(filter { $0.namesRelease || $0.isManual || $0.probe.probe == "report" }.map(\.name))
        while let more = first(where: { !left.contains($0.name) && $0.dependsOn.contains(where: left.contains) }) {
            left.insert(more.name)
        }
        return Set(map(\.name)).subtracting(left)
    }
}

extension Check {
    /// What scripts find the release in.
    private static let variables = ["SHIPIT_VERSION", "SHIPIT_TAG", "SHIPIT_COMMIT", "SHIPIT_TREE"]

    /// Whether it refers to the release that is deployed, or to what a stage of its run put out.
    public var namesRelease: Bool {
        let refers = references.contains { reference in
            switch reference {
            case .release, .output: true
            default: false
            }
        }
        return refers
            || probe.subject.texts.contains { text in Self.variables.contains { text.firstRange(of: $0) != nil } }
    }
}

extension InputValue {
    /// Every text in it, without what is substituted.
    fileprivate var texts: [String] {
        switch self {
        case .text(let template):
            template.parts.compactMap { if case .text(let text) = $0 { text } else { nil } }
        case .list(let values): values.flatMap(\.texts)
        case .map(let values): values.values.flatMap(\.texts)
        }
    }
}
