import FoundationEssentials
import ShipitCore
import ShipitEngine
import Synchronization

@testable import ShipitActions

/// Where a built-in action is tried: a scene. A mark is a moment at which the engine may die: before and after each command and
/// each step.
final class ScenePlace: TrialPlace {
    private let scene: Scene
    private let inputs: [String: InputValue]
    private let look: @Sendable (Scene) throws -> [String: String]
    private let cut = Mutex<Int?>(nil)

    /// - Parameter look: what counts of what the action has made.
    init(
        _ scene: Scene, inputs: [String: InputValue], look: @escaping @Sendable (Scene) throws -> [String: String]
    ) {
        self.scene = scene
        self.inputs = inputs
        self.look = look
    }

    func context(_ part: Part, _ number: Int, outputs: [String: String]) async throws(ActionError) -> ActionContext {
        let cut = cut.withLock { cut in
            defer { cut = nil }
            return cut
        }
        scene.world.count(marksUntil: cut)
        do {
            return try scene.context(
                inputs, part: part, number: number, previous: "1.0.0", tree: scene.path("tree"), outputs: outputs)
        } catch {
            throw .failed("\(error)")
        }
    }

    func cutNext(after marks: Int) { cut.withLock { $0 = marks } }

    var passed: (marks: Int, wasCut: Bool) { scene.world.marks }

    func image() throws(ActionError) -> [String: String] {
        do { return try look(scene) } catch { throw .failed("\(error)") }
    }
}

/// Scenes for as long as somebody tries an action in them.
final class Scenes: Sendable {
    private let folders = Mutex<[String]>([])

    func make(_ prepare: (Scene) async throws -> Void) async throws -> Scene {
        let path = FileManager.default.temporaryDirectory.path + "/shipit-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path + "/logs", withIntermediateDirectories: true)
        folders.withLock { $0.append(path) }
        let scene = Scene(root: path, world: World(path))
        try await prepare(scene)
        return scene
    }

    deinit { for folder in folders.withLock(\.self) { try? FileManager.default.removeItem(atPath: folder) } }
}
