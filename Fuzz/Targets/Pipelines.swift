import ShipitCore
import ShipitStore
import ShipitSyntax

/// Any bytes are a pipeline or have mistakes that can be shown; and of a pipeline there is a plan that a journal can keep.
@Sendable func checkPipeline(_ bytes: [UInt8]) throws {
    let file = "pipelines/web.yaml"
    // Whatever it includes is itself, under another name.
    let reading = PipelineReader(catalog: catalog).read(bytes, file: file) { _ in bytes }
    let errors = reading.diagnostics.count { $0.severity == .error }
    try expect(
        (reading.pipeline == nil) == (errors > 0), "\(errors) errors, and a pipeline: \(reading.pipeline != nil)")

    let lengths = lineLengths(bytes)
    for diagnostic in reading.diagnostics {
        let span = diagnostic.span
        let isThere = reading.sources[span.file] != nil || span.file.hasPrefix("pipelines/")
        try expect(isThere && lengths.indices.contains(span.line - 1), "no such line: \(diagnostic)")
        let length = lengths[span.line - 1]
        try expect((1...length + 1).contains(span.column), "line of \(length) has no such column: \(diagnostic)")
        try expect(span.column + span.length <= length + 2, "line of \(length) is not so long: \(diagnostic)")
    }
    let shown = DiagnosticRenderer(sources: reading.sources).render(reading.diagnostics)
    try expectHarmless(shown)
    try expect(shown.isEmpty == reading.diagnostics.isEmpty, "a mistake is not shown")
    if let pipeline = reading.pipeline { try checkPlans(of: pipeline) }
}

private func checkPlans(of pipeline: Pipeline) throws {
    var complete = pipeline
    if complete.environments.isEmpty { complete.environments = [Environment(name: "default")] }
    let release = Release(
        tag: "v1.2.3", version: "1.2.3", commit: String(repeating: "a", count: 40),
        tagObject: String(repeating: "b", count: 40))
    for environment in complete.environments.prefix(2) {
        for previous in [nil, release] {
            let plan: Plan
            do throws(PlanError) {
                plan = try Planner(complete, catalog: catalog).plan(release, in: environment.name, previous: previous)
            } catch {
                continue
            }
            try expectKept(plan)
            let now = Instant(milliseconds: 1_768_181_400_000)
            _ = decide(RunState(plan: plan), Conditions(jobs: 4), now: now)
        }
    }
}

/// How many characters each line has, its end not counted.
private func lineLengths(_ bytes: [UInt8]) -> [Int] {
    var lengths = [0]
    var rest = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
    while let byte = rest.popFirst() {
        switch byte {
        case 0x0D where rest.first == 0x0A: break
        case 0x0A, 0x0D: lengths.append(0)
        case 0x80..<0xC0: break
        default: lengths[lengths.count - 1] += 1
        }
    }
    return lengths
}

/// One action and probe with inputs of every type.
private let catalog = Catalog(
    actions: [
        ActionDescription(
            name: "everything", help: "Takes inputs of every type.",
            inputs: [
                FieldDescription("text", .text, secret: true, help: ""), FieldDescription("number", .number, help: ""),
                FieldDescription("boolean", .boolean, help: ""), FieldDescription("duration", .duration, help: ""),
                FieldDescription("size", .size, help: ""), FieldDescription("ratio", .ratio, help: ""),
                FieldDescription("url", .url, help: ""), FieldDescription("path", .path, help: ""),
                FieldDescription("choice", .choice(["one", "other"]), help: ""),
                FieldDescription("list", .list(.number), help: ""), FieldDescription("map", .map, help: ""),
                FieldDescription("condition", .condition(.time), help: ""),
                FieldDescription("pattern", .textOrPattern, help: ""), FieldDescription("command", .command, help: ""),
                FieldDescription("check", .check, help: ""),
            ], outputs: ["path"], undo: .performs, undoInput: "command"),
        ActionDescription(
            name: "backup", help: "Demands something.",
            inputs: [FieldDescription("path", .path, required: true, help: "")], outputs: nil, undo: .nothing),
    ],
    probes: [
        ProbeDescription(
            name: "http", help: "Asks a web server.", subject: .url,
            fields: [
                FieldDescription("status", .textOrPattern, help: ""), FieldDescription("json", .map, help: ""),
                FieldDescription("time", .condition(.time), help: ""),
                FieldDescription("error-rate", .condition(.ratio), help: ""),
            ], samples: true),
        ProbeDescription(
            name: "run", help: "Runs a command.", subject: .command,
            fields: [
                FieldDescription("exit", .number, help: ""), FieldDescription("number", .condition(.count), help: ""),
            ],
            samples: true),
        ProbeDescription(
            name: "disk", help: "Looks at a file system.", subject: .path,
            fields: [FieldDescription("free", .condition(.size), required: true, help: "")], samples: false),
    ])
