public import ShipitCore

/// Reads pipeline files: bytes → `Pipeline` and diagnostics. It opens no file; the caller brings the bytes.
public struct PipelineReader: Sendable {
    /// Brings the bytes of a file that a pipeline includes, by its path from the pipeline's folder: a relative one without
    /// `..`, which may lead outside by a link all the same. That is for the caller to refuse.
    public typealias Loader = (_ path: String) throws(IncludeRefusal) -> [UInt8]

    private let catalog: Catalog
    private let zones: any ZoneSource

    /// `catalog` says which actions and probes there are and what they take.
    public init(catalog: Catalog, zones: any ZoneSource = OnlyUTC()) {
        self.catalog = catalog
        self.zones = zones
    }

    /// `file` is only for messages, and its base name for a pipeline that has no `name:`. Without a loader nothing can be
    /// included.
    public func read(_ bytes: [UInt8], file: String, loader: Loader? = nil) -> PipelineReading {
        let source: SourceText
        let tree: Node?
        var builder: TreeBuilder
        do throws(Refusal) {
            source = try SourceText(bytes, file: file)
            builder = TreeBuilder(source)
            tree = try builder.document()
        } catch {
            return PipelineReading(pipeline: nil, diagnostics: [error.diagnostic], sources: [file: bytes])
        }
        let reading = Reading(source, catalog: catalog, zones: zones)
        reading.add(builder.diagnostics)
        guard let tree, !tree.isAbsent else {
            reading.error("empty-file", "the file is empty", at: .start, hint: "begin with shipit: 1")
            return PipelineReading(pipeline: nil, diagnostics: reading.inOrder(), sources: [file: bytes])
        }
        var includes = Includes(reading: reading, loader: loader)
        let whole = includes.gather(tree)
        let decoded = PipelineDecoder(reading: reading, isWhole: includes.isWhole).decode(whole)
        // Where a file is missing, names that nobody defines may be defined there.
        guard let draft = decoded, includes.isWhole else {
            return PipelineReading(pipeline: nil, diagnostics: reading.inOrder(), sources: reading.source.bytes)
        }
        let names = NameResolver(reading: reading, draft: draft)
        let graph = names.resolve()
        var references = ReferenceResolver(reading: reading, draft: draft, names: names, graph: graph)
        references.resolve()
        HostResolver(reading: reading, draft: draft).resolve()
        let approvals = ApprovalResolver(reading: reading, draft: draft).resolve()
        let promotions = PromotionResolver(reading: reading, draft: draft).resolve()
        let rehearsals = RehearsedResolver(reading: reading, draft: draft).resolve()
        let tests = TestResolver(reading: reading, draft: draft, names: names).resolve()
        let schedule = ScheduleResolver(reading: reading, draft: draft).resolve()
        Habits(reading: reading, draft: draft, graph: graph).warn()

        let diagnostics = reading.inOrder()
        guard !diagnostics.contains(where: { $0.severity == .error }) else {
            return PipelineReading(pipeline: nil, diagnostics: diagnostics, sources: reading.source.bytes)
        }
        return PipelineReading(
            pipeline: pipeline(
                draft, names, approvals, promotions, rehearsals, tests, schedule, file: file,
                notEnforced: diagnostics.filter { $0.code == "not-enforced" }),
            diagnostics: diagnostics, sources: reading.source.bytes)
    }

    /// Every draft is whole when there is no mistake.
    private func pipeline(
        _ draft: Draft, _ names: NameResolver, _ approvals: ApprovalResolver.Resolved,
        _ promotions: [String: PromotionPolicy], _ rehearsals: [String: RehearsalPolicy], _ tests: [PipelineTest],
        _ schedule: [ScheduleEntry], file: String, notEnforced: [Diagnostic]
    ) -> Pipeline {
        Pipeline(
            name: draft.name ?? baseName(file), description: draft.description, release: draft.release,
            environments: draft.environments.map {
                Environment(
                    name: $0.name, vars: $0.vars ?? [:], approvals: approvals.policies[$0.name],
                    promote: promotions[$0.name], rehearsed: rehearsals[$0.name], windows: $0.windows,
                    hosts: ($0.hosts ?? [:]).compactMapValues { $0 }, sshConfig: $0.sshConfig)
            },
            secrets: draft.secrets, passEnv: draft.passEnv, stages: stages(draft, approvals),
            suites: Dictionary(
                draft.suites.map { ($0.name, ($0.checks ?? []).map(approvals.completed)) },
                uniquingKeysWith: { first, _ in first }),
            monitor: draft.monitor.map(names.completed), notify: draft.notify, tests: tests, schedule: schedule,
            notEnforced: notEnforced)
    }

    private func stages(_ draft: Draft, _ approvals: ApprovalResolver.Resolved) -> [Stage] {
        draft.stages.compactMap { draft in
            var stage = draft.stage
            if let policy = approvals.ofStages[draft.name] { stage?.hold = .approval(policy) }
            return stage
        }
    }

    private func baseName(_ file: String) -> String {
        let name = file.split(separator: "/").last.map(String.init) ?? file
        for ending in [".yaml", ".yml"] where name.hasSuffix(ending) && name.count > ending.count {
            return String(name.dropLast(ending.count))
        }
        return name
    }
}

/// Why a file that a pipeline includes cannot be read.
public struct IncludeRefusal: Error, Hashable, Sendable {
    /// To be read after `"PATH" `, such as `is not there`.
    public var reason: String
    public var hint: String?

    public init(_ reason: String, hint: String? = nil) {
        self.reason = reason
        self.hint = hint
    }
}

/// What came of reading a file.
public struct PipelineReading: Sendable {
    /// `nil` when there is any error.
    public var pipeline: Pipeline?
    /// Errors and warnings in the order of their places: the pipeline's own file first, then those it includes.
    public var diagnostics: [Diagnostic]
    /// The bytes of every file that was read, by the names that places have.
    public var sources: [String: [UInt8]]

    public init(pipeline: Pipeline?, diagnostics: [Diagnostic], sources: [String: [UInt8]] = [:]) {
        self.pipeline = pipeline
        self.diagnostics = diagnostics
        self.sources = sources
    }
}

extension Reading {
    /// All diagnostics in the order of the files, each once (what an alias repeats is one mistake).
    func inOrder() -> [Diagnostic] {
        var seen: Set<Diagnostic> = []
        // An unknown key that is merged into several sections is unknown to each of them.
        var unknown: Set<Span> = []
        let once = diagnostics.filter {
            seen.insert($0).inserted && ($0.code != "unknown-key" || unknown.insert($0.span).inserted)
        }
        return once.enumerated().sorted {
            (source.number(of: $0.element), $0.element.span.line, $0.element.span.column, $0.offset)
                < (source.number(of: $1.element), $1.element.span.line, $1.element.span.column, $1.offset)
        }.map(\.element)
    }
}
