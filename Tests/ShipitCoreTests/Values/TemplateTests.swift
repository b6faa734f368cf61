import Foundation
import ShipitCore
import Testing

@Suite(.timeLimit(.minutes(3)))
struct `Templates` {
    static let whole: [(String, [Template.Part])] = [
        ("", []), ("plain", [.text("plain")]), ("$x {{ }} ${y}", [.text("$x {{ }} ${y}")]),
        ("${{ release.tag }}", [.reference(.release("tag"), fallback: nil)]),
        (
            "a ${{release.version}}-${{  item  }} z",
            [
                .text("a "), .reference(.release("version"), fallback: nil), .text("-"),
                .reference(.item, fallback: nil), .text(" z"),
            ]
        ),
        ("${{ vars.base-port }}", [.reference(.variable("base-port"), fallback: nil)]),
        ("${{ stages.a.outputs.path }}", [.reference(.output("a", "path"), fallback: nil)]),
        ("${{ stages.a.b.outputs.path }}", [.reference(.output("a.b", "path"), fallback: nil)]),
        (#"${{ stages.a.outputs.path || "none" }}"#, [.reference(.output("a", "path"), fallback: "none")]),
        ("${{ vars.x || '' }}", [.reference(.variable("x"), fallback: "")]),
        ("${{ secrets.TOKEN }}", [.reference(.secret("TOKEN"), fallback: nil)]),
    ]

    @Test(arguments: whole.indices)
    func `are taken apart at their references`(row: Int) throws {
        #expect(try Template(parsing: Self.whole[row].0).parts == Self.whole[row].1)
    }

    @Test(arguments: [
        ("a ${{ release.tag", TemplateError.unclosed(offset: 2)),
        ("${{ release.tga }}", .unknownReference("release.tga", offset: 0)),
        ("${{ }}", .unknownReference("", offset: 0)), ("${{ vars. }}", .unknownReference("vars.", offset: 0)),
        ("${{ vars.x || none }}", .badFallback("none", offset: 0)),
        (#"${{ vars.x || "a"b" }}"#, .badFallback(#""a"b""#, offset: 0)),
    ])
    func `that cannot be read say where and why`(text: String, error: TemplateError) {
        #expect(throws: error) { try Template(parsing: text) }
    }

    @Test(arguments: whole.indices)
    func `are read from JSON as they were written`(row: Int) throws {
        let template = Template(parts: Self.whole[row].1)
        let data = try JSONEncoder().encode([template])
        #expect(try JSONDecoder().decode([Template].self, from: data) == [template])
    }

    @Test func `keep text that looks like a reference as text, through JSON as well`() throws {
        let hostile = Template(literal: "${{ secrets.TOKEN }}")
        let data = try JSONEncoder().encode([hostile])
        #expect(try JSONDecoder().decode([Template].self, from: data) == [hostile])
        #expect(hostile.references.isEmpty)
    }

    @Test func `keep such text as text beside a real reference`() throws {
        let template = Template(parts: [.text("${{ secrets.TOKEN }} "), .reference(.item, fallback: nil)])
        let data = try JSONEncoder().encode([template])
        #expect(try JSONDecoder().decode([Template].self, from: data) == [template])
    }

    @Test(arguments: [
        InputValue.text(Template(literal: "x")), .list([]), .map([:]),
        .list([.text(Template(literal: "")), .map(["list": .list([.text(Template(literal: "y"))])])]),
        .map(["map": .map(["list": .text(Template(parts: [.reference(.item, fallback: "z")]))])]),
    ])
    func `in inputs of any shape go through JSON and back`(value: InputValue) throws {
        let data = try JSONEncoder().encode([value])
        #expect(try JSONDecoder().decode([InputValue].self, from: data) == [value])
    }
}
