import ShipitCore
import Testing

/// Work must grow with the number of stages, not with its square: at 10,000 stages the square would take minutes.
@Suite(.timeLimit(.minutes(3)))
struct `Ten thousand stages` {
    static let count = 10_000

    static func chain() -> [PlannedStage] {
        (0..<count).map { stage(StageName("s\($0)"), needs: $0 == 0 ? [] : [StageName("s\($0 - 1)")]) }
    }

    static func wide(group: String? = nil, limit: Int? = nil) -> [PlannedStage] {
        (0..<count).map { stage(StageName("s\($0)"), finally: true, group: group, groupLimit: limit) }
    }

    /// Plays without the rig's own bookkeeping. - Returns: turns and events.
    static func play(_ plan: Plan, failing: StageName? = nil) -> (turns: Int, events: Int, outcome: Outcome?) {
        var machine = RunMachine(state: RunState(plan: plan), jobs: 4)
        var now = Instant(milliseconds: 0)
        var inbox: [Happening] = [.tick]
        var (turns, events) = (0, 0)
        while machine.state.outcome == nil, turns < 10 * count {
            let turn = machine.turn(inbox, now: now)
            turns += 1
            events += turn.events.count
            now = now + .milliseconds(1)
            inbox = turn.effects.compactMap { effect in
                guard case .start(let attempt) = effect else { return nil }
                let fails = attempt.stage == failing && attempt.part == .perform
                return .attemptEnded(attempt, AttemptResult(fails ? .failed : .succeeded))
            }
        }
        return (turns, events, machine.state.outcome)
    }

    @Test func `in a chain take a turn and two events each`() {
        let played = Self.play(.of(Self.chain()))
        #expect(played.outcome == .succeeded)
        #expect(played.turns == Self.count + 1)
        #expect(played.events == 2 * Self.count + 1)
    }

    @Test func `in a chain are undone in as many turns again`() {
        let played = Self.play(.of(Self.chain()), failing: StageName("s\(Self.count - 1)"))
        #expect(played.outcome == .rolledBack)
        #expect(played.turns == 2 * Self.count + 1)
        #expect(played.events == 4 * Self.count + 2)
    }

    @Test func `side by side take a turn for as many as there are jobs`() {
        let played = Self.play(.of(Self.wide()))
        #expect(played.outcome == .succeeded)
        #expect(played.turns == Self.count / 4 + Self.count + 1)
    }

    @Test func `side by side are undone as quickly`() {
        let played = Self.play(.of(Self.wide()), failing: StageName("s\(Self.count - 1)"))
        #expect(played.outcome == .rolledBack)
        #expect(played.turns == 2 * Self.count / 4 + Self.count + 1)
    }

    @Test func `of one group, one at a time, take a turn each`() {
        let played = Self.play(.of(Self.wide(group: "s", limit: 1)))
        #expect(played.outcome == .succeeded)
        #expect(played.turns == 2 * Self.count + 1)
    }
}
