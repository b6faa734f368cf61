import ShipitCore

/// One reading of one pipeline: what all its passes share, and where they put the mistakes they find.
final class Reading {
    /// The pipeline's file, and those that it includes.
    var source: SourceTexts
    let catalog: Catalog
    let zones: any ZoneSource
    private(set) var diagnostics: [Diagnostic] = []
    /// Each `${{ … }}` of the file with where it stands, to be looked up once every name is known.
    var references: [ReferenceUse] = []
    /// Words that may still be compared with a misspelt one. A file of nothing but mistakes must not take minutes.
    private var comparisonsLeft = 100_000

    init(_ source: SourceText, catalog: Catalog, zones: any ZoneSource) {
        self.source = SourceTexts(source)
        self.catalog = catalog
        self.zones = zones
    }

    func add(_ found: [Diagnostic]) { diagnostics += found }

    func error(_ code: String, _ message: String, at place: Place, hint: String? = nil) {
        guard hasRoom else { return }
        diagnostics.append(Diagnostic(.error, code, message, at: source.span(place), hint: hint))
    }

    func warning(_ code: String, _ message: String, at place: Place, hint: String? = nil) {
        guard hasRoom else { return }
        diagnostics.append(Diagnostic(.warning, code, message, at: source.span(place), hint: hint))
    }

    /// More than a thousand mistakes are one mistake made a thousand times, and nobody reads on.
    private var hasRoom: Bool { diagnostics.count < 1000 }

    /// Notes a part of the language that this version understands and doesn't act on: a warning here, and a refusal by
    /// `deploy`, because what is written must never be accepted and ignored.
    func later(_ what: String, at place: Place) {
        diagnostics.append(
            Diagnostic(
                .warning, "not-enforced", "\(what) is not enforced yet: shipit refuses to deploy with it",
                at: source.span(place), hint: "remove it, or use a version that enforces it"))
    }

    /// `did you mean "build"?`
    func suggestion(for word: String, among candidates: some Collection<String>) -> String? {
        guard comparisonsLeft >= candidates.count else { return nil }
        comparisonsLeft -= candidates.count
        return Suggestion.closest(to: word, among: candidates).map { "did you mean \"\($0)\"?" }
    }

    /// The suggestion, or else the whole choice where it is small enough to be read.
    func choice(for word: String, among candidates: [String], _ noun: String) -> String? {
        if let near = suggestion(for: word, among: candidates) { return near }
        guard !candidates.isEmpty, candidates.count <= 12 else { return nil }
        return "\(noun): \(candidates.joined(separator: ", "))"
    }
}
