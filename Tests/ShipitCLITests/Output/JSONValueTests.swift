import Foundation
import Testing

@testable import ShipitCLI

@Suite(.timeLimit(.minutes(3)))
struct JSONValueTests {
    @Test func `keys keep their order and numbers their shape`() {
        let value = JSONValue.members([
            "b": .integer(1), "a": .number(0.21), "c": .number(5), "d": .number(.nan), "e": .null, "f": .bool(true),
        ])
        #expect(value.compact == #"{"b":1,"a":0.21,"c":5,"d":null,"e":null,"f":true}"#)
    }

    @Test func `texts are escaped so that nothing steers a terminal`() throws {
        let text = "\"\\\n\t\u{1B}[0m\u{202E}é🚀\u{E0001}"
        let json = JSONValue.string(text).compact
        #expect(json == #""\"\\\n\t\u001b[0m\u202eé🚀\udb40\udc01""#)
        #expect(try JSONDecoder().decode([String].self, from: Data("[\(json)]".utf8)) == [text])
    }

    @Test func `what fits on a line stands on one`() {
        let long = String(repeating: "x", count: 90)
        let value = JSONValue.members(["short": .array([.integer(1), .integer(2)]), "long": .string(long)])
        #expect(
            value.pretty == """
                {
                  "short": [1, 2],
                  "long": "\(long)"
                }
                """)
        #expect(JSONValue.array([]).pretty == "[]")
    }

    @Test func `what was written is read back the same`() throws {
        let value = JSONValue.members([
            "array": .array([.null, .bool(false), .integer(7), .number(0.5), "text"]), "object": .map(["k": "v"]),
        ])
        #expect(try JSONDecoder().decode(JSONValue.self, from: Data(value.compact.utf8)) == value)
    }
}
