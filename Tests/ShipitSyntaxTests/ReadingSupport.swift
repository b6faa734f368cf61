import ShipitCore
import ShipitSyntax
import Testing

func read(_ text: String, file: String = "pipelines/web.yaml") -> PipelineReading {
    PipelineReader(catalog: testCatalog, zones: TestZones()).read(Array(text.utf8), file: file)
}

/// The pipeline of a text that must be right; what is wrong with it is shown.
func pipeline(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) throws -> Pipeline {
    let reading = read(text)
    return try #require(
        reading.pipeline, "\(rendered(reading, text))", sourceLocation: sourceLocation)
}

/// The pipeline of stages alone.
func stages(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) throws -> [Stage] {
    let indented = text.split(separator: "\n", omittingEmptySubsequences: false).map { "  " + $0 }
    return try pipeline("shipit: 1\nstages:\n" + indented.joined(separator: "\n"), sourceLocation: sourceLocation)
        .stages
}

func rendered(_ reading: PipelineReading, _ text: String, file: String = "pipelines/web.yaml") -> String {
    DiagnosticRenderer(sources: [file: Array(text.utf8)]).render(reading.diagnostics)
}

func codes(_ text: String) -> [String] { read(text).diagnostics.map(\.code) }
