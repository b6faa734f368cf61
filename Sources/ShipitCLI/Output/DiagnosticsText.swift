import ShipitCore

/// What `validate` says: all diagnostics with their places, then how many of them there are.
enum DiagnosticsText {
    /// - Parameter sources: the files' bytes, for the lines that are shown.
    static func text(_ diagnostics: [Diagnostic], sources: [String: [UInt8]]) -> String {
        let rendered = DiagnosticRenderer(sources: sources).render(diagnostics)
        return rendered + (rendered.isEmpty ? "" : "\n") + summary(diagnostics) + "\n"
    }

    /// `2 errors and 1 warning in pipelines/web.yaml`.
    static func summary(_ diagnostics: [Diagnostic]) -> String {
        let errors = diagnostics.count { $0.severity == .error }
        let warnings = diagnostics.count - errors
        if diagnostics.isEmpty { return "no errors" }
        var counts: [String] = []
        if errors > 0 { counts.append(Words.count(errors, "error")) }
        if warnings > 0 { counts.append(Words.count(warnings, "warning")) }
        let files = Set(diagnostics.map(\.span.file))
        let place = files.count == 1 ? SafeText.line(files.first ?? "") : Words.count(files.count, "file")
        return counts.joined(separator: " and ") + " in " + place
    }

    /// For editors: lines and columns count from 1, columns count characters, and what is wrong ends before `endColumn`.
    static func json(_ diagnostics: [Diagnostic]) -> String {
        let values = diagnostics.map { diagnostic in
            JSONValue.members([
                "severity": .string(diagnostic.severity.rawValue), "code": .string(diagnostic.code),
                "message": .string(diagnostic.message), "file": .string(diagnostic.span.file),
                "line": .integer(Int64(diagnostic.span.line)), "column": .integer(Int64(diagnostic.span.column)),
                "length": .integer(Int64(diagnostic.span.length)),
                "endLine": .integer(Int64(diagnostic.span.line)),
                "endColumn": .integer(Int64(diagnostic.span.column + diagnostic.span.length)),
                "hint": .text(diagnostic.hint),
            ])
        }
        return JSONValue.array(values).pretty + "\n"
    }
}
