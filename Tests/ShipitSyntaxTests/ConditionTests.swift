import ShipitCore
import ShipitSyntax
import Testing

/// `if:`
@Suite(.timeLimit(.minutes(3)))
struct ConditionTests {
    private func condition(_ text: String) throws -> StageCondition? {
        let file =
            "shipit: 1\nenvironments: {e: {vars: {x: 1, y.z: 2}}}\nstages:\n  a:\n    run: x\n    if: >-\n      \(text)\n"
        return try pipeline(file.replacing(", y.z: 2", with: "")).stages[0].condition
    }

    private let environment = Template(parts: [.reference(.environment, fallback: nil)])
    private let variable = Template(parts: [.reference(.variable("x"), fallback: nil)])
    private func literal(_ text: String) -> Template { Template(literal: text) }

    @Test(arguments: [
        "environment == \"production\"", "environment == 'production'", "environment=='production'",
        "${{ environment }} == 'production'", "${{ environment == 'production' }}", "(environment == 'production')",
    ]) func `two values are compared`(text: String) throws {
        #expect(try condition(text) == .equal(environment, literal("production")))
    }

    @Test func `and binds more tightly than or`() throws {
        let one = StageCondition.equal(environment, literal("a"))
        let two = StageCondition.notEqual(variable, literal("2"))
        let three = StageCondition.equal(variable, environment)
        #expect(
            try condition("environment == 'a' || vars.x != 2 && vars.x == environment") == .or(one, .and(two, three)))
        #expect(
            try condition("(environment == 'a' || vars.x != 2) && vars.x == environment") == .and(.or(one, two), three))
        #expect(
            try condition("environment == 'a' && vars.x != 2 || vars.x == environment") == .or(.and(one, two), three))
    }

    @Test func `an exclamation mark turns round what stands in parentheses`() throws {
        let one = StageCondition.equal(environment, literal("a"))
        #expect(try condition("!(environment == 'a')") == .not(one))
        #expect(try condition("!!(environment == 'a')") == .not(.not(one)))
    }
}
