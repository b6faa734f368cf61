/// What the pipeline language may name: the actions of `uses:` and the probes of checks and monitor sources. Each adapter
/// describes its own; the descriptions are what validation, the schema and the documentation are made of.
public struct Catalog: Sendable {
    public var actions: [String: ActionDescription]
    public var probes: [String: ProbeDescription]
    /// Plugins that are there and cannot be used, and why.
    public var refusedPlugins: [String: String] = [:]

    public init(actions: [ActionDescription], probes: [ProbeDescription]) {
        self.actions = Dictionary(actions.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        self.probes = Dictionary(probes.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// Adds the actions of a plugin. One with a single action may be named by the plugin's name alone; a plan holds the
    /// whole name all the same, so that a second action, added later, changes nothing of it.
    public mutating func add(_ plugin: PluginManifest) {
        for action in plugin.actions {
            let description = plugin.description(of: action)
            actions[description.name] = description
            if plugin.actions.count == 1 { actions[plugin.name] = description }
        }
    }
}

/// What a field holds. `quantity` kinds demand their unit.
public indirect enum FieldType: Hashable, Sendable, Codable {
    case text, number, boolean, duration, size, ratio, url, path
    /// One of these words.
    case choice([String])
    case list(FieldType)
    case map
    /// `OP VALUE`, such as `< 100ms`; the dimension is what VALUE must be measured in.
    case condition(Dimension)
    /// Either a plain value of the type or a condition.
    case textOrPattern
    /// A shell script (text, where `${{ … }}` is refused) or an argv list (where it is allowed).
    case command
    /// A check's body without its name: `{http: …, time: …}`.
    case check
}

/// One input of an action, or one field of a probe.
public struct FieldDescription: Hashable, Sendable, Codable {
    public var name: String
    public var type: FieldType
    public var required: Bool
    /// Shown to people; the action itself applies it.
    public var fallback: String?
    /// Whether `${{ secrets.X }}` may be used in it.
    public var secret: Bool
    public var help: String

    public init(
        _ name: String, _ type: FieldType, required: Bool = false, fallback: String? = nil, secret: Bool = false,
        help: String
    ) {
        self.name = name
        self.type = type
        self.required = required
        self.fallback = fallback
        self.secret = secret
        self.help = help
    }
}

/// What an action is, said once: `describe` of the action contract.
public struct ActionDescription: Hashable, Sendable, Codable {
    /// Whether a stage with this action has a way back of its own when it has no `rollback:`.
    public enum Undo: String, Hashable, Sendable, Codable {
        /// No way back.
        case none
        /// Nothing needs to be undone: the stage counts as undone without doing anything (a kept backup, an unused image).
        case nothing
        /// The action's `undo` takes it.
        case performs
    }

    /// As in `uses:`, such as `backup/sqlite`.
    public var name: String
    public var help: String
    public var inputs: [FieldDescription]
    /// The names of what it gives to later stages; `nil` when only the author knows (`run:`).
    public var outputs: [String]?
    public var changes: Bool
    public var undo: Undo
    /// Where `undo` is `.performs` only if this input is given (a `revert` command).
    public var undoInput: String?
    /// What an attempt of unknown outcome does when the stage doesn't say.
    public var onInterrupt: OnInterrupt
    /// Whether `verify` can tell.
    public var verifies: Bool
    /// What its commands get beside the fixed variables; `nil` for a built-in one: what every command of the stage does.
    public var access: ActionAccess?

    public init(
        name: String, help: String, inputs: [FieldDescription], outputs: [String]?, changes: Bool = true,
        undo: Undo, undoInput: String? = nil, onInterrupt: OnInterrupt = .verify, verifies: Bool = true,
        access: ActionAccess? = nil
    ) {
        self.name = name
        self.help = help
        self.inputs = inputs
        self.outputs = outputs
        self.changes = changes
        self.undo = undo
        self.undoInput = undoInput
        self.onInterrupt = onInterrupt
        self.verifies = verifies
        self.access = access
    }
}

/// What a probe asks and which expectations it knows.
public struct ProbeDescription: Hashable, Sendable, Codable {
    /// The key that names it in a check: `http`, `tcp`, `run`, `file`, `disk`.
    public var name: String
    public var help: String
    /// The value of that key.
    public var subject: FieldType
    /// What may stand beside it in a check.
    public var fields: [FieldDescription]
    /// Whether it can be a source of the monitor.
    public var samples: Bool

    public init(name: String, help: String, subject: FieldType, fields: [FieldDescription], samples: Bool) {
        self.name = name
        self.help = help
        self.subject = subject
        self.fields = fields
        self.samples = samples
    }
}
