/// What is otherwise in one plan than in another, field by field. It has no changes exactly where the plans have one digest.
public struct PlanDiff: Hashable, Sendable {
    public var changes: [Change]

    /// A field that has another value, or that only one of the plans has.
    public struct Change: Hashable, Sendable {
        /// Where in the plan: `stages.migrate.timeout`. Names that hold other signs stand in brackets:
        /// `checks.preflight["Root disk"].free`.
        public var path: String
        /// `nil` where the earlier plan lacks it.
        public var before: PlanTree?
        /// `nil` where the later plan lacks it.
        public var after: PlanTree?

        public init(path: String, before: PlanTree?, after: PlanTree?) {
            self.path = path
            self.before = before
            self.after = after
        }
    }

    public init(from before: Plan, to after: Plan) {
        changes = []
        let (old, new) = (before.digested, after.digested)
        if old != new { compare(PlanTree(old), PlanTree(new), at: "") }
    }

    private mutating func compare(_ before: PlanTree, _ after: PlanTree, at path: String) {
        if before == after { return }
        switch (before, after) {
        case (.map(let old), .map(let new)):
            for key in Set(old.keys).union(new.keys).sorted() { compare(old[key], new[key], at: Self.path(path, key)) }
        case (.named(let old), .named(let new)): compare(old, new, at: path)
        default: changes.append(Change(path: path, before: before, after: after))
        }
    }

    private mutating func compare(_ before: PlanTree?, _ after: PlanTree?, at path: String) {
        guard let before, let after else {
            if before != after { changes.append(Change(path: path, before: before, after: after)) }
            return
        }
        compare(before, after, at: path)
    }

    /// In the order of the later plan, what it lacks at the end.
    private mutating func compare(_ before: [PlanTree.Part], _ after: [PlanTree.Part], at path: String) {
        let old = Dictionary(before.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
        let new = Dictionary(after.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
        for part in after { compare(old[part.name], part.value, at: Self.path(path, part.name)) }
        for part in before where new[part.name] == nil { compare(part.value, nil, at: Self.path(path, part.name)) }
        // Of those that both have, the order.
        let (names, others) = (
            before.map(\.name).filter { new[$0] != nil }, after.map(\.name).filter { old[$0] != nil }
        )
        guard names != others else { return }
        changes.append(
            Change(path: path, before: .list(names.map(PlanTree.text)), after: .list(others.map(PlanTree.text))))
    }

    static func path(_ parent: String, _ key: String) -> String {
        let isPlain = !key.isEmpty && key.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_".contains($0)) }
        if isPlain { return parent.isEmpty ? key : "\(parent).\(key)" }
        let quoted = key.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        return "\(parent)[\"\(quoted)\"]"
    }
}
