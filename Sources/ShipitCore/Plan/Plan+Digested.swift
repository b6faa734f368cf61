extension Plan {
    /// What of a plan its digest is made of: two plans are equal here where the same would run, in the same order, within
    /// the same limits. Left out is what decides nothing (words for people, suites that nothing asks, what a skipped stage
    /// would do); what the author may put in any order is sorted.
    ///
    /// The order of stages in the file is left out, too: which of several stages that don't need one another starts first
    /// depends on how many may run at once and how long they take. The items of a `for-each` keep theirs.
    ///
    /// New fields are covered without being named here. One that decides nothing must be taken out.
    public var digested: Plan {
        var plan = self
        plan.passEnv = Set(passEnv).sorted()
        plan.stages = stages.map(\.digested).enumerated().sorted { left, right in
            let (a, b) = (left.element.group ?? left.element.name.text, right.element.group ?? right.element.name.text)
            return a != b ? a < b : left.offset < right.offset
        }.map(\.element)
        plan.monitor = monitor?.digested
        plan.approvals = approvals?.digested
        plan.rehearsed?.environments.sort()
        plan.windows = windows?.digested
        plan.suites = [:]
        plan.suites = usedSuites(by: plan).mapValues { $0.map(\.digested) }
        return plan
    }

    /// Those whose name stands anywhere in the plan: whoever asks a suite names it. Rather one too many than a suite that is
    /// asked and not signed.
    private func usedSuites(by plan: Plan) -> [String: [Check]] {
        guard !suites.isEmpty else { return [:] }
        let used = PlanTree(plan).texts(among: Set(suites.keys))
        return suites.filter { used.contains($0.key) }
    }
}

extension PlannedStage {
    fileprivate var digested: PlannedStage {
        var stage = self
        stage.needs = Set(needs).sorted()
        if case .approval(let policy)? = hold { stage.hold = .approval(policy.digested) }
        guard !skipped else {
            return PlannedStage(
                name: name, needs: stage.needs, perform: ActionCall(action: "nothing"), changes: false, skipped: true,
                group: group)
        }
        stage.retry = retry.attempts > 1 ? retry.digested : RetryPolicy(attempts: retry.attempts)
        return stage
    }
}

extension RetryPolicy {
    fileprivate var digested: RetryPolicy {
        var policy = self
        policy.on = on.contains(.any) ? [.any] : Set(on).sorted { $0.rank < $1.rank }
        return policy
    }
}

extension RetryPolicy.Cause {
    fileprivate var rank: Int {
        switch self {
        case .any: -2
        case .timeout: -1
        case .exit(let code): code
        }
    }
}

extension Monitor {
    fileprivate var digested: Monitor {
        var monitor = self
        monitor.sources.sort { $0.name < $1.name }
        monitor.control = control.map { Set($0).sorted() }
        for place in monitor.rollbackWhen.indices { monitor.rollbackWhen[place].text = rollbackWhen[place].spaced }
        for place in monitor.warnWhen.indices { monitor.warnWhen[place].text = warnWhen[place].spaced }
        return monitor
    }
}

extension Rule {
    /// Its text with one space between words and signs.
    fileprivate var spaced: String {
        var words = ""
        var last: Character?
        for character in text {
            if let last, "<>=!*+".contains(last) != "<>=!*+".contains(character) { words.append(" ") }
            words.append(character)
            last = character
        }
        return words.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
}

extension ApprovalPolicy {
    fileprivate var digested: ApprovalPolicy {
        var policy = self
        policy.roles.sort { $0.name < $1.name }
        for place in policy.roles.indices { policy.roles[place].people.sort { $0.name < $1.name } }
        return policy
    }
}

extension Windows {
    fileprivate var digested: Windows {
        var windows = self
        windows.allow = Set(allow).sorted { $0.written < $1.written }
        windows.deny = Set(deny).sorted { $0.written < $1.written }
        return windows
    }
}

extension Check {
    fileprivate var digested: Check {
        var check = self
        check.dependsOn = Set(dependsOn).sorted()
        check.remediation = nil
        check.imported = nil
        check.signers?.people.sort { $0.name < $1.name }
        return check
    }
}
