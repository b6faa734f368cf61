import CSupervisor
import Glibc
import ShipitCore
import ShipitEngine
import SupervisorProtocol

/// Finds the run's supervisor, or starts it; one at a time, whoever asks.
actor SupervisorConnector {
    private let run: RunID
    private let folder: RunFolder
    private let epoch: Epoch
    private let supervisorPath: String
    private var link: SupervisorLink?
    private var connecting: Task<Result<SupervisorLink?, ProcessesError>, Never>?
    private var extents: [String: OutputExtent] = [:]

    init(run: RunID, folder: RunFolder, epoch: Epoch, supervisorPath: String) {
        self.run = run
        self.folder = folder
        self.epoch = epoch
        self.supervisorPath = supervisorPath
    }

    deinit { link?.hangUp() }

    static var besideThisProgram: String {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        let program = buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }
        let folder = program.prefix(upTo: program.lastIndex(of: UInt8(ascii: "/")) ?? 0)
        return String(decoding: folder, as: UTF8.self) + "/shipit-supervisor"
    }

    /// The living supervisor. Where there is none: starts one if `starting`, else `nil`.
    func link(starting: Bool) async throws(ProcessesError) -> SupervisorLink? {
        while true {
            if let link {
                if let fence = link.fence { throw .fenced(by: fence) }
                if link.isOpen { return link }
                forget(link)
                Blocking.start { Self.reapChild(of: link) }
            }
            if let connecting {
                let result = try await connecting.value.get()
                if result == nil, starting { continue }
                return result
            }
            let (run, folder, epoch, path) = (run, folder, epoch, supervisorPath)
            let task = Task<Result<SupervisorLink?, ProcessesError>, Never> {
                do throws(ProcessesError) {
                    return .success(
                        try await Blocking.run { () throws(ProcessesError) in
                            try Self.connect(run: run, folder: folder, epoch: epoch, path: path, starting: starting)
                        })
                } catch {
                    return .failure(error)
                }
            }
            connecting = task
            let result = await task.value
            connecting = nil
            link = try result.get()
            return link
        }
    }

    /// The same, starting a supervisor only if what is on record asks for one.
    func link(startingIf isNeeded: (Ledger) -> Bool) async throws(ProcessesError) -> SupervisorLink? {
        if let link = try await link(starting: false) { return link }
        guard isNeeded(try await readLedger()) else { return nil }
        return try await link(starting: true)
    }

    /// What is on record where no supervisor lives.
    func readLedger() async throws(ProcessesError) -> Ledger {
        let (folder, epoch) = (folder, epoch)
        return try await Blocking.run { () throws(ProcessesError) in
            let ledger = try folder.readLedger()
            guard ledger.epoch <= epoch.number else { throw .fenced(by: Epoch(ledger.epoch)) }
            return ledger
        }
    }

    func outputExtent(of key: String) -> OutputExtent? { extents[key] ?? link?.outputExtent(of: key) }

    /// Takes leave of a supervisor that said goodbye.
    func reap(_ link: SupervisorLink) async {
        forget(link)
        await Blocking.run { Self.reapChild(of: link) }
    }

    private func forget(_ link: SupervisorLink) {
        extents.merge(link.allOutputExtents) { _, new in new }
        if self.link === link { self.link = nil }
    }

    /// It is gone within a moment, unless it stays to read for a service that still writes to its pipes.
    private static func reapChild(of link: SupervisorLink) {
        guard let child = link.child else { return }
        for _ in 0..<100 {
            if waitpid(child, nil, WNOHANG) != 0 { return }
            usleep(500)
        }
    }

    // MARK: Waiting, away from the pool

    private static func connect(
        run: RunID, folder: RunFolder, epoch: Epoch, path: String, starting: Bool
    ) throws(ProcessesError) -> SupervisorLink? {
        // A supervisor that starts or leaves at this moment is done with that within milliseconds.
        var starts = 0
        for _ in 0..<2000 {
            let (descriptor, failure) = folder.connect()
            if descriptor >= 0 {
                if let link = try SupervisorLink(descriptor, epoch: epoch, child: nil) { return link }
            } else if failure != ENOENT, failure != ECONNREFUSED {
                throw .unavailable("the supervisor cannot be reached: \(RunFolder.words(folder.path, failure))")
            } else if !folder.hasSupervisor {
                guard starting else { return nil }
                guard starts < startLimit else {
                    throw .unavailable(
                        "the supervisor died \(starts) times while it was starting; see \(folder.place("supervisor.err"))"
                    )
                }
                starts += 1
                try folder.make()
                if let link = try start(run: run, folder: folder, epoch: epoch, path: path) { return link }
            }
            usleep(5000)
        }
        throw .unavailable("the supervisor of \(run) neither answers nor leaves")
    }

    /// One that is killed while it starts is started again; one that never comes up is a failure that must be told.
    private static let startLimit = 10

    /// `nil` if another supervisor was there first, or this one died before it could answer.
    private static func start(
        run: RunID, folder: RunFolder, epoch: Epoch, path: String
    ) throws(ProcessesError) -> SupervisorLink? {
        let ledger = try folder.readLedger()
        guard ledger.epoch <= epoch.number else { throw .fenced(by: Epoch(ledger.epoch)) }
        var (ours, theirs): (Int32, Int32) = (-1, -1)
        let refusal = csup_socket_pair(&ours, &theirs)
        guard refusal == 0 else { throw .unavailable(RunFolder.words("a socket", refusal)) }
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        // Where a crash of the supervisor itself would leave its last words.
        let words = open(folder.place("supervisor.err"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        if words >= 0 { Sharing(of: folder.path).apply(to: words) }
        defer {
            close(null)
            if words >= 0 { close(words) }
        }
        var pid: pid_t = 0
        var argv: [UnsafeMutablePointer<CChar>?] = [strdup("shipit-supervisor"), strdup(run.text), nil]
        // The only variable that it knows; it never sees those of the commands but as messages.
        var environment: [UnsafeMutablePointer<CChar>?] = [nil]
        if let value = getenv("SHIPIT_CGROUPS") {
            environment.insert(strdup("SHIPIT_CGROUPS=" + String(cString: value)), at: 0)
        }
        defer { for text in argv + environment { free(text) } }
        let failure = csup_spawn(
            &pid, path, &argv, &environment, folder.path, null, null, words >= 0 ? words : null, theirs)
        // While this process had it open, too, the death of a supervisor that has not answered yet would show nowhere.
        close(theirs)
        guard failure == 0 else {
            close(ours)
            throw .unavailable("the supervisor cannot be started: \(RunFolder.words(path, failure))")
        }
        return try SupervisorLink(ours, epoch: epoch, child: pid)
    }
}
