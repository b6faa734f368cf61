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

    public init(
        concurrency: Int = 8, retryDelay: TimeSpan = .seconds(1), ask: @escaping Ask, pause: @escaping Pause
    ) {
        precondition(concurrency > 0)
        self.concurrency = concurrency
        self.retryDelay = retryDelay
        self.ask = ask
        self.pause = pause
    }

    /// - Parameters:
    ///   - directory: where relative paths begin and commands start.
    ///   - onResult: told of each check as soon as its result is known.
    /// - Returns: one result a check, in the order of the suite.
    public func run(
        _ checks: [Check], directory: String, variables: [String: String] = [:], secretValues: [String] = [],
        onResult: @Sendable (CheckResult) -> Void = { _ in }
    ) async throws(ActionError) -> SuiteReport {
        let surroundings = Surroundings(directory: directory, variables: variables, secretValues: secretValues)
        let answer = await withTaskGroup(of: (Int, Outcome).self) { group in
            var board = Board(checks)
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
    }

    /// All tries of one check: the first answer that passes, or the last.
    private func attempt(_ check: Check, _ surroundings: Surroundings) async -> Outcome {
        do throws(ActionError) {
            var request = try Self.request(check)
            request.directory = surroundings.directory
            request.variables = surroundings.variables
            request.secretValues = surroundings.secretValues
            var tries = 1
            while true {
                let measurement = await ask(check.probe.probe, request)
                if measurement.verdict == .passed || tries > check.retries {
                    return .success(CheckResult(check, measurement, tries: tries))
                }
                tries += 1
                try await pause(retryDelay)
            }
        } catch {
            if case .badInput(let field, let problem) = error {
                let measurement = Measurement(.noAnswer("\(field) \(problem)"))
                return .success(CheckResult(check, measurement, tries: 0))
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

    init(_ checks: [Check]) {
        self.checks = checks
        waiting = Array(checks.indices)
        byName = Dictionary(checks.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    var results: [CheckResult] { checks.indices.compactMap { settled[$0] } }

    /// The next check all of whose dependencies have passed.
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
            let result = CheckResult(notAsked: checks[index], because: name)
            settled[index] = result
            found.append(result)
        }
        return found
    }

    /// Checks that wait for one another, when nothing is being asked any more. Reading a pipeline refuses such a circle;
    /// were one to come here, it must not be taken for a suite that passed.
    mutating func takeRest() -> [CheckResult] {
        let rest = waiting.map { CheckResult(notAsked: checks[$0], because: checks[$0].dependsOn[0]) }
        for (index, result) in zip(waiting, rest) { settled[index] = result }
        waiting = []
        return rest
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
            switch settled[index]?.passed {
            case true?: continue
            case false?: return .failed(name)
            case nil: worst = .unknownYet
            }
        }
        return worst
    }
}
