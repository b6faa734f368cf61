import Foundation
import ShipitCore
import Testing

@testable import ShipitCLI

@Suite(.timeLimit(.minutes(3)))
struct StarterPipelineTests {
    static let services: [ProjectFindings.Service?] = [nil, .compose, .docker, .systemd("app@1"), .script]
    static let migrations: [ProjectFindings.Migration?] = [nil] + ProjectFindings.Migration.allCases

    let scratch: ScratchFolder

    init() throws { scratch = try ScratchFolder() }

    func reading(_ starter: StarterPipeline) throws -> PipelineText {
        try PipelineText.read(
            try scratch.write("deploy.yaml", starter.text), shownAs: "deploy.yaml", catalog: Wiring.catalog)
    }

    @Test(arguments: StarterPipeline.Kind.allCases)
    func `every variant is valid without a warning, enforced as a whole, and planned`(
        kind: StarterPipeline.Kind
    ) throws {
        for (service, migration) in Self.services.flatMap({ one in Self.migrations.map { (one, $0) } }) {
            for health in [nil, "http://127.0.0.1:8080/health"] {
                var findings = ProjectFindings(name: "My App")
                (findings.service, findings.migration) = (service, migration)
                findings.hasDockerfile = service == .docker || health == nil
                findings.hasVersionFile = migration == .alembic
                let starter = StarterPipeline(
                    kind: kind, name: "deploy", database: "var/app.db", health: health, findings: findings)

                let reading = try reading(starter)

                #expect(reading.diagnostics.isEmpty, "\(reading.rendered)\n\(starter.text)")
                let pipeline = try #require(reading.pipeline)
                #expect(pipeline.notEnforced.isEmpty)
                let plan = try Planner(pipeline, catalog: Wiring.catalog).plan(
                    Story.release, in: "production", previous: nil)
                #expect(plan.stages.first?.name == "preflight")
                #expect((plan.monitor == nil) == (health == nil))
                #expect(starter.text.split(separator: "\n").allSatisfy { !$0.hasSuffix(" ") && !$0.contains("\t") })
            }
        }
    }

    @Test func `whatever the database and the URL are called, they arrive as they are`() throws {
        let name = "it's \"my\" #1: {db}\\\u{1}\u{7F}\u{2028}ü.db"
        let starter = StarterPipeline(
            kind: .sqlite, name: "deploy", database: name, health: "http://h/?a=\"b\"&c={d}",
            findings: ProjectFindings(name: "x"))

        let pipeline = try #require(try reading(starter).pipeline)

        #expect(pipeline.stages[1].perform.inputs["database"] == .text(Template(literal: name)))
        #expect(pipeline.environments[0].vars["health"] == "http://h/?a=\"b\"&c={d}")
    }

    @Test func `what nobody can know is marked, and fails instead of passing for done`() throws {
        let starter = StarterPipeline(
            kind: .app, name: "deploy", database: "", health: nil, findings: ProjectFindings(name: "x"))

        #expect(starter.replacements == 4)
        let backup = try #require(try reading(starter).pipeline).stages[1]
        #expect(CallWords.lines(backup.perform).last == "exit 1")
    }
}

@Suite(.timeLimit(.minutes(3)))
struct ProjectFindingsTests {
    let scratch: ScratchFolder

    init() throws { scratch = try ScratchFolder() }

    func findings(_ files: [String: String]) throws -> ProjectFindings {
        for (file, text) in files { try scratch.write(file, text) }
        return ProjectFindings(lookingAt: scratch.path)
    }

    @Test func `an empty folder tells nothing`() throws {
        let findings = try findings([:])

        #expect(findings.told.isEmpty && findings.service == nil && findings.migration == nil)
        #expect(StarterPipeline.likelyKind(findings) == .commands)
    }

    @Test func `a compose file, alembic and a database are found`() throws {
        let findings = try findings([
            "compose.yaml": "", "alembic.ini": "", "var/app.db": "", "Dockerfile": "FROM x\nexpose 9000/tcp\n",
            "VERSION": "1",
        ])

        #expect(findings.service == .compose)
        #expect(findings.migration == .alembic)
        #expect(findings.databases == ["var/app.db"])
        #expect(findings.hasVersionFile)
        #expect(StarterPipeline.likelyKind(findings) == .sqlite)
        #expect(StarterPipeline.likelyHealth(findings) == "http://127.0.0.1:9000/health")
    }

    @Test func `a migrate script of package.json counts, another one doesn't`() throws {
        #expect(try findings(["package.json": #"{"scripts": {"build": "x"}}"#]).migration == nil)
        #expect(try findings(["package.json": #"{"scripts": {"migrate": "x"}}"#]).migration == .npm)
        #expect(try findings(["package.json": "{"]).migration == nil)
    }

    @Test func `a unit is found unless its name could mean something to a shell`() throws {
        #expect(try findings(["deploy/a;reboot.service": ""]).service == nil)
        #expect(try findings(["deploy/app@1.service": ""]).service == .systemd("app@1"))
    }

    @Test func `the project's own scripts come first`() throws {
        let findings = try findings([
            "ops/restart": "", "ops/migrate": "", "compose.yml": "", "manage.py": "", "Dockerfile": "",
        ])

        #expect(findings.service == .script)
        #expect(findings.migration == .script)
    }

    @Test(arguments: [("My App!", "my-app"), ("--", "app"), ("shop", "shop"), ("Äpfel", "pfel")])
    func `names are made fit for images`(folder: String, name: String) {
        #expect(ProjectFindings(name: folder).name == name)
    }
}
