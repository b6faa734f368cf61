import Testing

@testable import ShipitPlugins

@Suite(.timeLimit(.minutes(1)))
struct MessageReaderTests {
    private func read(_ text: String) throws(MessageFault) -> [PluginMessage] {
        var reader = MessageReader()
        return try reader.take(text.utf8) + reader.finish()
    }

    @Test func `each kind is read, in order, whatever pieces the bytes come in`() throws {
        let text = """
            {"log":"look","level":"warning"}
            {"progress":0.4,"note":"2 of 5"}
            {"output":{"drained":17}}
            {"cursor":{"at":3}}
            {"preview":["would drain web-3"]}
            {"reason":"no such server"}
            """
        let expected: [PluginMessage] = [
            .log("look", level: "warning"), .progress(0.4, note: "2 of 5"), .outputs(["drained": .integer(17)]),
            .cursor(.object(["at": .integer(3)])), .preview(["would drain web-3"]), .reason("no such server"),
        ]
        #expect(try read(text) == expected)
        var reader = MessageReader()
        var pieces: [PluginMessage] = []
        for byte in text.utf8 { pieces += try reader.take([byte]) }
        #expect(try pieces + reader.finish() == expected)
    }

    static let bad: [(line: String, problem: MessageFault.Problem)] = [
        ("junk", .notJSON), ("[1]", .notAnObject), (#"{"lgo":"x"}"#, .unknownKind(["lgo"])),
        (#"{"log":"x","reason":"y"}"#, .unknownKind(["log", "reason"])), (#"{}"#, .unknownKind([])),
        (#"{"log":1}"#, .wrongValue("log", "a text")),
        (#"{"progress":2}"#, .wrongValue("progress", "a number from 0 to 1")),
        (#"{"cursor":"\#(String(repeating: "x", count: 65_536))"}"#, .wrongValue("cursor", "at most 64 KiB")),
    ]

    @Test(arguments: bad.indices)
    func `a bad line is a fault with its number`(index: Int) {
        let (line, problem) = Self.bad[index]
        #expect(throws: MessageFault(line: 2, problem: problem)) { try read("{\"log\":\"\"}\n\(line)\n") }
    }

    @Test func `what is not UTF-8 is a fault`() {
        var reader = MessageReader()
        #expect(throws: MessageFault(line: 1, problem: .notUTF8)) {
            try reader.take(Array("{\"log\":\"".utf8) + [0xFF] + Array("\"}\n".utf8))
        }
    }

    @Test func `a line ends at 1 MiB, before more of it is kept`() throws {
        var reader = MessageReader()
        let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
        _ = try reader.take(piece)
        #expect(throws: MessageFault(line: 1, problem: .lineTooLong)) { try reader.take([UInt8(ascii: "x")]) }
    }

    @Test func `a call ends at 64 MiB`() throws {
        var reader = MessageReader()
        let piece = [UInt8](repeating: UInt8(ascii: "\n"), count: 1 << 20)
        for _ in 0..<64 { _ = try reader.take(piece) }
        #expect(throws: MessageFault.self) { try reader.take(piece) }
    }
}
