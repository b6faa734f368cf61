import Testing

@testable import SupervisorProtocol

@Suite("Messages between engine and supervisor", .timeLimit(.minutes(3)))
struct MessageTests {
    private static let start = StartCommand(
        key: "r/s/1", argv: ["sh", "-c", "é\n"], environment: ["A=1", "B="], directory: "/", secrets: ["x"],
        timeoutMilliseconds: 5, killAfterMilliseconds: 10_000, leavesRunning: true)
    private static let reading = StartCommand(
        key: "r/s/2", argv: ["cat"], environment: [], directory: "/", secrets: [], timeoutMilliseconds: nil,
        killAfterMilliseconds: 0, leavesRunning: false, input: "é\n")
    private static let ended = EndedCommand(
        key: "r/s/1", fate: .notStarted("no such file: ./x"), at: 12, output: OutputExtent(start: 1, end: 9))
    private static let requests: [SupervisorRequest] = [
        .hello(epoch: 7), .start(start), .start(reading), .query(key: "k"), .end(ticket: 3, prefix: ""), .list, .done,
    ]
    private static let replies: [SupervisorReply] = [
        .welcome(pid: 4), .fenced(by: 9), .absent(key: "k"), .running(key: "k"), .ended(ended),
        .refused(key: "k", reason: "full"), .gone(ticket: 3), .listing(running: ["a", "b"], ended: [ended]), .bye,
        .failed("why"),
    ]

    @Test func `messages arrive as they were sent, however the stream is cut`() throws {
        let bytes = Self.requests.flatMap(\.frame) + Self.replies.flatMap(\.frame)
        for size in [1, 3, 7, 4096] {
            var buffer = FrameBuffer()
            var frames: [[UInt8]] = []
            for start in stride(from: 0, to: bytes.count, by: size) {
                bytes[start..<min(start + size, bytes.count)].withUnsafeBytes { buffer.append($0) }
                while let frame = try buffer.next() { frames.append(Array(frame)) }
            }
            let count = Self.requests.count
            #expect(try frames[..<count].map { try SupervisorRequest(frame: $0[...]) } == Self.requests)
            #expect(try frames[count...].map { try SupervisorReply(frame: $0[...]) } == Self.replies)
        }
    }

    @Test func `nonsense is refused and allocates nothing`() {
        #expect(throws: WireError.truncated) { try SupervisorRequest(frame: []) }
        #expect(throws: WireError.malformed("request 99")) { try SupervisorRequest(frame: [99]) }
        #expect(throws: WireError.malformed("bytes after a request")) { try SupervisorRequest(frame: [5, 0]) }
        // A key, then a count of four thousand million arguments.
        #expect(throws: WireError.truncated) {
            try SupervisorRequest(frame: [2, 1, 0, 0, 0, 65, 0xff, 0xff, 0xff, 0xff])
        }
        var buffer = FrameBuffer()
        [UInt8](repeating: 0xff, count: 4).withUnsafeBytes { buffer.append($0) }
        #expect(throws: WireError.oversized(0xffff_ffff)) { try buffer.next() }
    }

    @Test func `random bytes never crash a reader`() {
        var random = SplitMix(state: 7)
        for _ in 0..<20_000 {
            let bytes = (0..<random.next() % 40).map { _ in UInt8(truncatingIfNeeded: random.next() % 12) }
            _ = try? SupervisorRequest(frame: bytes[...])
            _ = try? SupervisorReply(frame: bytes[...])
            _ = LedgerRecord(line: bytes)
            _ = OutputFrame(header: bytes[...])
        }
    }

    @Test func `a prefix ends at the border of a word`() {
        #expect(key("r/s/1", isUnder: "r/s/1"))
        #expect(key("r/s/1/step", isUnder: "r/s/1"))
        #expect(key("r/s/1", isUnder: "r/s/"))
        #expect(key("r/s/1", isUnder: ""))
        #expect(!key("r/s/12", isUnder: "r/s/1"))
        #expect(!key("r/s", isUnder: "r/s/1"))
    }
}
