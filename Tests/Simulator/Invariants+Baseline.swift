import ShipitCore

/// What is compared with later is measured before anything changes, once, and by what was really measured.
extension Invariants {
    struct BaselineModel {
        /// When the engine that has the run began with it.
        var began: Instant?
        var taken: Baseline?
        var isLacking = false
        /// Samples since then of each source: answers with a time, and all that came.
        var timed: [String: Int] = [:]
        var all: [String: Int] = [:]
    }

    var isRefusedByBaseline: Bool { baseline.isLacking && plan.monitor?.baseline?.isOptional == false }

    mutating func baselineStarted(at now: Instant) throws(Violation) {
        try demand(.monitoring, plan.monitor?.baseline != nil, "a baseline that nobody asks for")
        try demand(.monitoring, baseline.taken == nil, "a second baseline")
        try demand(.monitoring, baseline.began == nil, "an engine begins the baseline twice")
        try demand(.monitoring, !hasChanged, "a baseline after the first change")
        baseline.began = now
        baseline.timed = [:]
        baseline.all = [:]
    }

    mutating func gathered(_ source: String, _ sample: Sample, epoch: Int64) {
        guard epoch == self.epoch.number, baseline.began != nil, baseline.taken == nil else { return }
        baseline.all[source, default: 0] += 1
        if case .good(let seconds?, _) = sample.kind, seconds.isFinite { baseline.timed[source, default: 0] += 1 }
    }

    mutating func baselineTaken(_ taken: Baseline, _ lacking: String?, at now: Instant) throws(Violation) {
        guard let began = baseline.began, let monitor = plan.monitor, let policy = monitor.baseline else {
            throw Violation(.monitoring, "a baseline was taken, and never begun by this engine")
        }
        try demand(.monitoring, baseline.taken == nil, "a second baseline")
        try demand(.monitoring, !hasChanged, "a baseline after the first change")
        try demand(.monitoring, now >= began + policy.duration, "a baseline before its time is over")
        for (name, source) in taken.sources {
            let kept = source.answers + source.errors + source.noData
            try demand(.monitoring, kept <= baseline.all[name] ?? 0, "a baseline of more than was measured of \(name)")
            try demand(
                .monitoring, source.seconds.count <= baseline.timed[name] ?? 0,
                "a baseline of times that \(name) never took")
        }
        let isEnough = monitor.rollbackWhen.filter(\.isRelative).allSatisfy {
            baseline.timed[$0.source] ?? 0 >= monitor.minSamples
        }
        try demand(.monitoring, lacking != nil || isEnough, "a baseline with too little in it")
        baseline.taken = taken
        baseline.isLacking = lacking != nil
    }

    mutating func controlMoved(_ move: ControlMove) throws(Violation) {
        let monitor = plan.monitor
        try demand(.monitoring, monitor?.control?.contains(move.control) == true, "\(move.control) is no control")
        try demand(
            .monitoring, monitor?.rollbackWhen.contains { $0.text == move.rule } == true, "no rule says \(move.rule)")
        try demand(.monitoring, baseline.taken?.sources[move.control] != nil, "a control moved from nothing")
        try demand(.monitoring, !hasBreached && !isRollingBack, "a control moved after the breach")
        hasControlMoved = true
    }
}
