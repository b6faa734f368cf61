import Foundation
import ShipitCore
import Testing

@Suite(.timeLimit(.minutes(3)))
struct `The planner` {
    static let catalog = Catalog(
        actions: [
            ActionDescription(name: "run", help: "", inputs: [], outputs: nil, undo: .none),
            ActionDescription(name: "checks", help: "", inputs: [], outputs: [], changes: false, undo: .nothing),
            ActionDescription(name: "restart", help: "", inputs: [], outputs: [], undo: .performs),
            ActionDescription(name: "migrate", help: "", inputs: [], outputs: [], undo: .performs, undoInput: "revert"),
        ], probes: [])

    static func plan(
        _ stages: Stage..., vars: [String: String] = [:], previous: Release? = nil, settings: [String: String] = [:],
        monitor: Monitor? = nil
    ) throws(PlanError) -> Plan {
        let pipeline = Pipeline(
            name: "deploy", environments: [Environment(name: "production", vars: vars)], stages: stages,
            monitor: monitor)
        return try Planner(pipeline, catalog: catalog).plan(
            .sample, in: "production", previous: previous, settings: settings)
    }

    static func template(_ text: String) -> Template {
        guard let template = try? Template(parsing: text) else { preconditionFailure(text) }
        return template
    }

    static func run(_ name: StageName, needs: [StageName] = [], env: String? = nil) -> Stage {
        Stage(name: name, needs: needs, perform: .script("true"), env: env.map { ["X": template($0)] } ?? [:])
    }

    static func value(_ text: String, vars: [String: String] = [:], previous: Release? = nil) throws -> Template? {
        try plan(run("a", env: text), vars: vars, previous: previous).stages[0].env["X"]
    }

    // MARK: Values

    @Test(arguments: [
        ("${{ release.tag }} ${{ release.version }}", "v1.2.0 1.2.0"), ("${{ vars.port }}", "8200"),
        ("${{ environment }}", "production"), ("${{ previous.version }}", "1.1.0"), ("${{ vars.no || \"x\" }}", "x"),
    ])
    func `fills in what is known`(text: String, value: String) throws {
        #expect(try Self.value(text, vars: ["port": "8200"], previous: .older) == Template(literal: value))
    }

    @Test(arguments: [
        "${{ release.tree }}", "${{ target.version }}", "${{ stages.a.outputs.x }}", "${{ secrets.T }}",
        "${{ run.id }}",
        "${{ instance.port }}",
    ])
    func `leaves what is known only while running`(text: String) throws {
        #expect(try Self.value(text) == Self.template(text))
    }

    @Test func `makes nothing of a value that looks like a reference`() throws {
        let value = try Self.value("${{ vars.evil }}", vars: ["evil": "${{ secrets.TOKEN }}"])
        #expect(value == Template(literal: "${{ secrets.TOKEN }}"))
        #expect(value?.references == [])
    }

    @Test func `has an empty text for the release before a first deployment`() throws {
        #expect(try Self.value("[${{ previous.version }}]") == Template(literal: "[]"))
    }

    @Test func `says which variable is missing`() {
        #expect(throws: PlanError.missingVariable("vars.no", environment: "production")) {
            try Self.plan(Self.run("a", env: "${{ vars.no }}"))
        }
    }

    @Test func `takes --set for the environment's variables`() throws {
        let plan = try Self.plan(Self.run("a", env: "${{ vars.n }}"), vars: ["n": "2"], settings: ["n": "3"])
        #expect(plan.vars == ["n": "3"])
        #expect(plan.stages[0].env["X"] == Template(literal: "3"))
    }

    @Test func `refuses to --set what is no variable`() {
        #expect(throws: PlanError.unknownVariable("m", known: ["n"])) {
            try Self.plan(Self.run("a"), vars: ["n": "2"], settings: ["m": "3"])
        }
    }

    @Test func `refuses an environment that is not there`() {
        let planner = Planner(
            Pipeline(name: "deploy", environments: [Environment(name: "production")]), catalog: Self.catalog)
        #expect(throws: PlanError.unknownEnvironment("staging", known: ["production"])) {
            try planner.plan(.sample, in: "staging", previous: nil)
        }
    }

    // MARK: Stages

    @Test func `expands for-each, and needs of it`() throws {
        var services = Self.run("s", needs: ["a"], env: "${{ item }}")
        services.forEach = [Self.template("x"), Self.template("${{ vars.second }}")]
        services.maxParallel = 1
        let plan = try Self.plan(Self.run("a"), services, Self.run("z", needs: ["s"]), vars: ["second": "y"])
        #expect(plan.stages.map(\.name) == ["a", "s[x]", "s[y]", "z"])
        #expect(plan.stages[1].needs == ["a"])
        #expect(plan.stages[3].needs == ["s[x]", "s[y]"])
        #expect(plan.stages.map(\.item) == [nil, "x", "y", nil])
        #expect(plan.stages.map(\.group) == [nil, "s", "s", nil])
        #expect(plan.stages.map(\.groupLimit) == [nil, 1, 1, nil])
        #expect(plan.stages[2].env["X"] == Template(literal: "y"))
    }

    @Test func `refuses an item that stands twice`() {
        var services = Self.run("s")
        services.forEach = [Self.template("x"), Self.template("${{ vars.same }}")]
        #expect(throws: PlanError.repeatedItem(stage: "s", item: "x")) {
            try Self.plan(services, vars: ["same": "x"])
        }
    }

    @Test func `keeps the order of the file where that can be`() throws {
        let plan = try Self.plan(
            Self.run("a"), Self.run("b", needs: ["a"]), Self.run("c"), Self.run("d", needs: ["b"]), Self.run("e"))
        #expect(plan.stages.map(\.name) == ["a", "b", "c", "d", "e"])
    }

    @Test func `puts each stage after all that it needs`() throws {
        let plan = try Self.plan(
            Self.run("d", needs: ["c", "b"]), Self.run("c", needs: ["a"]), Self.run("b", needs: ["a"]), Self.run("a"))
        #expect(plan.stages.map(\.name) == ["a", "c", "b", "d"])
    }

    @Test func `bears a chain of ten thousand written backwards`() throws {
        let stages = (0..<10_000).reversed().map {
            Self.run(StageName("s\($0)"), needs: $0 == 0 ? [] : [StageName("s\($0 - 1)")])
        }
        let pipeline = Pipeline(name: "deploy", environments: [Environment(name: "e")], stages: stages)
        let plan = try Planner(pipeline, catalog: Self.catalog).plan(.sample, in: "e", previous: nil)
        #expect(plan.stages.first?.name == "s0")
        #expect(plan.stages.last?.name == "s9999")
    }

    @Test(arguments: [
        (StageCondition.equal(template("${{ environment }}"), template("production")), false),
        (.notEqual(template("${{ environment }}"), template("production")), true),
        (.not(.equal(template("${{ vars.x }}"), template("1"))), true),
        (.and(.equal(template("a"), template("a")), .equal(template("a"), template("b"))), true),
        (.or(.equal(template("a"), template("b")), .equal(template("a"), template("a"))), false),
    ])
    func `skips a stage whose condition is false`(condition: StageCondition, skipped: Bool) throws {
        var stage = Self.run("a")
        stage.condition = condition
        #expect(try Self.plan(stage, vars: ["x": "1"]).stages[0].skipped == skipped)
    }

    // MARK: Ways back

    static func undo(_ call: ActionCall, rollback: ActionCall? = nil) throws -> PlannedStage.Undo {
        try plan(Stage(name: "a", perform: call, rollback: rollback)).stages[0].undo
    }

    @Test func `finds the way back of each stage`() throws {
        #expect(try Self.undo(.script("x")) == .none)
        #expect(try Self.undo(.checks("smoke")) == .nothing)
        #expect(try Self.undo(ActionCall(action: "restart")) == .action)
        #expect(try Self.undo(.script("x"), rollback: .script("y")) == .call(.script("y")))
        #expect(try Self.undo(ActionCall(action: "restart"), rollback: .script("y")) == .call(.script("y")))
    }

    @Test func `lets an action undo itself only with the input that it needs for it`() throws {
        #expect(try Self.undo(ActionCall(action: "migrate")) == .none)
        let revert = InputValue.text(Template(literal: "down"))
        #expect(try Self.undo(ActionCall(action: "migrate", inputs: ["revert": revert])) == .action)
    }

    @Test func `gives the same plan for the same inputs, and reads it back`() throws {
        var services = Self.run("s", env: "${{ secrets.T }}")
        services.forEach = [Self.template("x"), Self.template("y")]
        services.reversible = .untilContract("a")
        let monitor = Monitor.watching(from: "s", .errorRate(over: 0.05, for: .minutes(5)), .fails(3))
        let plan = try Self.plan(Self.run("a"), services, vars: ["b": "1", "a": "2"], monitor: monitor)
        #expect(try plan == Self.plan(Self.run("a"), services, vars: ["b": "1", "a": "2"], monitor: monitor))
        #expect(try JSONDecoder().decode(Plan.self, from: JSONEncoder().encode(plan)) == plan)
    }
}
