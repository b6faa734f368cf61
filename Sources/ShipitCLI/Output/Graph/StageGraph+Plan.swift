import ShipitCore

extension StageGraph {
    /// A run's plan as it was pinned, with where each stage stands.
    init(_ view: RunView) {
        let outcome = StateWords.of(view)
        self.init(
            view.state.plan, title: "\(view.created.run): \(view.title), \(outcome)",
            standings: view.stages.map { Standing($0.planned, $0.state, in: view) })
    }

    /// - Parameters:
    ///   - undecided: names as in the file, of stages whose `if:` asks for what only a release tells.
    ///   - calls: what stages do as the file says it, by their names there; the plan's own where it is missing.
    init(
        _ plan: Plan, title: String, standings: [Standing]? = nil, undecided: Set<String> = [],
        calls: [String: ActionCall] = [:]
    ) {
        self.title = SafeText.line(title)
        let places = Dictionary(uniqueKeysWithValues: plan.stages.enumerated().map { ($1.name, $0) })
        let firstMonitored = Self.firstMonitored(plan)
        stages = plan.stages.enumerated().map { place, planned in
            let written = planned.group ?? planned.name.text
            let isUndecided = undecided.contains(written)
            var seen: Set<Int> = []
            var stage = Stage(
                name: planned.name.text, group: planned.group,
                needs: planned.needs.compactMap { places[$0] }.filter { seen.insert($0).inserted },
                action: planned.perform.action, changes: planned.changes,
                standing: standings?[place]
                    ?? (planned.skipped && !isUndecided ? Standing(paint: .skipped, words: "skipped by its if:") : nil))
            switch planned.reversible {
            case .yes: break
            case .no: stage.marks.append(.noReturn)
            case .untilContract(let contract): stage.marks.append(.returnUntil(contract.text))
            }
            if firstMonitored.contains(place) { stage.marks.append(.monitoredFromHere) }
            if isUndecided { stage.marks.append(.conditional) }
            stage.details = Self.details(planned, calls[written] ?? planned.perform)
            return stage
        }
    }

    /// The stages whose success begins the monitoring.
    private static func firstMonitored(_ plan: Plan) -> Set<Int> {
        guard let monitor = plan.monitor else { return [] }
        guard let from = monitor.from else {
            return Set(plan.lastChanges)
        }
        return Set(plan.stages.indices.filter { plan.stages[$0].name == from || plan.stages[$0].group == from.text })
    }

    /// A tooltip is for a glance: a long script has its own file.
    private static let shownLines = 8

    private static func details(_ planned: PlannedStage, _ call: ActionCall) -> [String] {
        let lines = CallWords.lines(call)
        var details = lines.prefix(shownLines).map { TextWidth.cut($0, to: 120) }
        if lines.count > shownLines { details.append("…") }
        let wayBack =
            switch planned.undo {
            case .none: planned.changes ? "no way back declared" : "changes nothing"
            case .nothing: "nothing to undo"
            case .action: "undoes itself"
            case .call(let undo): "way back: \(SafeText.line(undo.action))"
            }
        return details + [wayBack]
    }
}

/// A pipeline's stages drawn without a release, so that no git is needed.
///
/// It is planned with a release whose tag is the text `${{ release.tag }}` and so on: items of `for-each` made of such
/// values are shown as they were written. A stage whose `if:` asks for one is drawn as undecided.
struct PipelineSketch {
    private let pipeline: Pipeline
    private let catalog: Catalog

    /// - Parameter pipeline: with its environments.
    init(_ pipeline: Pipeline, catalog: Catalog) {
        self.pipeline = pipeline
        self.catalog = catalog
    }

    /// Whether another environment may give other stages.
    var dependsOnEnvironment: Bool {
        pipeline.environments.count > 1
            && pipeline.stages.contains { stage in
                deciding(stage).contains { reference in
                    switch reference {
                    case .environment, .variable: true
                    default: false
                    }
                }
            }
    }

    func graph(in environment: String?) throws(PlanError) -> StageGraph {
        let place = environment ?? pipeline.environments.first?.name ?? EnvironmentChoice.implicit
        var sketch = pipeline
        sketch.stages = pipeline.stages.map(bare)
        sketch.suites = [:]
        sketch.monitor?.sources = []
        let plan = try Planner(sketch, catalog: catalog).plan(
            Self.placeholder("release"), in: place, previous: Self.placeholder("previous"))
        let undecided = pipeline.stages.filter { stage in
            (stage.condition?.references ?? []).contains { reference in
                switch reference {
                case .environment, .variable, .item: false
                default: true
                }
            }
        }
        return StageGraph(
            plan,
            title: pipeline.name + (environment.map { " to \($0)" } ?? "") + ": "
                + Words.count(plan.stages.count, "stage"),
            undecided: Set(undecided.map(\.name.text)),
            calls: Dictionary(
                pipeline.stages.map { ($0.name.text, $0.perform) }, uniquingKeysWith: { first, _ in first }))
    }

    /// What decides which stages there are.
    private func deciding(_ stage: Stage) -> [Reference] {
        (stage.condition?.references ?? []) + (stage.forEach ?? []).flatMap(\.references)
    }

    private static func placeholder(_ kind: String) -> Release {
        func field(_ name: String) -> String { "${{ \(kind).\(name) }}" }
        return Release(
            tag: field("tag"), version: field("version"), commit: field("commit"), tagObject: field("commit"))
    }

    /// Without the values that stages are given: what one of them lacks in an environment is no concern of the drawing.
    private func bare(_ stage: Stage) -> Stage {
        var bare = stage
        let empty = InputValue.text(Template(literal: ""))
        bare.perform.inputs = stage.perform.inputs.mapValues { _ in empty }
        bare.rollback?.inputs = [:]
        bare.finally = nil
        bare.verify = nil
        bare.env = [:]
        return bare
    }
}

extension StageCondition {
    fileprivate var references: [Reference] {
        switch self {
        case .equal(let left, let right), .notEqual(let left, let right): left.references + right.references
        case .and(let left, let right), .or(let left, let right): left.references + right.references
        case .not(let inner): inner.references
        }
    }
}
