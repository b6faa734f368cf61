import ArgumentParser
import Foundation
import Logging
import ServiceLifecycle
import ShipitCore
import ShipitServer
import UnixSignals

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Begin what the pipelines' schedules want, and see it to its end.",
        discussion: """
            Stays until it is ended: TERM and Ctrl-C end it with 0. What it has begun are processes of their own, which go on; \
            the next serve takes up what was left. Runs of schedules whose engine is gone are resumed. On its address, \
            /healthz is for whoever watches it and /metrics for Prometheus. A proxy in front of it calls it by a name that \
            --host allows.
            """)

    /// Beside those of Prometheus's exporters.
    static let defaultAddress = "127.0.0.1:9717"

    @OptionGroup var place: PlaceOptions

    @Option(
        help: ArgumentHelp(
            "Where /healthz and /metrics are, on this machine alone; port 0 takes any. Default: \(defaultAddress).",
            valueName: "address"))
    var listen = Self.defaultAddress

    @Option(help: ArgumentHelp("A name that requests may call it by, beside this machine's own.", valueName: "name"))
    var host: [String] = []

    func run() async throws {
        let address = try Self.address(listen)
        let project = try place.place().project()
        let log = ServeLog()
        let counts = ServeCounts(startedAt: SystemClock.wallTime)
        // First of all, and for writing: a state folder that cannot be used is told now.
        let scheduler = try Scheduler(project, counts: counts)
        let overseer = try Overseer(project, counts: counts)
        let outbox = try OutboxService(project)
        let answers = ServeAnswers(project: project, counts: counts)
        let listener = Wiring.listener(
            on: address, hosts: Set(host.map { $0.lowercased() }),
            isBound: { log.say("listening on http://\($0), state in \(project.stateFolder)") },
            answer: { answers.answer($0) })
        // A lost terminal, or reader of its words, ends nothing.
        signal(SIGHUP, SIG_IGN)
        signal(SIGPIPE, SIG_IGN)
        var logger = Logger(label: "shipit")
        // It says itself what there is to say.
        logger.logLevel = .error
        let group = ServiceGroup(
            services: [listener, scheduler, overseer, outbox], gracefulShutdownSignals: [.sigterm, .sigint],
            logger: logger)
        do {
            try await group.run()
        } catch let refusal as HTTPListener.Refusal {
            throw CommandFailure(
                .machine, refusal.description, hint: "is another serve there? name another address with --listen")
        }
        log.say("ended; what was begun goes on")
    }

    /// `HOST:PORT` of this machine.
    static func address(_ text: String) throws(CommandFailure) -> HTTPListener.Address {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (0...65_535).contains(port)
        else {
            throw CommandFailure(
                .usage, "--listen \(SafeText.line(text)): HOST:PORT is expected", hint: "such as \(defaultAddress)")
        }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        let isOfThisMachine = host == "localhost" || host == "::1" || isLoopback(host)
        guard isOfThisMachine else {
            throw CommandFailure(
                .usage, "--listen \(SafeText.line(text)): only an address of this machine itself is listened on",
                hint: "such as \(defaultAddress); put a proxy in front of it, and name it with --host")
        }
        return HTTPListener.Address(host: host, port: port)
    }

    /// `127.0.0.0/8`.
    private static func isLoopback(_ host: String) -> Bool {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }
}
