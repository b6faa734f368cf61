/// What a rehearsed run meets: given results, times and samples. What it doesn't speak of succeeds and answers well.
public struct Script: Hashable, Sendable {
    public var courses: [StagePart: Course] = [:]
    /// What a stage's `verify`, or its action, says about an attempt of unknown outcome; not given: done.
    public var verifications: [StageName: Verification] = [:]
    /// What sources of the monitor answer at times.
    public var spells: [String: [Spell]] = [:]
    /// A rule is breached as soon as this stage has succeeded, if the monitor watches by then.
    public var breachAfter: StageName?

    public init() {}

    /// One part of a stage, by the stage's name in the plan or that of its `for-each` group.
    public struct StagePart: Hashable, Sendable {
        public var stage: StageName
        public var part: Part

        public init(_ stage: StageName, _ part: Part = .perform) {
            self.stage = stage
            self.part = part
        }
    }

    /// How one attempt comes to its end.
    public enum Ending: Hashable, Sendable {
        case succeeds
        case fails(exit: Int)
        case timesOut
        /// The engine is killed half-way; the supervisor and the command live on.
        case engineDies
        /// The power goes half-way: engine, supervisor and command are gone.
        case machineDies
    }

    /// How the attempts at one part of a stage end, and how long each takes.
    public struct Course: Hashable, Sendable {
        /// Of the first attempts, in order.
        public var first: [Ending]
        /// Of all after them.
        public var then: Ending
        public var takes: TimeSpan?

        public init(first: [Ending] = [], then: Ending = .succeeds, takes: TimeSpan? = nil) {
            self.first = first
            self.then = then
            self.takes = takes
        }

        func ending(ofAttempt number: Int) -> Ending { first.indices.contains(number - 1) ? first[number - 1] : then }
    }

    public enum Verification: String, Hashable, Sendable, CaseIterable {
        case done
        case notDone = "not done"
        case cannotTell = "cannot tell"
    }

    /// A time of the run that a spell can be bound to.
    public enum Phase: String, Hashable, Sendable {
        case baseline
    }

    /// A time in which a source answers otherwise than well.
    public struct Spell: Hashable, Sendable {
        /// It is counted from this stage's success; `nil`: from when monitoring begins.
        public var after: StageName?
        /// Only while the baseline is taken, counted from when that begins.
        public var isBeforeChange: Bool
        public var from: TimeSpan
        /// `nil`: for the rest of the run.
        public var duration: TimeSpan?
        /// The share of samples that are errors, 0–1.
        public var errorRate: Double
        public var time: TimeSpan?
        public var value: Double?
        /// It gives nothing at all.
        public var isSilent: Bool

        public init(
            after: StageName? = nil, isBeforeChange: Bool = false, from: TimeSpan = .zero, duration: TimeSpan? = nil,
            errorRate: Double = 0,
            time: TimeSpan? = nil, value: Double? = nil, isSilent: Bool = false
        ) {
            self.after = after
            self.isBeforeChange = isBeforeChange
            self.from = from
            self.duration = duration
            self.errorRate = errorRate
            self.time = time
            self.value = value
            self.isSilent = isSilent
        }
    }

    func course(_ stage: PlannedStage, _ part: Part) -> Course? {
        courses[StagePart(stage.name, part)] ?? stage.group.flatMap { courses[StagePart(StageName($0), part)] }
    }

    func verification(_ stage: PlannedStage) -> Verification {
        verifications[stage.name] ?? stage.group.flatMap { verifications[StageName($0)] } ?? .done
    }
}

/// How long attempts take of which the script doesn't say it.
public enum Pace: Sendable {
    case each(TimeSpan)
    /// As long as they may: what the worst night takes.
    case longest
    /// As long as they took in earlier runs.
    case usual([Script.StagePart: TimeSpan])
}
