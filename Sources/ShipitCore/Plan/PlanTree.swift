/// A plan as a tree of words, with the names of the pipeline language: what is compared field by field.
public indirect enum PlanTree: Hashable, Sendable {
    case text(String)
    case list([PlanTree])
    case map([String: PlanTree])
    /// Parts with names, whose order counts: the checks of a suite, the stages that `for-each` made.
    case named([Part])

    public struct Part: Hashable, Sendable {
        public var name: String
        public var value: PlanTree

        public init(_ name: String, _ value: PlanTree) {
            self.name = name
            self.value = value
        }
    }

    /// It is made by encoding the plan, so that no field can be forgotten.
    public init(_ plan: Plan) { self = TreeEncoder.tree(of: plan) }

    /// Which of the words stand in it as whole texts.
    func texts(among words: Set<String>) -> Set<String> {
        switch self {
        case .text(let text): words.contains(text) ? [text] : []
        case .list(let values): values.reduce(into: []) { $0.formUnion($1.texts(among: words)) }
        case .map(let values): values.values.reduce(into: []) { $0.formUnion($1.texts(among: words)) }
        case .named(let parts): parts.reduce(into: []) { $0.formUnion($1.value.texts(among: words)) }
        }
    }
}

/// What has a form of its own in the tree, because the language writes it so.
protocol PlanTreeConvertible {
    var planTree: PlanTree { get }
}

extension TimeSpan: PlanTreeConvertible {
    var planTree: PlanTree { .text(written) }
}

extension Template: PlanTreeConvertible {
    var planTree: PlanTree { .text(written) }
}

extension Host: PlanTreeConvertible {
    var planTree: PlanTree { .text(name == place ? destination : "\(name) (\(destination))") }
}

extension Rule: PlanTreeConvertible {
    var planTree: PlanTree { .text(text) }
}

extension InputValue: PlanTreeConvertible {
    var planTree: PlanTree {
        switch self {
        case .text(let template): template.planTree
        case .list(let values): .list(values.map(\.planTree))
        case .map(let values): .map(values.mapValues(\.planTree))
        }
    }
}

extension ActionCall: PlanTreeConvertible {
    var planTree: PlanTree { .map(planMembers) }

    /// As the language writes it: `run:`, `checks:`, or `uses:` with `with:`.
    var planMembers: [String: PlanTree] {
        if action == "run", inputs.count == 1, let command = inputs["script"] ?? inputs["argv"] {
            return ["run": command.planTree]
        }
        if action == "checks", inputs.count == 1, let suite = inputs["suite"] { return ["checks": suite.planTree] }
        return ["uses": .text(action), "with": .map(inputs.mapValues(\.planTree))]
    }
}

extension PlannedStage.Undo: PlanTreeConvertible {
    var planTree: PlanTree {
        switch self {
        case .none: .text("none")
        case .nothing: .text("nothing to undo")
        case .action: .text("the action's own")
        case .call(let call): call.planTree
        }
    }
}

extension Reversible: PlanTreeConvertible {
    var planTree: PlanTree {
        switch self {
        case .yes: .text("yes")
        case .no: .text("no")
        case .untilContract(let stage): .text("until \(stage)")
        }
    }
}

extension RetryPolicy.Cause: PlanTreeConvertible {
    var planTree: PlanTree {
        switch self {
        case .any: .text("any failure")
        case .timeout: .text("timeout")
        case .exit(let code): .text("exit \(code)")
        }
    }
}

extension SecretSource: PlanTreeConvertible {
    var planTree: PlanTree {
        switch self {
        case .environment(let name): .map(["env": .text(name)])
        case .file(let path): .map(["file": .text(path)])
        case .command(let argv): .map(["command": .list(argv.map(PlanTree.text))])
        }
    }
}

/// A part of a list that has a name of its own there.
protocol NamedPart: Encodable {
    var partName: String { get }
}

extension PlannedStage: NamedPart { var partName: String { name.text } }
extension Check: NamedPart { var partName: String { name } }
extension MonitorSource: NamedPart { var partName: String { name } }
extension ApprovalRole: NamedPart { var partName: String { name } }
extension Person: NamedPart { var partName: String { name } }

extension Array: PlanTreeConvertible where Element: NamedPart {
    var planTree: PlanTree {
        guard Set(map(\.partName)).count == count else { return .list(map { TreeEncoder.tree(of: $0) }) }
        return .named(map { PlanTree.Part($0.partName, TreeEncoder.tree(of: $0).withoutName) })
    }
}

/// Names that the author chose stand as they are.
extension Dictionary: PlanTreeConvertible where Key == String, Value: Encodable {
    var planTree: PlanTree { .map(mapValues { TreeEncoder.tree(of: $0) }) }
}

extension PlanTree {
    fileprivate var withoutName: PlanTree {
        guard case .map(var members) = self else { return self }
        members["name"] = nil
        return .map(members)
    }
}
