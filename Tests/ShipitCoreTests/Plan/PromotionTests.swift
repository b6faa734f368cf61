import ShipitCore
import Testing

@Suite(.timeLimit(.minutes(3)))
struct PromotionTests {
    private static let now = Instant(milliseconds: 100 * 86_400_000)
    private let policy = PromotionPolicy(from: "staging", within: .hours(24))

    private func run(_ id: RunID, _ outcome: Outcome?, of commit: String = "a", hoursAgo: Int64 = 1, dry: Bool = false)
        -> EarlierRun
    {
        let end = Instant(milliseconds: Self.now.milliseconds - hoursAgo * 3_600_000)
        return EarlierRun(
            run: id, commit: commit, dryRun: dry, outcome: outcome, finishedAt: outcome == nil ? nil : end)
    }

    /// The newest first.
    private func verdict(_ runs: EarlierRun..., changed: Set<RunID> = []) -> PromotionVerdict {
        policy.verdict(on: "a", now: Self.now, runs: runs) { changed.contains($0.run) }
    }

    @Test func `this very commit must have succeeded there, in earnest`() {
        #expect(verdict() == .neverDeployed)
        #expect(verdict(run("r2", .succeeded, of: "b"), run("r1", .succeeded, dry: true)) == .neverDeployed)
        let end = Instant(milliseconds: Self.now.milliseconds - 3_600_000)
        #expect(verdict(run("r2", .rolledBack, of: "b"), run("r1", .succeeded)) == .passed("r1", finishedAt: end))
    }

    @Test func `a success counts until the time is over`() {
        if case .passed = verdict(run("r1", .succeeded, hoursAgo: 23)) {} else { Issue.record("23 hours are in time") }
        if case .tooLongAgo("r1", _) = verdict(run("r1", .succeeded, hoursAgo: 24)) {
        } else {
            Issue.record("24 hours are not within 24 hours")
        }
    }

    @Test(arguments: [Outcome.rolledBack, .rollbackFailed, .failed])
    func `what was undone or failed since then takes it away`(_ outcome: Outcome) {
        #expect(verdict(run("r2", outcome), run("r1", .succeeded)) == .notASuccess("r2", outcome))
    }

    @Test func `runs that changed nothing, and those a newer release took off, say nothing`() {
        let success = run("r1", .succeeded)
        let passed = verdict(success)
        for outcome in [Outcome.superseded, .refused, .cancelled, nil] {
            #expect(verdict(run("r2", outcome), success) == passed)
        }
    }

    @Test func `one that was cancelled on its way, or is not over, takes it away`() {
        let success = run("r1", .succeeded)
        #expect(verdict(run("r2", .cancelled), success, changed: ["r2"]) == .notASuccess("r2", .cancelled))
        #expect(verdict(run("r2", nil), success, changed: ["r2"]) == .notASuccess("r2", nil))
    }
}
