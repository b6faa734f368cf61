public import ShipitCore

/// Asks one question of the world: one file each in ShipitProbes.
public protocol Probe: Sendable {
    var description: ProbeDescription { get }

    /// Never throws: that there was no answer is an answer. Ends within the request's timeout.
    func measure(_ request: ResolvedProbe) async -> Measurement
}

/// A check or a source with everything substituted.
public struct ResolvedProbe: Sendable {
    public var subject: ResolvedValue
    public var fields: [String: ResolvedValue]
    public var timeout: TimeSpan
    /// Where relative paths begin and commands start; absolute.
    public var directory: String
    /// What a command sees.
    public var variables: [String: String]
    public var secretValues: [String]
    /// The samples that this is one of; `nil` for a look at how things are.
    public var series: SampleSeries?

    public init(
        subject: ResolvedValue, fields: [String: ResolvedValue] = [:], timeout: TimeSpan = .seconds(10),
        directory: String, variables: [String: String] = [:], secretValues: [String] = [], series: SampleSeries? = nil
    ) {
        self.subject = subject
        self.fields = fields
        self.timeout = timeout
        self.directory = directory
        self.variables = variables
        self.secretValues = secretValues
        self.series = series
    }
}

/// Samples of a source that follow one another: what a probe counts it counts from one to the next. After a time in which
/// nobody sampled, another series begins.
public struct SampleSeries: Hashable, Sendable {
    /// The run's and the source's name.
    public var source: String
    public var number: Int

    public init(source: String, number: Int) {
        self.source = source
        self.number = number
    }
}

/// What came back. `noAnswer` is never good news: it fails a check, and for the monitor it is an error sample (http, tcp,
/// run) or no data.
public struct Measurement: Hashable, Sendable {
    public enum Verdict: Hashable, Sendable {
        case passed
        /// There was an answer, and it was not what was expected.
        case failed(String)
        /// There was none: refused, timed out, unreadable.
        case noAnswer(String)
    }

    public var verdict: Verdict
    /// How long the answer took, in seconds; `nil` without one.
    public var seconds: Double?
    /// The number that the answer is, where it is one.
    public var number: Double?
    /// What was measured, in base units, by the field whose condition it is compared with.
    public var figures: [String: Double]
    /// The fields that the answer misses, every one.
    public var missed: Set<String>
    /// What was asked and what came back, in a line or a few, without secrets.
    public var evidence: String

    public init(
        _ verdict: Verdict, seconds: Double? = nil, number: Double? = nil, figures: [String: Double] = [:],
        missed: Set<String> = [], evidence: String = ""
    ) {
        self.verdict = verdict
        self.seconds = seconds
        self.number = number
        self.figures = figures
        self.missed = missed
        self.evidence = evidence
    }
}

extension Measurement {
    /// The same without the values of secrets, wherever they came from.
    public func masked(_ secrets: [String]) -> Measurement {
        let redactor = Redactor(secrets)
        var masked = self
        masked.evidence = redactor.redact(evidence)
        switch verdict {
        case .passed: break
        case .failed(let reason): masked.verdict = .failed(redactor.redact(reason))
        case .noAnswer(let reason): masked.verdict = .noAnswer(redactor.redact(reason))
        }
        return masked
    }
}
