import ShipitCore
import Testing

@testable import ShipitCLI

@Suite(.timeLimit(.minutes(3)))
struct LiveBlockTests {
    private static let plain = Terminal.Style(color: false, unicode: true)

    private func text(
        _ story: Story, rules: [MonitorEvaluator.RuleState] = [], lastLines: [StageName: String] = [:],
        usual: [StageName: TimeSpan] = [:], width: Int = 80, height: Int = 24, after span: TimeSpan = .zero,
        style: Terminal.Style = Self.plain
    ) -> [String] {
        LiveBlock.lines(
            .init(view: story.view, rules: rules, lastLines: lastLines, usual: usual),
            size: .init(width: width, height: height), style: style, now: story.now + span
        ).map(\.text)
    }

    @Test func `a stage is a line with its state, time, usual time and newest output`() {
        let lines = text(
            .running(), lastLines: ["migrate": "\u{1B}[32mapplying\u{1B}[0m 0042"], usual: ["migrate": .seconds(30)],
            after: .seconds(12))
        #expect(
            lines == [
                "v1.15.2 to production  running  18s  20260112-0130-7f3k",
                "✓ backup   succeeded  4.0s",
                "● migrate  running     12s  usually 30s  applying 0042",
                "· restart  pending          after migrate",
                "· smoke    pending          after restart",
            ])
    }

    @Test func `no line is wider than the terminal`() {
        let lines = LiveBlock.lines(
            .init(view: Story.running().view, lastLines: ["migrate": String(repeating: "部", count: 100)]),
            size: .init(width: 40, height: 24), style: Self.plain, now: Story.start + .seconds(18))
        #expect(lines.allSatisfy { $0.width < 40 && TextWidth.of($0.text) == $0.width })
        #expect(lines[2].text == "● migrate  running     12s  部部部部部…")
    }

    @Test func `without Unicode the symbols are ASCII, and with colours they are coloured`() {
        let ascii = text(.running(), style: .init(color: false, unicode: false))
        #expect(ascii[1] == "+ backup   succeeded  4.0s")
        #expect(ascii.allSatisfy { $0.utf8.allSatisfy { $0 < 0x80 } })
        let coloured = text(.running(), style: .init(color: true, unicode: true))
        #expect(coloured[1] == "\u{1B}[32m✓\u{1B}[0m backup   \u{1B}[32msucceeded\u{1B}[0m  4.0s")
    }

    @Test func `a rollback shows what is undone, and the stage that failed stays visible`() {
        #expect(
            text(.rolledBack()) == [
                "v1.15.2 to production  rolled back  32s  20260112-0130-7f3k",
                "back because of: stage smoke failed: check \"Health\": status 500",
                "↩ backup   undone        nothing to undo",
                "↩ migrate  undone  4.0s",
                "↩ restart  undone  4.0s",
                "✗ smoke    failed  4.0s  exit 1: check \"Health\": status 500",
            ])
    }

    @Test func `an undo that runs is shown beside what is still to be undone`() {
        var story = Story()
        for stage: StageName in ["backup", "migrate", "restart"] { story.succeed(stage) }
        story.fail("smoke", reason: "status 500")
        story.tell(.rollbackStarted(reason: "stage smoke failed"))
        story.begin("restart", .undo)
        #expect(
            Array(text(story, after: .seconds(3)).suffix(4)) == [
                "· backup   to be undone",
                "· migrate  to be undone",
                "● restart  undoing         3s",
                "✗ smoke    failed        4.0s  exit 1: status 500",
            ])
    }

    @Test func `the question of a paused run stands at the top`() {
        #expect(text(.paused(), width: 120)[1] == "paused: \(Story.question)")
    }

    @Test func `the monitor's values stand beside their limits, with how long they have been over`() {
        var story = Story(Story.plan(monitor: Story.monitor))
        for stage: StageName in ["backup", "migrate", "restart"] { story.succeed(stage) }
        story.tell(.monitoringStarted, after: .zero)
        story.succeed("smoke")
        var evaluator = MonitorEvaluator(Story.monitor, began: story.now)
        _ = evaluator.add(Sample(at: story.now, kind: .good(seconds: 0.1, number: nil)), from: "api")
        _ = evaluator.add(Sample(at: story.now + .seconds(5), kind: .error), from: "api")
        let lines = text(story, rules: evaluator.rules, width: 100, after: .seconds(48))
        #expect(
            Array(lines.suffix(4)) == [
                "monitor  9m12s left",
                "  ◌ api.error-rate > 5% for 5m  OVER for 43s of 5m (50%)",
                "  ◌ api fails 3 times           failing (1 failure in a row)",
                "  ✓ api.p95 > 200ms             pass (100ms)",
            ])
    }

    @Test func `rules that do not fit give way to those that are over`() {
        var monitor = Monitor(duration: .minutes(1), minSamples: 1)
        monitor.rollbackWhen = (1...9).map { Story.rule("s\($0) fails 2 times") }
        monitor.sources = [
            MonitorSource(name: "s9", probe: ProbeRequest(probe: "tcp", subject: .text(.init(parts: []))))
        ]
        var evaluator = MonitorEvaluator(monitor, began: Story.start)
        for second in 1...2 {
            _ = evaluator.add(Sample(at: Story.start + .seconds(Int64(second)), kind: .error), from: "s9")
        }
        let lines = text(.running(), rules: evaluator.rules, height: 12)
        #expect(lines.count <= 11)
        #expect(
            Array(lines.suffix(3)) == [
                "  ✗ s9 fails 2 times  BREACH (2 failures in a row)", "  ? s1 fails 2 times  no data",
                "  and 7 more rules",
            ])
    }

    private func wide(_ count: Int, done: Int, running: Int) -> Story {
        let stages = (1...count).map { PlannedStage(name: StageName("s\($0)"), perform: .script("true")) }
        var story = Story(
            Plan(pipeline: "deploy", environment: "production", release: Story.release, stages: stages))
        for number in 1...done { story.succeed(StageName("s\(number)")) }
        for number in done + 1...done + running { story.begin(StageName("s\(number)")) }
        return story
    }

    @Test func `many stages are folded until the block fits the terminal`() {
        let lines = text(wide(100, done: 40, running: 3), height: 10)
        #expect(
            lines.map { String($0.prefix(24)) } == [
                "v1.15.2 to production  r", "✓ 40 stages over", "● s41   running      2s",
                "● s42   running      1s", "● s43   running      0s", "· s44   pending", "· s45   pending",
                "· s46   pending", "· 54 stages to come",
            ])
    }

    @Test(arguments: [2, 3, 4, 5, 6, 8, 24]) func `the block is never higher than the terminal`(height: Int) {
        for story in [wide(60, done: 5, running: 40), wide(60, done: 57, running: 2), .rolledBack(), .paused()] {
            let lines = text(story, height: height)
            #expect(lines.count < height)
            #expect(!lines.isEmpty)
        }
        #expect(text(wide(60, done: 5, running: 40), height: 6).last == "· 15 stages to come")
    }
}
