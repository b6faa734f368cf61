import FoundationEssentials
import GRDB
import ShipitCore
import ShipitEngine
import Testing

@testable import ShipitActions

/// The built-in actions, held to what every action promises: the same suite that `shipit plugin test` holds plugins to.
@Suite(.timeLimit(.minutes(5)))
struct PromiseTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var action: any Action
        var offers: ActionContract.Offers
        var inputs: [String: InputValue]
        var prepare: @Sendable (Scene) async throws -> Void
        var look: @Sendable (Scene) throws -> [String: String]
        var testDescription: String { action.description.name }
    }

    /// Files of these folders, by their text.
    private static func files(_ folders: String...) -> @Sendable (Scene) throws -> [String: String] {
        { scene in
            var found: [String: String] = [:]
            for folder in folders {
                for name in scene.names(folder) { found["\(folder)/\(name)"] = scene.text("\(folder)/\(name)") ?? "?" }
            }
            return found
        }
    }

    private static let migrate = Case(
        action: MigrateAction(), offers: .init(preview: true, verify: true, undo: true),
        inputs: [
            "status": "grep -vxFf db/applied all || true", "apply": "cp all db/new; mv db/new db/applied",
            "revert": "head -n 1 all > db/new; mv db/new db/applied",
        ],
        prepare: { scene in
            try scene.write("all", "0001 users\n0002 roles\n")
            try scene.write("db/applied", "0001 users\n")
        }, look: files("db"))

    private static let restart = Case(
        action: RollingRestartAction(), offers: .init(preview: true, verify: false, undo: true),
        inputs: [
            "instances": "3", "base-port": "8100", "min-healthy-time": "10ms", "healthy-deadline": "5s",
            "stop": #"rm -f "state/$SHIPIT_INSTANCE_NAME""#,
            "start": #"echo "$SHIPIT_TARGET_VERSION" > "state/$SHIPIT_INSTANCE_NAME""#,
            "health": .map(["file": "state/${{ instance.name }}"]),
        ],
        prepare: { scene in
            for number in 1...3 { try scene.write("state/replica-\(number)", "1.0.0\n") }
        }, look: files("state"))

    private static let image = Case(
        action: BuildImageAction(), offers: .init(preview: true, verify: true, undo: false),
        inputs: ["tag": "app:2.0.0", "builder": "archive"],
        prepare: { scene in
            try scene.write("tree/Dockerfile", "FROM scratch\n")
            try scene.write("tree/run", "#!/bin/sh\n", executable: true)
        }, look: files(".shipit/images"))

    private static let backup = Case(
        action: BackupSQLiteAction(), offers: .init(preview: true, verify: true, undo: false),
        inputs: ["database": "app.db", "to": "backups"],
        prepare: { scene in try database(scene.path("app.db"), rows: 3) },
        // The key stands in the name, and the moment in the record.
        look: { scene in Dictionary(scene.names("backups").map { ($0, "there") }, uniquingKeysWith: { $1 }) })

    private static let restore = Case(
        action: RestoreAction(), offers: .init(preview: true, verify: true, undo: false),
        inputs: ["backup": "kept.db", "database": "app.db"],
        prepare: { scene in
            try database(scene.path("kept.db"), rows: 3)
            try database(scene.path("app.db"), rows: 5)
        },
        look: { scene in
            let queue = try DatabaseQueue(path: scene.path("app.db"))
            let rows = try queue.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM account") }
            return ["rows": "\(rows ?? -1)"]
        })

    private static func database(_ path: String, rows: Int) throws {
        let queue = try DatabaseQueue(path: path)
        try queue.write { database in
            try database.execute(sql: "CREATE TABLE account (id INTEGER PRIMARY KEY)")
            for _ in 0..<rows { try database.execute(sql: "INSERT INTO account DEFAULT VALUES") }
        }
        try queue.close()
    }

    static let cases = [migrate, restart, image, backup, restore]

    @Test(arguments: cases)
    func `a built-in action keeps what every action promises`(given: Case) async throws {
        let scenes = Scenes()
        let contract = ActionContract(given.action, offers: given.offers) { () async throws(ActionError) in
            do {
                return ScenePlace(try await scenes.make(given.prepare), inputs: given.inputs, look: given.look)
            } catch {
                throw .failed("\(error)")
            }
        }
        let findings = await contract.findings()
        for finding in findings {
            #expect(finding.standing != .broken, "\(finding.rule.rawValue): \(finding.words)")
        }
        #expect(findings.first { $0.rule == .verify }?.standing == (given.offers.verify ? .kept : .notOffered))
        #expect(findings.first { $0.rule == .undo }?.standing == (given.offers.undo ? .kept : .notOffered))
    }

    /// An action that is wrong in one way, to see that it is seen.
    private struct Wrong: Action {
        enum Way: CaseIterable {
            case previewWrites, verifyAlwaysDone, verifyNeverDone, appendsAgain, halfIsDone, undoForgets
        }

        var way: Way
        let description = ActionDescription(name: "wrong", help: "", inputs: [], outputs: [], undo: .performs)

        func preview(_ context: ActionContext) async throws(ActionError) -> [String] {
            if way == .previewWrites { try await run("touch out/looked", "preview", context) }
            return ["write"]
        }

        func perform(_ context: ActionContext) async throws(ActionError) -> [String: String] {
            let append = way == .appendsAgain ? ">>" : ">"
            try await run("echo one \(append) out/one", "one", context)
            try await run("echo two > out/two", "two", context)
            return [:]
        }

        func verify(_ context: ActionContext) async throws(ActionError) -> Verification {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: context.root + "/out")) ?? []
            switch way {
            case .verifyAlwaysDone: return .done(outputs: [:])
            case .verifyNeverDone: return .notDone
            case .halfIsDone: return names.contains("one") ? .done(outputs: [:]) : .notDone
            default: return names.contains("one") && names.contains("two") ? .done(outputs: [:]) : .notDone
            }
        }

        func undo(_ context: ActionContext) async throws(ActionError) {
            try await run(way == .undoForgets ? "rm -f out/two" : "rm -f out/one out/two", "undo", context)
        }

        private func run(_ script: String, _ step: String, _ context: ActionContext) async throws(ActionError) {
            _ = try await context.services.command(
                context.request(["sh", "-c", script]), step: step)
        }
    }

    private static let broken: [(Wrong.Way, Set<TrialFinding.Rule>)] = [
        (.previewWrites, [.preview]), (.verifyAlwaysDone, [.preview, .verify, .cutOff, .undo]),
        (.verifyNeverDone, [.verify]), (.appendsAgain, [.once, .cutOff]), (.halfIsDone, [.cutOff]),
        (.undoForgets, [.undo]),
    ]

    @Test(arguments: broken.indices)
    func `an action that is wrong is told by the rules that it breaks`(index: Int) async throws {
        let (way, rules) = Self.broken[index]
        let scenes = Scenes()
        let contract = ActionContract(
            Wrong(way: way), offers: .init(preview: true, verify: true, undo: true)
        ) { () async throws(ActionError) in
            do {
                let scene = try await scenes.make { try $0.write("out/keep", "") }
                return ScenePlace(scene, inputs: [:], look: Self.files("out"))
            } catch {
                throw .failed("\(error)")
            }
        }
        let broken = await contract.findings().filter { $0.standing == .broken }
        #expect(Set(broken.map(\.rule)) == rules, "\(broken)")
    }
}
