import ShipitCore
import Testing

@Suite(.timeLimit(.minutes(3)))
struct RehearsalPolicyTests {
    private static let now = Instant(milliseconds: 100 * 86_400_000)
    private let policy = RehearsalPolicy(within: .hours(24), environments: ["staging"])

    private func rehearsal(
        _ run: RunID, _ outcome: Outcome?, forced: Bool = true, passed: Bool = false, left: Bool = false,
        hoursAgo: Int64 = 1
    ) -> EarlierRehearsal {
        EarlierRehearsal(
            run: run, environment: "staging", outcome: outcome,
            finishedAt: outcome == nil ? nil : Instant(milliseconds: Self.now.milliseconds - hoursAgo * 3_600_000),
            wasForced: forced, passed: passed, leftSomething: left)
    }

    /// The newest first.
    private func verdict(_ rehearsals: EarlierRehearsal...) -> RehearsalVerdict {
        policy.verdict(now: Self.now, rehearsals.map(\.run)) { run in rehearsals.first { $0.run == run }! }
    }

    @Test func `a rehearsal that was wholly taken back counts until the time is over`() {
        #expect(verdict() == .never)
        let late = rehearsal("r1", .rolledBack, passed: true, hoursAgo: 23)
        #expect(verdict(late) == .passed(late, finishedAt: late.finishedAt!))
        let old = rehearsal("r1", .rolledBack, passed: true, hoursAgo: 24)
        #expect(verdict(old) == .tooLongAgo(old, finishedAt: old.finishedAt!))
    }

    @Test func `the newest that came to its breach decides`() {
        let good = rehearsal("r1", .rolledBack, passed: true)
        for bad in [
            rehearsal("r2", .rollbackFailed, left: true), rehearsal("r2", .rolledBack), rehearsal("r2", nil),
        ] {
            #expect(verdict(bad, good) == .notPassed(bad))
        }
        #expect(
            verdict(good, rehearsal("r0", .rollbackFailed, left: true)) == .passed(good, finishedAt: good.finishedAt!))
    }

    @Test func `one that never came to it says nothing, unless it left something`() {
        let good = rehearsal("r1", .rolledBack, passed: true)
        for early in [
            rehearsal("r2", .rolledBack, forced: false), rehearsal("r2", .refused, forced: false),
            rehearsal("r2", nil, forced: false),
        ] {
            #expect(verdict(early, good) == .passed(good, finishedAt: good.finishedAt!))
        }
        let dirty = rehearsal("r2", .rollbackFailed, forced: false, left: true)
        #expect(verdict(dirty, good) == .notPassed(dirty))
    }

    // MARK: Where

    private typealias Place = RehearsalGround.Place

    @Test func `production is no place for it, whatever it is called`() {
        let ground = RehearsalGround([
            Place(name: "staging"), Place(name: "production"), Place(name: "live", promotedFrom: "staging"),
            Place(name: "shop", wantsRehearsal: true), Place(name: "bank", isSigned: true),
        ])
        #expect(ground.refusal(of: "staging") == nil)
        for name in ["production", "live", "shop", "bank", "undeclared"] { #expect(ground.refusal(of: name) != nil) }
    }

    @Test func `what others are promoted from is on the way to production, and not production`() {
        let ground = RehearsalGround([
            Place(name: "dev"), Place(name: "staging", promotedFrom: "dev"),
            Place(name: "production", promotedFrom: "staging", wantsRehearsal: true),
        ])
        #expect(ground.refusal(of: "staging") == nil)
        #expect(ground.environments(for: "production") == ["staging"])
    }

    @Test func `it counts where releases are promoted from, or wherever it may be held`() {
        let ground = RehearsalGround([
            Place(name: "dev"), Place(name: "signed", isSigned: true), Place(name: "staging"),
            Place(name: "production", promotedFrom: "signed", wantsRehearsal: true),
        ])
        #expect(ground.environments(for: "production") == ["dev", "staging"])
        #expect(
            RehearsalGround([Place(name: "production", wantsRehearsal: true)]).environments(for: "production") == [])
    }
}
