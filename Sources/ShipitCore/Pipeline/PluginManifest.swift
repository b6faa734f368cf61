/// What a plugin says about itself in its `plugin.yaml`: the `describe` of its actions.
public struct PluginManifest: Hashable, Sendable {
    /// The version of the protocol that this shipit speaks.
    public static let protocolVersion = 1

    /// What a plugin can be asked to do.
    public enum Call: String, CaseIterable, Hashable, Sendable {
        case preview, perform, verify, undo
    }

    public struct Output: Hashable, Sendable {
        public var name: String
        public var type: FieldType

        public init(name: String, type: FieldType) {
            self.name = name
            self.type = type
        }
    }

    public struct Action: Hashable, Sendable {
        public var name: String
        public var help: String
        public var inputs: [FieldDescription]
        /// What inputs are that nobody gives.
        public var defaults: [String: InputValue]
        public var outputs: [Output]
        public var calls: Set<Call>
        public var access: ActionAccess

        public init(
            name: String, help: String, inputs: [FieldDescription] = [], defaults: [String: InputValue] = [:],
            outputs: [Output] = [], calls: Set<Call> = [.perform], access: ActionAccess = ActionAccess()
        ) {
            self.name = name
            self.help = help
            self.inputs = inputs
            self.defaults = defaults
            self.outputs = outputs
            self.calls = calls
            self.access = access
        }

        public func input(_ name: String) -> FieldDescription? { inputs.first { $0.name == name } }
        public func output(_ name: String) -> Output? { outputs.first { $0.name == name } }
    }

    public var name: String
    public var version: String
    /// The program within the plugin's folder, and the words that come before the call's own.
    public var run: [String]
    /// SHA-256 of files of the folder, in hexadecimal digits.
    public var pins: [String: String]
    public var actions: [Action]

    public init(name: String, version: String, run: [String], pins: [String: String] = [:], actions: [Action]) {
        self.name = name
        self.version = version
        self.run = run
        self.pins = pins
        self.actions = actions
    }

    /// As in `uses:`.
    public func fullName(of action: Action) -> String { "\(name)/\(action.name)" }

    /// What the engine and the language know of an action.
    public func description(of action: Action) -> ActionDescription {
        let verifies = action.calls.contains(.verify)
        return ActionDescription(
            name: fullName(of: action), help: action.help, inputs: action.inputs, outputs: action.outputs.map(\.name),
            undo: action.calls.contains(.undo) ? .performs : .none, onInterrupt: verifies ? .verify : .ask,
            verifies: verifies, access: action.access)
    }
}

/// What an action from outside is given of what the run and its caller have; nothing else reaches it.
public struct ActionAccess: Hashable, Sendable, Codable {
    /// Secrets of the pipeline, each as an environment variable of its name.
    public var secrets: [String]
    /// Variables of the caller's environment.
    public var environment: [String]

    public init(secrets: [String] = [], environment: [String] = []) {
        self.secrets = secrets
        self.environment = environment
    }
}
