import ArgumentParser
import Foundation
import ShipitCore
import ShipitEngine

struct GraphCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "graph", abstract: "Draw the stages and what each needs; with a RUN, coloured by where it stands.",
        discussion: "Without RUN it reads the pipeline alone: no git, no release, nothing that was recorded.")

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text, mermaid, dot, svg
    }

    @OptionGroup var place: PlaceOptions
    @OptionGroup var target: TargetOptions

    @Option(help: ArgumentHelp("The form of the drawing: text, mermaid, dot or svg.", valueName: "form"))
    var format: Format = .text

    @Argument(help: RunArgument.help)
    var runName: String?

    func run() throws {
        let graph = try runName.map(self.graph(ofRun:)) ?? graphOfPipeline()
        let drawing =
            switch format {
            case .text: text(graph)
            case .mermaid: GraphMermaid.text(graph)
            case .dot: GraphDOT.text(graph)
            case .svg: GraphSVG.text(graph)
            }
        Streams().result(drawing)
    }

    private func graph(ofRun name: String) throws -> StageGraph {
        let store = try Wiring.storeForReading(try place.place().stateFolder())
        let choice = RunChoice(store: store, environment: target.env, pipeline: target.pipeline)
        return StageGraph(try RunReading(try choice.run(name, dryRuns: true), in: store).view)
    }

    private func graphOfPipeline() throws -> StageGraph {
        let streams = Streams()
        let file = try PipelineFile.load(target.pipeline, of: try place.place().project(), says: streams)
        let pipeline = EnvironmentChoice.complete(file.pipeline)
        let sketch = PipelineSketch(pipeline, catalog: file.equipment.catalog)
        var environment = target.env
        if environment != nil || sketch.dependsOnEnvironment {
            environment = try EnvironmentChoice.choose(
                environment, of: pipeline, questions: Questions(streams: streams))
        }
        return try sketch.graph(in: environment)
    }

    private func text(_ graph: StageGraph) -> String {
        let variables = ProcessInfo.processInfo.environment
        guard let style = Terminal.style(environment: variables, isTerminal: Streams.isOutputTerminal) else {
            return GraphText.text(
                graph, style: Terminal.Style(color: false, unicode: Terminal.isUnicode(variables)))
        }
        return GraphText.text(graph, style: style, width: Terminal.size(of: STDOUT_FILENO).width)
    }
}
