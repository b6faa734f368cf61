import ShipitCore
import ShipitEngine

/// When an instance counts as healthy: its check passes without a break for a while, before a deadline.
struct HealthRule: Sendable {
    var minHealthyTime: TimeSpan
    var deadline: TimeSpan

    init(_ inputs: ActionInputs) throws(ActionError) {
        minHealthyTime = try Self.span("min-healthy-time", inputs) ?? .seconds(10)
        deadline = try Self.span("healthy-deadline", inputs) ?? .minutes(2)
        guard minHealthyTime < deadline else {
            throw .badInput("healthy-deadline", "must be longer than min-healthy-time")
        }
    }

    /// Often enough to see a break, seldom enough to be no load.
    var interval: TimeSpan {
        min(max(.milliseconds(minHealthyTime.milliseconds / 5), .milliseconds(100)), .seconds(1))
    }

    private static func span(_ name: String, _ inputs: ActionInputs) throws(ActionError) -> TimeSpan? {
        guard let text = try inputs.text(name) else { return nil }
        do { return try QuantityParser.duration(text) } catch { throw .badInput(name, error.message) }
    }
}

/// The question of `health:` for one instance: a check's body without its name.
struct HealthQuestion: Sendable {
    var probe: String
    var request: ResolvedProbe

    /// The probes that can tell whether an instance works. (Each is a key of the body; the other keys are its fields.)
    private static let probes = ["http", "tcp", "run", "file", "disk"]

    init(_ context: ActionContext, _ instance: Instance) throws(ActionError) {
        guard let value = try context.inputs.value("health", instance: instance.fields) else {
            throw .badInput("health", "is missing")
        }
        guard var fields = value.map else { throw .badInput("health", "must be a check, such as {http: URL}") }
        let named = Self.probes.filter { fields[$0] != nil }
        guard let probe = named.first, named.count == 1 else {
            throw .badInput("health", "must ask exactly one of \(Self.probes.joined(separator: ", "))")
        }
        self.probe = probe
        var timeout = TimeSpan.seconds(10)
        if let text = fields.removeValue(forKey: "timeout")?.text {
            do { timeout = try QuantityParser.duration(text) } catch { throw .badInput("health", error.message) }
        }
        guard let subject = fields.removeValue(forKey: probe) else {
            preconditionFailure("the key was found above")
        }
        request = ResolvedProbe(
            subject: subject, fields: fields, timeout: timeout, directory: context.workdir,
            variables: context.variables.merging(instance.variables) { $1 }, secretValues: context.secretValues)
    }
}

/// Watches the instances of a batch side by side, from when the first of them is asked for.
actor HealthWatch {
    private let context: ActionContext
    private let rule: HealthRule
    private let batch: [Instance]
    private var verdicts: [Instance: Result<String, ActionError>] = [:]

    init(_ context: ActionContext, rule: HealthRule, batch: [Instance]) {
        self.context = context
        self.rule = rule
        self.batch = batch
    }

    /// Waits until the instance is healthy. Instances are asked for in the order of the batch; those before the first one
    /// asked for were healthy before the engine was killed.
    func untilHealthy(_ instance: Instance) async throws(ActionError) -> String {
        if verdicts[instance] == nil {
            let rest = Array(batch.drop { $0 != instance })
            let (context, rule) = (context, rule)
            verdicts = await withTaskGroup(of: (Instance, Result<String, ActionError>).self) { group in
                for instance in rest {
                    group.addTask { (instance, await Self.watch(instance, rule, context)) }
                }
                return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
            }
        }
        guard let verdict = verdicts[instance] else { preconditionFailure("\(instance.name) is not of this batch") }
        return try verdict.get()
    }

    private static func watch(
        _ instance: Instance, _ rule: HealthRule, _ context: ActionContext
    ) async -> Result<String, ActionError> {
        do throws(ActionError) { return .success(try await poll(instance, rule, context)) } catch {
            return .failure(error)
        }
    }

    private static func poll(
        _ instance: Instance, _ rule: HealthRule, _ context: ActionContext
    ) async throws(ActionError) -> String {
        let question = try HealthQuestion(context, instance)
        let services = context.services
        let start = services.now
        var healthySince: Instant?
        var breaks = 0
        var lastTrouble: String?
        while true {
            var request = question.request
            request.timeout = min(request.timeout, max(start + rule.deadline - services.now, .milliseconds(1)))
            let isCutShort = request.timeout < question.request.timeout
            let answer = await services.measure(question.probe, request)
            let now = services.now
            switch answer.verdict {
            case .passed:
                let since = healthySince ?? now
                healthySince = since
                if now - since >= rule.minHealthyTime { return answer.evidence }
            case .failed(let reason), .noAnswer(let reason):
                if healthySince != nil { breaks += 1 }
                healthySince = nil
                // That the deadline cut the last question short says less than the answer before it.
                if case .noAnswer = answer.verdict, isCutShort, lastTrouble != nil { break }
                lastTrouble = reason
            }
            guard now - start + rule.interval < rule.deadline else {
                throw .failed(reason(instance, rule, lastTrouble, breaks: breaks, healthyNow: healthySince != nil))
            }
            try await services.sleep(rule.interval)
        }
    }

    private static func reason(
        _ instance: Instance, _ rule: HealthRule, _ trouble: String?, breaks: Int, healthyNow: Bool
    ) -> String {
        var words = "\(instance.name) was not healthy for \(rule.minHealthyTime.words) within \(rule.deadline.words)"
        if let trouble { words += ": \(healthyNow ? "before it became so too late" : "its last answer"): \(trouble)" }
        if breaks > 0 { words += " (it was healthy and fell back \(breaks == 1 ? "once" : "\(breaks) times"))" }
        return words
    }
}

extension TimeSpan {
    /// As the pipeline language writes it.
    var words: String {
        let units: [(Int64, String)] = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1000, "s")]
        for (size, unit) in units where milliseconds >= size && milliseconds % size == 0 {
            return "\(milliseconds / size)\(unit)"
        }
        return "\(milliseconds)ms"
    }
}
