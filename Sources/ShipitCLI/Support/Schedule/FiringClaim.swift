import ArgumentParser
import ShipitCore
import ShipitEngine

/// `--firing AT/ENTRY@NOMINAL`: the time of a schedule that a process is started for.
struct FiringOrder: Hashable, Sendable, ExpressibleByArgument {
    var key: FiringKey
    var at: Instant

    init(_ key: FiringKey, at: Instant) {
        self.key = key
        self.at = at
    }

    init?(argument: String) {
        guard let slash = argument.firstIndex(of: "/"), let at = Int64(argument[..<slash]),
            let key = FiringKey(String(argument[argument.index(after: slash)...]))
        else { return nil }
        self.init(key, at: Instant(milliseconds: at))
    }

    var argument: String { "\(at.milliseconds)/\(key)" }
}

/// Taking a time of a schedule, so that nobody else begins its run, and saying what came of it.
struct FiringClaim {
    let order: FiringOrder
    private let store: any FiringStore
    private let holder: Holder

    init(_ order: FiringOrder, _ project: Project) throws {
        self.order = order
        store = try Wiring.firings(project.stateFolder)
        holder = try Wiring.thisProcess()
    }

    /// Does what the time is for, if nobody else does.
    /// - Returns: the exit code.
    static func run(
        under claim: FiringClaim?, _ streams: Streams, _ body: () async throws -> Int32
    ) async throws -> Int32 {
        guard let claim else { return try await body() }
        let (key, now) = (claim.order.key, SystemClock.wallTime)
        guard try claim.store.claim(key, at: claim.order.at, by: claim.holder, now: now) else {
            streams.progress("\(SafeText.line(key.description)) has been dealt with; nothing was done\n")
            return 0
        }
        do {
            let code = try await body()
            try claim.settle("", code)
            return code
        } catch let end as RunEnd {
            try claim.settle("", end.exitCode)
            throw end
        } catch {
            let failure = ErrorText.failure(error)
            try claim.settle(failure.message, failure.exitCode)
            throw error
        }
    }

    private func settle(_ words: String, _ code: Int32) throws {
        try store.settle(order.key, words, exitCode: Int(code), now: SystemClock.wallTime)
    }
}
