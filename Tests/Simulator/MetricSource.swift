import ShipitCore

/// What the monitor's two sources say: the truth, a lie, nonsense, nothing, or the truth of a while ago.
struct MetricSource {
    enum Weather: CaseIterable, Sendable {
        case good, errors, slow, crowded, noData, silent, nonsense, flapping, late
    }

    static let names = ["api", "queue"]
    /// How long a source that stalls takes to answer.
    static let stall = TimeSpan.seconds(8)

    var weather = Weather.good
    private var beats = 0

    struct Answer {
        var source: String
        var sample: Sample
        /// When the engine gets it.
        var at: Instant
    }

    /// One beat of all sources. `api` answers requests; `queue` gives a number.
    mutating func beat(at now: Instant, _ coverage: inout Coverage) -> [Answer] {
        beats += 1
        var answers: [Answer] = []
        for source in Self.names {
            guard let kind = kind(source) else {
                coverage.count(.samplesMissing)
                continue
            }
            coverage.count(occasion(kind))
            let isLate = weather == .late || (weather == .flapping && beats % 3 == 0)
            if isLate { coverage.count(.samplesLate) }
            answers.append(
                Answer(source: source, sample: Sample(at: now, kind: kind), at: isLate ? now + Self.stall : now))
        }
        return answers
    }

    private func kind(_ source: String) -> Sample.Kind? {
        switch weather {
        case .good, .late: .good(seconds: 0.1, number: 1)
        case .errors: .error
        case .slow: .good(seconds: 5, number: 1)
        case .crowded: .good(seconds: 0.1, number: 1000)
        case .noData: .noData
        case .silent: nil
        case .nonsense where beats.isMultiple(of: 2): .good(seconds: .nan, number: .nan)
        case .nonsense: .good(seconds: .infinity, number: nil)
        case .flapping where beats.isMultiple(of: 2): .good(seconds: 0.1, number: 1)
        case .flapping: source == "queue" ? .good(seconds: 0.1, number: 1000) : .error
        }
    }

    private func occasion(_ kind: Sample.Kind) -> Coverage.Occasion {
        switch kind {
        case .good(let seconds, _): seconds?.isFinite == true ? .samplesGood : .samplesNonsense
        case .error: .samplesBad
        case .noData: .samplesNone
        }
    }
}
