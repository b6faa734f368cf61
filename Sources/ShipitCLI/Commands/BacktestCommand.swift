import ArgumentParser
import ShipitCore
import ShipitEngine

struct BacktestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backtest", abstract: "Say what other thresholds would have decided, on the recorded samples.",
        discussion: "Without --rule, the rules are those that the run had.")

    @OptionGroup var place: PlaceOptions
    @OptionGroup var target: TargetOptions
    @OptionGroup var output: OutputOptions

    @Option(help: ArgumentHelp("The newest runs that monitored, this many.", valueName: "count"))
    var last: Int?

    @Option(help: ArgumentHelp("A rule in place of the run's own; may be given again.", valueName: "rule"))
    var rule: [String] = []

    @Argument(help: RunArgument.help)
    var runName: String?

    func run() throws {
        if let last, last < 1 { throw CommandFailure(.usage, "--last \(last): at least one run must be looked at") }
        if last != nil, runName != nil {
            throw CommandFailure(.usage, "RUN and --last are two ways to say which runs: give one of them")
        }
        let rules = try rule.map(Self.rule)
        let store = try Wiring.storeForReading(try place.place().stateFolder())
        let choice = RunChoice(store: store, environment: target.env, pipeline: target.pipeline)
        let trials = try last.map { try newest($0, choice, rules) } ?? [named(choice, rules)]
        try requireSources(of: rules, in: trials)
        try requireBaseline(of: rules, in: trials)
        switch output.output {
        case .text: Streams().result(BacktestText.text(trials))
        case .json: Streams().result(BacktestJSON.text(trials))
        }
    }

    private func named(_ choice: RunChoice, _ rules: [Rule]) throws -> BacktestTrial {
        let record = try choice.run(runName ?? "latest", dryRuns: false)
        guard let trial = try BacktestTrial(record, rules: rules, in: choice.store) else {
            throw CommandFailure(
                .usage, "run \(record.created.run) has no samples: nothing was monitored",
                hint: "see: shipit runs")
        }
        return trial
    }

    private func newest(_ count: Int, _ choice: RunChoice, _ rules: [Rule]) throws -> [BacktestTrial] {
        var trials: [BacktestTrial] = []
        for record in try choice.recent() where !record.created.dryRun && trials.count < count {
            if let trial = try BacktestTrial(record, rules: rules, in: choice.store) { trials.append(trial) }
        }
        guard !trials.isEmpty else {
            throw CommandFailure(.usage, "no run has samples: nothing was monitored", hint: "see: shipit runs")
        }
        return trials
    }

    private static func rule(_ text: String) throws(CommandFailure) -> Rule {
        do throws(RuleError) {
            return try RuleParser.rule(text)
        } catch {
            let what = SafeText.line(text)
            switch error {
            case .malformed:
                throw CommandFailure(
                    .usage, "--rule \"\(what)\" is not a rule",
                    hint: "write SOURCE.METRIC OP VALUE [for DURATION], or SOURCE fails N times")
            case .unknownMetric(let name):
                throw CommandFailure(
                    .usage, "--rule \"\(what)\": there is no metric \"\(SafeText.line(name))\"",
                    hint: "metrics: \(Rule.Metric.examples.joined(separator: ", "))")
            case .badRelative:
                throw CommandFailure(
                    .usage, "--rule \"\(what)\" has no limit relative to the baseline",
                    hint: "such as > baseline * 1.5 or > baseline + 10%")
            case .badCount: throw CommandFailure(.usage, "--rule \"\(what)\" counts from 1 to 1000000 failures")
            case .quantity(let error, _):
                throw CommandFailure(.usage, "--rule \"\(what)\": \(SafeText.line(error.message))", hint: error.hint)
            }
        }
    }

    /// A misspelt source would only ever be without a verdict.
    private func requireSources(of rules: [Rule], in trials: [BacktestTrial]) throws(CommandFailure) {
        let known = Set(trials.flatMap { $0.monitor.sources.map(\.name) })
        guard let rule = rules.first(where: { !known.contains($0.source) }) else { return }
        throw CommandFailure(
            .usage,
            "--rule \"\(SafeText.line(rule.text))\": the monitor has no source \"\(SafeText.line(rule.source))\"",
            hint: "sources: \(known.sorted().joined(separator: ", "))")
    }

    /// Without one a relative rule would only ever be without a verdict.
    private func requireBaseline(of rules: [Rule], in trials: [BacktestTrial]) throws(CommandFailure) {
        guard let rule = rules.first(where: \.isRelative), trials.allSatisfy({ !$0.hasBaseline }) else { return }
        throw CommandFailure(
            .usage, "--rule \"\(SafeText.line(rule.text))\": nothing was sampled before the change",
            hint: "add baseline: to the monitor; later runs can be judged by such rules")
    }
}

/// A run's samples with the rules that are tried on them.
struct BacktestTrial {
    let record: RunRecord
    /// With the rules that are tried.
    let monitor: Monitor
    let began: Instant
    let samples: [RecordedSample]
    let hasBaseline: Bool
    let result: Backtest
    /// The breach that the run had.
    let breach: (breach: Breach, at: Instant)?

    /// `nil` where nothing was measured.
    /// - Parameter rules: in place of the run's own, where there are some.
    init?(_ record: RunRecord, rules: [Rule], in store: any RunStore) throws {
        let state = try RunReading(record, in: store).state
        guard let monitor = state.plan.monitor, let began = state.monitoringStartedAt else { return nil }
        let samples = try store.samples(of: record.created.run)
        if samples.isEmpty { return nil }
        self.init(
            record, monitor, rules: rules, began: began, baseline: state.baseline, samples: samples,
            breach: state.breaches.first)
    }

    init(
        _ record: RunRecord, _ monitor: Monitor, rules: [Rule], began: Instant, baseline: Baseline? = nil,
        samples: [RecordedSample],
        breach: (breach: Breach, at: Instant)?
    ) {
        var monitor = monitor
        if !rules.isEmpty { (monitor.rollbackWhen, monitor.warnWhen) = (rules, []) }
        self.record = record
        self.monitor = monitor
        self.began = began
        self.samples = samples
        hasBaseline = baseline != nil
        self.breach = breach
        result = Backtest(monitor, baseline: baseline, over: samples, began: began)
    }
}
