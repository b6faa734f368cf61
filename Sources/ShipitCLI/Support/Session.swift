import Foundation
import ShipitCore
import ShipitEngine

/// What a command that changes runs works with.
struct Session {
    let stateFolder: String
    let store: any RunStore
    let streams: Streams
    let form: StreamForm
    let holder: Holder

    /// Opens the state folder for writing; makes it where it is missing.
    init(stateFolder: String, form: StreamForm, streams: Streams) throws {
        self.stateFolder = stateFolder
        self.form = form
        self.streams = streams
        store = try Wiring.store(stateFolder)
        holder = try Wiring.thisProcess()
    }

    /// Stages at once where nobody says: one a core.
    static func jobs(_ given: Int?) throws(CommandFailure) -> Int {
        guard let given else { return max(1, ProcessInfo.processInfo.activeProcessorCount) }
        guard given > 0 else { throw CommandFailure(.usage, "--jobs \(given): at least one stage must be able to run") }
        return given
    }

    /// Who is at the keyboard: behind `sudo` that is not root. The superuser alone is believed about it.
    static func person(_ holder: Holder) -> String {
        guard geteuid() == 0, let text = ProcessInfo.processInfo.environment["SUDO_UID"], let id = uid_t(text), id != 0,
            let entry = getpwuid(id)
        else { return holder.user }
        return String(cString: entry.pointee.pw_name)
    }

    func newID() throws -> RunID {
        var generator = SystemRandomNumberGenerator()
        while true {
            let id = RunID.make(at: SystemClock.wallTime, using: &generator)
            if try store.run(id) == nil { return id }
        }
    }

    func folder(of run: RunID) -> String { Project.runFolder(of: run, in: stateFolder) }

    /// Makes the run's folder, and puts the pipeline's text there: what the run was planned from.
    func makeFolder(of run: RunID, pipeline: PipelineText) throws(CommandFailure) -> String {
        let folder = folder(of: run)
        let sharing = Sharing(of: stateFolder)
        if let reason = sharing.makeFolder(folder) {
            throw CommandFailure(.machine, "the run's folder cannot be made: \(reason)")
        }
        try write(pipeline.bytes, to: PinnedPipeline.path(inRunFolder: folder), sharing)
        for (path, bytes) in pipeline.included {
            let file = Place.join(PinnedPipeline.includes(inRunFolder: folder), path)
            if let reason = sharing.makeFolder((file as NSString).deletingLastPathComponent) {
                throw CommandFailure(.machine, "the run's folder cannot be made: \(reason)")
            }
            try write(bytes, to: file, sharing)
        }
        return folder
    }

    private func write(_ bytes: [UInt8], to file: String, _ sharing: Sharing) throws(CommandFailure) {
        guard
            FileManager.default.createFile(
                atPath: file, contents: Data(bytes), attributes: [.posixPermissions: Int(sharing.fileMode)])
        else {
            throw CommandFailure(.machine, "cannot write \(file)", hint: "is the disk full?")
        }
    }

    /// Removes what was made for a run that then could not begin. Best effort: a folder without a run is in nobody's way.
    func removeFolderOfNoRun(_ run: RunID) {
        do { if try store.run(run) != nil { return } } catch { return }
        try? FileManager.default.removeItem(atPath: folder(of: run))
    }
}
