import ShipitCore

/// One engine: the real machine, and what a process keeps in memory around it.
struct SimulatedEngine {
    /// What is to be done once the events of its turn are durable.
    enum Deed {
        case effect(Effect)
        /// On with an attempt of several steps.
        case advance(AttemptID)
    }

    /// An attempt that this process carries out.
    struct Activity {
        var attempt: AttemptID
        var steps: [String]
        /// Steps behind it.
        var done = 0
        /// The command that it waits for.
        var waitsFor: World.Key?
        /// Why it is being ended.
        var ending: Verdict?
        /// It began in another boot: a key on nobody's record may have run all the same.
        var isInDoubt: Bool
        var isReentered: Bool
        /// When this process ends it, whatever the supervisor does.
        var watchdog: Instant?
    }

    let epoch: Int64
    let bootID: String
    var machine: RunMachine
    /// Where it believes the journal to end.
    var sequence: Int
    var inbox: [Happening]
    var deeds: [Deed] = []
    var activities: [Activity] = []
    /// What comes by itself, and when.
    var coming: [(at: Instant, happening: Happening)] = []
    var wake: Instant?
    var nextBeat: Instant
    /// Stopped by a signal: it does nothing, and doesn't know it.
    var isStalled = false

    init(
        epoch: Int64, state: RunState, sequence: Int, jobs: Int, samples: [RecordedSample], opening: [Happening],
        _ world: World
    ) {
        self.epoch = epoch
        bootID = world.bootID
        // Every other one leaves where only people can move the run on.
        machine = RunMachine(
            state: state, jobs: jobs, staysForPeople: epoch.isMultiple(of: 2), samples: samples)
        self.sequence = sequence
        inbox = opening
        nextBeat = world.now
    }

    func index(of attempt: AttemptID) -> Int? { activities.firstIndex { $0.attempt == attempt } }

    /// When something will come about by itself; `nil`: never.
    func nextInstant(_ world: World) -> Instant? {
        if !inbox.isEmpty || !deeds.isEmpty { return world.now }
        var next = wake
        func consider(_ instant: Instant) { next = min(next ?? instant, instant) }
        for (at, _) in coming { consider(at) }
        if machine.isSampling { consider(nextBeat) }
        for activity in activities {
            if let watchdog = activity.watchdog { consider(watchdog) }
            guard let key = activity.waitsFor else { continue }
            if case .running(let endsAt, _) = world.commands[key] { consider(endsAt) } else { consider(world.now) }
        }
        return next
    }
}
