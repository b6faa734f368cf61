import ShipitCore

/// A Markdown checklist as a pipeline: every box a check, every section a suite.
public struct ChecklistImport: Sendable {
    /// What was made of the boxes.
    public struct Summary: Hashable, Sendable {
        public var items = 0
        public var ticked = 0
        public var suites = 0
        /// By probe.
        public var checks: [String: Int] = [:]
        public var manual = 0
        /// Checks and manual items with a condition.
        public var thresholds = 0
        /// Items of which the document doesn't say whose they are, and the role that they were given.
        public var ownerless = 0
        public var defaultRole = ""
        /// Checks with notes that they don't judge.
        public var partlyJudged = 0
        /// Commands that stay with a person: they change something, or what is expected of them could not be told.
        public var leftCommands: [LeftCommand] = []

        public var judged: Int { checks.values.reduce(0, +) }
    }

    public struct LeftCommand: Hashable, Sendable {
        public var line: Int
        public var command: String
    }

    public let checklist: Checklist
    /// A pipeline file.
    public let yaml: String
    public let summary: Summary

    /// `name` is what the pipeline will be called, `file` is for its comments.
    public init(_ markdown: String, name: String, file: String) {
        checklist = ChecklistReader.read(markdown)
        var writer = PipelineWriter(checklist, name: name, file: file)
        yaml = writer.write()
        summary = writer.summary
    }

    /// A name for the pipeline of a file.
    public static func name(ofFile file: String) -> String {
        let base = file.split(separator: "/").last.map(String.init) ?? file
        let stem = base.lastIndex(of: ".").map { String(base[..<$0]) } ?? base
        let slug = Slug.of(stem)
        return slug.isEmpty ? "checklist" : slug
    }
}

extension ChecklistImport {
    /// The boxes of a document that another lacks, by their words; a box that stands twice must be there twice.
    public static func boxes(of markdown: String, missingIn other: String) -> [ChecklistItem] {
        var there: [String: Int] = [:]
        for item in ChecklistReader.read(other).items { there[item.text, default: 0] += 1 }
        return ChecklistReader.read(markdown).items.filter { item in
            guard let count = there[item.text], count > 0 else { return true }
            there[item.text] = count - 1
            return false
        }
    }
}
