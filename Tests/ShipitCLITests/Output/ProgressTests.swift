import Foundation
import ShipitCore
import ShipitEngine
import Testing

@testable import ShipitCLI

@Suite(.timeLimit(.minutes(3)))
struct ProgressTests {
    /// Runs `body` with a progress that writes into a pipe, and gives what came out of it.
    private func written<P: ShipitCLI.Progress>(_ make: (OutputSink) -> P, _ body: (P) -> Void) throws -> String {
        let pipe = Pipe()
        body(make(OutputSink(descriptor: pipe.fileHandleForWriting.fileDescriptor)))
        try pipe.fileHandleForWriting.close()
        return String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    }

    @Test func `plain lines carry the time, the stage and what happened`() {
        var lines = PlainLines()
        let story = Story.rolledBack()
        #expect(
            lines.lines(story.entries, plan: story.state.plan) == """
                01:30:05 run      20260112-0130-7f3k: deploy of v1.15.2 to production by ana (times are UTC)
                01:30:06 backup   started (attempt 1)
                01:30:10 backup   succeeded after 4.0s
                01:30:11 migrate  started (attempt 1)
                01:30:15 migrate  succeeded after 4.0s
                01:30:16 restart  started (attempt 1)
                01:30:20 restart  succeeded after 4.0s
                01:30:21 smoke    started (attempt 1)
                01:30:25 smoke    failed (attempt 1): exit 1: check "Health": status 500
                01:30:26 rollback started: stage smoke failed: check "Health": status 500
                01:30:27 restart  undo started (attempt 1)
                01:30:31 restart  undo succeeded after 4.0s
                01:30:32 migrate  undo started (attempt 1)
                01:30:36 migrate  undo succeeded after 4.0s
                01:30:37 run      rolled back: stage smoke failed: check "Health": status 500

                """)
    }

    @Test func `plain lines hold no control character, whatever a stage says`() {
        var story = Story()
        story.fail("backup", reason: "\u{1B}[2J\u{7}\rgone\u{202E}")
        var lines = PlainLines()
        let text = lines.lines(story.entries, plan: story.state.plan)
        #expect(text.hasSuffix("backup   failed (attempt 1): exit 1: \\x1b[2J\\x07; gone\\u{202e}\n"))
        #expect(text.unicodeScalars.allSatisfy { $0 == "\n" || $0.properties.generalCategory != .control })
    }

    @Test func `a long silence is broken ever more seldom`() {
        let story = Story.running()
        var lines = PlainLines()
        _ = lines.lines(story.entries, plan: story.state.plan)
        func heartbeat(_ span: TimeSpan) -> String {
            lines.heartbeat(Doing(story.state), rules: [], now: story.now + span)
        }
        #expect(heartbeat(.seconds(59)) == "")
        #expect(heartbeat(.seconds(60)) == "01:31:11 run      still running: migrate, 1m00s\n")
        #expect(heartbeat(.seconds(179)) == "")
        #expect(heartbeat(.seconds(180)) == "01:33:11 run      still running: migrate, 3m00s\n")
        #expect(heartbeat(.seconds(300)) == "")
    }

    @Test func `a heartbeat of the monitor shows its values`() {
        var story = Story(Story.plan(monitor: Story.monitor))
        for stage: StageName in ["backup", "migrate", "restart"] { story.succeed(stage) }
        story.tell(.monitoringStarted, after: .zero)
        story.succeed("smoke")
        var lines = PlainLines()
        _ = lines.lines(story.entries, plan: story.state.plan)
        let evaluator = MonitorEvaluator(Story.monitor, began: story.now)
        let rules = Array(evaluator.rules.prefix(1))
        #expect(
            lines.heartbeat(Doing(story.state), rules: rules, now: story.now + .minutes(1))
                == "01:31:25 run      still monitoring: api.error-rate > 5% for 5m: no data\n")
    }

    @Test func `nothing is written while the engine waits, all of it at the next tick`() throws {
        let story = Story.running()
        let text = try written({ PlainProgress($0) }) { progress in
            progress.took(story.entries, state: story.state, rules: [], now: story.now)
            progress.tick(now: story.now, lastLines: [:])
            progress.tick(now: story.now, lastLines: [:])
            progress.say("stopping after what runs", now: story.now)
            progress.finish()
        }
        #expect(
            text == """
                01:30:05 run      20260112-0130-7f3k: deploy of v1.15.2 to production by ana (times are UTC)
                01:30:06 backup   started (attempt 1)
                01:30:10 backup   succeeded after 4.0s
                01:30:11 migrate  started (attempt 1)
                01:30:11 shipit   stopping after what runs

                """)
    }

    @Test func `JSON lines are the journal's events, each once`() throws {
        let story = Story.rolledBack()
        let text = try written({ JSONLinesProgress($0) }) { progress in
            progress.took(Array(story.entries.prefix(3)), state: story.state, rules: [], now: story.now)
            progress.tick(now: story.now, lastLines: [:])
            progress.took(Array(story.entries.dropFirst(3)), state: story.state, rules: [], now: story.now)
            progress.finish()
        }
        #expect(text == JournalJSON.lines(story.entries))
    }

    @Test func `a live block is redrawn in place, only when it changed, and stays at the end`() throws {
        let story = Story.running()
        let style = Terminal.Style(color: false, unicode: false)
        let text = try written({ LiveProgress($0, style: style) { .init(width: 80, height: 24) } }) { progress in
            progress.tick(now: story.now, lastLines: [:])
            progress.took(story.entries, state: story.state, rules: [], now: story.now)
            progress.tick(now: story.now, lastLines: ["migrate": "one"])
            progress.tick(now: story.now, lastLines: ["migrate": "one"])
            progress.tick(now: story.now + .seconds(1), lastLines: ["migrate": "two"])
            progress.finish()
        }
        let frames = text.split(separator: "\u{1B}[J", omittingEmptySubsequences: true)
        #expect(frames.count == 3)
        #expect(frames[0].hasPrefix("v1.15.2 to production  running  6s"))
        #expect(frames[0].contains("> migrate  running      0s  one\u{1B}[K\n"))
        #expect(frames[1].hasPrefix("\r\u{1B}[5Av1.15.2 to production  running  7s"))
        #expect(frames[1].contains("> migrate  running      1s  two\u{1B}[K\n"))
        #expect(frames[2].hasSuffix(". smoke    pending          after restart\u{1B}[K\n"))
    }

    @Test func `a reader that has gone away is no trouble`() throws {
        signal(SIGPIPE, SIG_IGN)
        let pipe = Pipe()
        try pipe.fileHandleForReading.close()
        let sink = OutputSink(descriptor: pipe.fileHandleForWriting.fileDescriptor)
        let story = Story.running()
        let progress = PlainProgress(sink)
        progress.took(story.entries, state: story.state, rules: [], now: story.now)
        progress.tick(now: story.now, lastLines: [:])
        progress.finish()
    }

    @Test func `the usual time of a stage is the median of its successes`() {
        var slow = Story()
        slow.begin("backup")
        slow.tell(
            .attemptFinished(AttemptID(stage: "backup", number: 1), AttemptResult(.succeeded)), after: .minutes(9))
        let runs = [Story.succeeded().state, slow.state, Story.rolledBack().state]
        let usual = UsualDurations.of(runs)
        #expect(usual["backup"] == .seconds(4))
        #expect(usual["smoke"] == .seconds(4))
        #expect(UsualDurations.of([]).isEmpty)
    }

    @Test func `a follower is where the engine is, without its state`() {
        let story = Story.undoFailed()
        var follower = RunFollower()
        var state = RunState(plan: story.state.plan)
        for entry in story.entries {
            state.apply(entry.event, at: entry.at)
            follower.take([entry], state: state)
        }
        follower.take([], state: state)
        follower.catchUp()
        #expect(follower.state?.stages == story.state.stages)
        #expect(follower.state?.outcome == .rollbackFailed)
    }

    @Test func `a follower that missed something takes the engine's state`() {
        let story = Story.undoFailed()
        var follower = RunFollower()
        follower.take([story.entries[0]], state: RunState(plan: story.state.plan))
        follower.take([story.entries[18]], state: story.state)
        follower.catchUp()
        #expect(follower.state?.stages == story.state.stages)
    }
}
