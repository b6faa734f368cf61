import ShipitCore

/// What stages share unless they say otherwise.
struct StageDefaults {
    var timeout = TimeSpan.hours(1)
    var deadline: TimeSpan?
    var retry = RetryPolicy()
    var killAfter = TimeSpan.seconds(10)
    var onInterrupt: OnInterrupt?
    var onExhausted = OnExhausted.rollback
    var passEnv: [String] = []
}

/// `defaults:`
struct DefaultsDecoder {
    let reading: Reading

    enum Key: String, SectionKey {
        case timeout, deadline, retry, killAfter = "kill-after", passEnv = "pass-env"
        case onInterrupt = "on-interrupt", onExhausted = "on-exhausted"
    }

    func defaults(_ node: Node) -> StageDefaults {
        var defaults = StageDefaults()
        guard let fields = reading.fields(node, Key.self, of: "\"defaults\"") else { return defaults }
        func set<Value>(_ path: WritableKeyPath<StageDefaults, Value>, _ key: Key, _ read: (Node) -> Value?) {
            // A mistake is reported where it is read; the language's own default does for the rest of the reading.
            if let node = fields[key], let value = read(node) { defaults[keyPath: path] = value }
        }
        set(\.timeout, .timeout) { reading.positiveDuration($0, "\"timeout\"") }
        set(\.deadline, .deadline) { reading.positiveDuration($0, "\"deadline\"") }
        set(\.retry, .retry) { RetryDecoder(reading: reading).retry($0, base: RetryPolicy()) }
        set(\.killAfter, .killAfter) { reading.duration($0, "\"kill-after\"") }
        set(\.onInterrupt, .onInterrupt) { reading.word($0, "\"on-interrupt\"", [OnInterrupt.rerun, .verify, .ask]) }
        set(\.onExhausted, .onExhausted) { reading.word($0, "\"on-exhausted\"", [OnExhausted.rollback, .pause]) }
        set(\.passEnv, .passEnv, passEnv)
        return defaults
    }

    private func passEnv(_ node: Node) -> [String]? {
        guard let nodes = reading.listOrOne(node, "\"pass-env\"") else { return nil }
        return nodes.compactMap { node in
            guard let name = reading.literal(node, "a name in \"pass-env\""),
                reading.checkVariableName(name, "an environment variable", at: node.place)
            else { return nil }
            return name
        }
    }
}
