public import ShipitCore
public import ShipitEngine

/// Asks the checks of a suite: several at once, each after those that it depends on.
public struct SuiteRunner: Sendable {
    public typealias Ask = @Sendable (_ probe: String, _ request: ResolvedProbe) async -> Measurement
    public typealias Pause = @Sendable (TimeSpan) async throws(ActionError) -> Void

    /// How many are asked at once.
    public var concurrency: Int
    /// Between two tries of one check.
    public var retryDelay: TimeSpan
    private var ask: Ask
    private var pause: Pause
    private var now: @Sendable () -> Instant

    /// Enough for a hundred checks to take about as long as the slowest of them.
    public static let usualConcurrency = 128

    public init(
        concurrency: Int = Self.usualConcurrency, retryDelay: TimeSpan = .seconds(1), ask: @escaping Ask,
        pause: @escaping Pause, now: @escaping @Sendable () -> Instant
    ) {
        precondition(concurrency > 0)
        self.concurrency = concurrency
        self.retryDelay = retryDelay
        self.ask = ask
        self.pause = pause
        self.now = now
    }

    /// - Parameters:
    ///   - directory: where relative paths begin and commands start.
    ///   - words: what people have said about the checks.
    ///   - believed: passes of before that are taken for answers, by the name of the check.
    ///   - onResult: told of each check as soon as its result is known.
    /// - Returns: one result a check, in the order of the suite.
    public func run(
        _ checks: [Check], directory: String, variables: [String: String] = [:], secretValues: [String] = [],
        words: [CheckWord] = [], believed: [String: KeptResult] = [:],
        onResult: @Sendable (CheckResult) -> Void = { _ in }
    ) async throws(ActionError) -> SuiteReport {
        let surroundings = Surroundings(
            directory: directory, variables: variables, secretValues: secretValues, leave: Leave(words),
            believed: believed)
        let answer = await withTaskGroup(of: (Int, Outcome).self) { group in
            var board = Board(checks, now, surroundings.leave)
            var asking = 0
            while true {
                for result in board.takeNotAsked() { onResult(result) }
                while asking < concurrency, let (index, check) = board.takeReady() {
                    asking += 1
                    group.addTask { (index, await attempt(check, surroundings)) }
                }
                guard let (index, outcome) = await group.next() else { break }
                asking -= 1
                switch outcome {
                case .failure(let error):
                    group.cancelAll()
                    return Result<SuiteReport, ActionError>.failure(error)
                case .success(let result):
                    board.settle(index, result)
                    onResult(result)
                }
            }
            for result in board.takeRest() { onResult(result) }
            return .success(SuiteReport(results: board.results))
        }
        return try answer.get()
    }

    private typealias Outcome = Result<CheckResult, ActionError>

    private struct Surroundings: Sendable {
        var directory: String
        var variables: [String: String]
        var secretValues: [String]
        var leave: Leave
        var believed: [String: KeptResult]
    }

    /// All tries of one check: the first answer that passes, or the last.
    private func attempt(_ check: Check, _ surroundings: Surroundings) async -> Outcome {
        if let kept = surroundings.believed[check.name] { return .success(CheckResult(check, believed: kept)) }
        if check.isManual {
            return .success(surroundings.leave.applied(to: surroundings.leave.ask(check, now: now()), now: now()))
        }
        return await measured(check, surroundings).map { surroundings.leave.applied(to: $0, now: now()) }
    }

    private func measured(_ check: Check, _ surroundings: Surroundings) async -> Outcome {
        do throws(ActionError) {
            var request = try Self.request(check)
            request.directory = surroundings.directory
            request.variables = surroundings.variables
            request.secretValues = surroundings.secretValues
            var tries = 1
            while true {
                let measurement = await ask(check.probe.probe, request).masked(surroundings.secretValues)
                if measurement.verdict == .passed || tries > check.retries {
                    return .success(CheckResult(check, measurement, tries: tries, at: now()))
                }
                tries += 1
                try await pause(retryDelay)
            }
        } catch {
            if case .badInput(let field, let problem) = error {
                let measurement = Measurement(.noAnswer("\(field) \(problem)"))
                return .success(CheckResult(check, measurement, tries: 0, at: now()))
            }
            return .failure(error)
        }
    }

    private static func request(_ check: Check) throws(ActionError) -> ResolvedProbe {
        let subject = try ActionInputs([check.probe.probe: check.probe.subject]).value(check.probe.probe)
        let inputs = ActionInputs(check.probe.fields)
        var fields: [String: ResolvedValue] = [:]
        for name in inputs.names { fields[name] = try inputs.value(name) }
        return ResolvedProbe(subject: subject ?? .text(""), fields: fields, timeout: check.timeout, directory: "/")
    }
}

/// Which checks are still to be asked.
private struct Board {
    private let checks: [Check]
    private var waiting: [Int]
    private var settled: [Int: CheckResult] = [:]
    private let byName: [String: Int]
    private let now: @Sendable () -> Instant
    private let leave: Leave

    init(_ checks: [Check], _ now: @escaping @Sendable () -> Instant, _ leave: Leave) {
        self.checks = checks
        self.now = now
        self.leave = leave
        waiting = Array(checks.indices)
        byName = Dictionary(checks.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    var results: [CheckResult] { checks.indices.compactMap { settled[$0] } }

    /// The next check all of whose dependencies let it be asked.
    mutating func takeReady() -> (index: Int, check: Check)? {
        guard let place = waiting.firstIndex(where: { blocker(of: checks[$0]) == .none }) else { return nil }
        let index = waiting.remove(at: place)
        return (index, checks[index])
    }

    mutating func settle(_ index: Int, _ result: CheckResult) { settled[index] = result }

    /// Checks that cannot be asked any more, because what they depend on failed; and what depends on these.
    mutating func takeNotAsked() -> [CheckResult] {
        var found: [CheckResult] = []
        while let place = waiting.firstIndex(where: {
            if case .failed = blocker(of: checks[$0]) { true } else { false }
        }) {
            let index = waiting.remove(at: place)
            guard case .failed(let name) = blocker(of: checks[index]) else { continue }
            let result = notAsked(checks[index], because: name)
            settled[index] = result
            found.append(result)
        }
        return found
    }

    /// Checks that wait for one another, when nothing is being asked any more. Reading a pipeline refuses such a circle;
    /// were one to come here, it must not be taken for a suite that passed.
    mutating func takeRest() -> [CheckResult] {
        let rest = waiting.map { notAsked(checks[$0], because: checks[$0].dependsOn[0]) }
        for (index, result) in zip(waiting, rest) { settled[index] = result }
        waiting = []
        return rest
    }

    private func notAsked(_ check: Check, because name: String) -> CheckResult {
        let now = now()
        return leave.applied(
            to: CheckResult(check, .notAsked(because: name), trouble: "not asked", at: now), now: now)
    }

    private enum Blocker: Equatable {
        case none, unknownYet
        case failed(String)
    }

    private func blocker(of check: Check) -> Blocker {
        var worst = Blocker.none
        for name in check.dependsOn {
            // A name that the suite doesn't have was refused when the pipeline was read.
            guard let index = byName[name] else { return .failed(name) }
            switch settled[index]?.lets {
            case true?: continue
            case false?: return .failed(name)
            case nil: worst = .unknownYet
            }
        }
        return worst
    }
}
