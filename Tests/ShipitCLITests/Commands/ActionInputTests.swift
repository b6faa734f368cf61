import ShipitCore
import ShipitEngine
import ShipitSyntax
import Testing

@testable import ShipitCLI

/// The first promise of every action, of the built-in ones: what it takes is checked at validation, with line and column.
@Suite(.timeLimit(.minutes(1)))
struct ActionInputTests {
    /// `run` and `checks` are written without `uses:`.
    static let actions = Wiring.actions.map(\.description).filter { !["run", "checks"].contains($0.name) }

    private func errors(_ action: ActionDescription, with inputs: String) -> [Diagnostic] {
        let text = "shipit: 1\nname: deploy\nstages:\n  one:\n    uses: \(action.name)\n    with:\n      \(inputs)\n"
        return PipelineReader(catalog: Wiring.catalog, zones: Wiring.zones).read(Array(text.utf8), file: "deploy.yaml")
            .diagnostics.filter { $0.severity == .error }
    }

    @Test(arguments: actions) func `an input that an action does not know is found at its place`(
        action: ActionDescription
    ) {
        let found = errors(action, with: "no-such-input: x").filter { $0.code == "unknown-input" }
        #expect(found.map(\.span.line) == [7] && found.map(\.span.column) == [7], "\(found)")
    }

    @Test(arguments: actions) func `an input that must be given is missed in its stage`(action: ActionDescription) {
        let required = action.inputs.filter(\.required)
        let found = errors(action, with: "no-such-input: x").filter { $0.code == "missing-input" }
        #expect(found.count == required.count, "\(found)")
        for diagnostic in found {
            #expect(diagnostic.span.file == "deploy.yaml" && (4...7).contains(diagnostic.span.line))
        }
    }

    @Test(arguments: actions) func `a value of the wrong type is found at its place`(action: ActionDescription) {
        for input in action.inputs {
            let wrong: String? =
                switch input.type {
                case .number, .duration, .size, .ratio, .boolean, .choice, .url: "much"
                case .list, .map, .check: "\"\""
                default: nil
                }
            guard let wrong else { continue }
            let found = errors(action, with: "\(input.name): \(wrong)").filter {
                $0.span.line == 7 && $0.span.column > 6
            }
            #expect(!found.isEmpty, "\(input.name): \(wrong) is taken")
        }
    }
}
