import Foundation
import ShipitActions
import ShipitCore
import ShipitEngine
import ShipitGit
import ShipitPlugins
import ShipitProbes
import ShipitProcesses
import ShipitServer
import ShipitStore
import ShipitSyntax

/// The one place that knows every adapter. Each is made when it is first needed: `shipit version` makes none.
enum Wiring {
    static let version = "0.1.0"

    static let actions: [any Action] = BuiltinActions.all()
    static let probes: [any Probe] = BuiltinProbes.all()
    /// What there is without a project.
    static let catalog = Catalog(actions: actions.map(\.description), probes: probes.map(\.description))

    static let zones: any ZoneSource = MachineZones()
    /// What the pipelines of a project may use: the built-in actions, its plugins and the installation's. Starts nothing.
    static func equipment(ofProject root: String?) -> Equipment {
        Equipment(pluginSearch(root: root).find(), builtin: actions, catalog: catalog)
    }

    /// One plugin, wherever its folder lies.
    static func plugin(inFolder folder: String) -> PluginSearch.Findings { pluginSearch(root: nil).load(folder) }

    static func pluginSearch(root: String?) -> PluginSearch {
        PluginSearch(root: root, installation: installation) { bytes, file, folder in
            let reading = ManifestReader().read(bytes, file: file, folder: folder)
            return (reading.manifest, reading.diagnostics)
        }
    }

    /// `PREFIX` where this executable is `PREFIX/bin/shipit`; the source tree where it was built there; `nil` elsewhere.
    private static var installation: String? {
        guard let program = Bundle.main.executablePath else { return nil }
        let folder = URL(fileURLWithPath: program).resolvingSymlinksInPath().deletingLastPathComponent()
        if folder.lastPathComponent == "bin" { return folder.deletingLastPathComponent().path }
        let parts = folder.pathComponents
        guard let build = parts.lastIndex(of: ".build") else { return nil }
        return NSString.path(withComponents: Array(parts[..<build]))
    }

    /// Makes the state folder where it is missing.
    static func store(_ folder: String) throws -> any RunStore { try SQLiteStore(folder: folder) }

    /// Makes nothing and writes nothing.
    static func storeForReading(_ folder: String) throws -> any RunStore { try SQLiteStore(readingFolder: folder) }

    /// The same, with what only an examination asks for.
    static func storeForAudit(_ folder: String) throws -> SQLiteStore { try SQLiteStore(readingFolder: folder) }

    /// Makes the state folder where it is missing.
    static func firings(_ folder: String) throws -> any FiringStore { try SQLiteStore(folder: folder) }

    /// Makes nothing and writes nothing.
    static func firingsForReading(_ folder: String) throws -> any FiringStore {
        try SQLiteStore(readingFolder: folder)
    }

    /// Makes the state folder where it is missing.
    static func dryRuns(_ folder: String) throws -> any DryRunStore { try SQLiteStore(folder: folder) }

    /// Where `serve` answers.
    static func listener(
        on address: HTTPListener.Address, hosts: Set<String>,
        isBound: @escaping @Sendable (HTTPListener.Address) -> Void,
        answer: @escaping @Sendable (_ path: String) async -> HTTPAnswer?
    ) -> HTTPListener {
        HTTPListener(on: address, hosts: hosts, isBound: isBound, answer: answer)
    }

    /// Makes nothing before it is used.
    static func checkBook(_ folder: String) -> any CheckBook { SQLiteCheckBook(folder: folder) }

    static func thisProcess() throws -> Holder { try Holder.current() }

    /// What a conductor works with, in the epoch that this engine has.
    static func parts(_ run: RunID, epoch: Epoch, store: any RunStore, resources: RunResources) -> EngineParts {
        let processes = LocalProcesses(
            run: run, folder: resources.folder, epoch: epoch, supervisorPath: supervisorPath)
        let clock = SystemClock()
        let notes = NotesFile(inRunFolder: resources.folder, secrets: resources.secrets.values, clock: clock)
        return EngineParts(
            store: store, processes: processes, notes: notes,
            checkBook: checkBook(Project.stateFolder(ofRunFolder: resources.folder)), clock: clock,
            actions: resources.equipment.actions,
            probes: probes,
            secrets: resources.secrets, callerEnvironment: ProcessInfo.processInfo.environment,
            releaseTree: resources.releaseTree, previousTree: resources.previousTree, runFolder: resources.folder,
            jobs: resources.jobs, staysForPeople: resources.staysForPeople)
    }

    /// Why this process could not drive a run in its folder; `nil` when it could.
    static func trouble(inRunFolder folder: String) -> String? { LocalProcesses.trouble(inFolder: folder) }

    /// Tells the run's supervisor, where there is one, that an engine of a newer epoch has come: it serves no older one then.
    static func fence(_ run: RunID, folder: String, epoch: Epoch) async {
        await LocalProcesses(run: run, folder: folder, epoch: epoch, supervisorPath: supervisorPath).fence()
    }

    static func output(inFolder folder: String) -> OutputLog { OutputLog(folder: folder) }

    /// `nil`: beside this executable.
    static var supervisorPath: String? {
        ProcessInfo.processInfo.environment["SHIPIT_SUPERVISOR"].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Why no command could be run here; `nil` when one could.
    static func trialOfSupervisor() async -> SupervisorTrial {
        let folder = FileManager.default.temporaryDirectory.path + "/shipit-doctor-\(UUID().uuidString)"
        // Whatever came of it, nothing of the trial is of use to anybody.
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let processes = LocalProcesses(run: "doctor", folder: folder, epoch: Epoch(1), supervisorPath: supervisorPath)
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        do throws(ProcessesError) {
            let end = try await processes.run(
                CommandKey("doctor/try/1"),
                CommandRequest(argv: ["true"], environment: ["PATH": path], directory: "/", timeout: .seconds(10)))
            let group = try await processes.controlGroup(of: CommandKey("doctor/try/1"))
            try await processes.finish()
            return end == .exited(0)
                ? .worked(inGroup: group != nil) : .failed("a command could not be run: \(end)")
        } catch {
            return .failed(ErrorText.failure(error).message)
        }
    }

    /// What came of running a command under the supervisor.
    enum SupervisorTrial {
        /// Whether it was started in a control group.
        case worked(inGroup: Bool)
        case failed(String)
    }

    /// Closes what outlives a run.
    static func shutDown() async { await BuiltinProbes.shutdown() }
}

/// What a run's conductor is given beside the adapters.
struct RunResources: Sendable {
    /// The run's own folder.
    var folder: String
    var equipment: Equipment
    var secrets: [String: String] = [:]
    var releaseTree: String?
    var previousTree: String?
    var jobs: Int
    /// Whether to stay where only people can move the run on.
    var staysForPeople = false
}
