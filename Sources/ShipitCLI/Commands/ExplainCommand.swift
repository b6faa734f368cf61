import ArgumentParser
import ShipitCore
import ShipitSyntax

struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Say what a diagnostic means and what to do about it.",
        discussion: "A diagnostic's code is what stands in brackets, as in error[unknown-key]. Without one: all codes.")

    @OptionGroup var output: OutputOptions

    @Argument(help: ArgumentHelp("The code.", valueName: "code"))
    var code: String?

    func run() throws {
        let streams = Streams()
        guard let code else {
            streams.result(output.output == .json ? ExplanationWords.json(Explanation.all) : ExplanationWords.list)
            return
        }
        // Pasted with its brackets it is understood as well.
        let bare = code.split(separator: "[").last.map { String($0.prefix { $0 != "]" }) } ?? code
        guard let explanation = Explanation.of(bare) else {
            let near = Suggestion.closest(to: bare, among: Explanation.all.map(\.code))
            throw CommandFailure(
                .usage, "there is no diagnostic \"\(SafeText.line(code))\"",
                hint: near.map { "did you mean \"\($0)\"?" } ?? "see all with: shipit explain")
        }
        switch output.output {
        case .text: streams.result(ExplanationWords.text(explanation))
        case .json: streams.result(ExplanationWords.json(explanation))
        }
    }
}
