/// The sections of a checklist as suites: each section one, under a name of its own.
struct Suites {
    struct Suite {
        var name: String
        var section: [String]
        var items: [Int]
        /// What must be so before or while going on. Ways back and reasons not to go are none: to tick them is no good news.
        var isGate: Bool
    }

    private(set) var suites: [Suite] = []

    init(_ items: [ChecklistItem]) {
        var numbers: [[String]: Int] = [:]
        for (index, item) in items.enumerated() {
            if let number = numbers[item.section] {
                suites[number].items.append(index)
            } else {
                numbers[item.section] = suites.count
                suites.append(Suite(name: "", section: item.section, items: [index], isGate: Self.isGate(item.section)))
            }
        }
        var taken: Set<String> = []
        for number in suites.indices {
            suites[number].name = Self.name(suites[number].section, number: number + 1, taken: &taken)
        }
    }

    private static let general: Set<String> = [
        "tasks", "checklist", "procedure", "steps", "actions", "actions-required", "items", "to-do", "decision",
    ]

    private static func name(_ section: [String], number: Int, taken: inout Set<String>) -> String {
        let slugs = section.map { Slug.of($0) }.filter { !$0.isEmpty && !general.contains($0) }
        var candidates = (1...3).compactMap { count in
            slugs.count >= count ? Slug.of(slugs.suffix(count).joined(separator: "-"), atMost: 60) : nil
        }
        let base = candidates.first ?? "section-\(number)"
        candidates.append(base)
        var name = candidates.first { !taken.contains($0) }
        var suffix = 2
        while name == nil {
            if !taken.contains("\(base)-\(suffix)") { name = "\(base)-\(suffix)" }
            suffix += 1
        }
        taken.insert(name ?? base)
        return name ?? base
    }

    private static func isGate(_ section: [String]) -> Bool {
        let words = section.map { $0.lowercased() }
        return !words.contains { words in
            ["rollback", "roll back", "no-go criteria", "blockers", "if issues", "if needed", "escalation"]
                .contains { words.firstRange(of: $0) != nil } && words.firstRange(of: "verification") == nil
        }
    }
}
