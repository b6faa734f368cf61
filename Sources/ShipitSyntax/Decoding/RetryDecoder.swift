import ShipitCore

/// `retry:`
struct RetryDecoder {
    let reading: Reading

    enum Key: String, SectionKey {
        case attempts, delay, backoff, maxDelay = "max-delay", jitter, on
    }

    /// What is not written comes from `base`.
    func retry(_ node: Node, base: RetryPolicy) -> RetryPolicy? {
        if case .scalar(let scalar) = node.value, Int(scalar.text) != nil {
            reading.error(
                "wrong-type", "\"retry\" must be a mapping, and this is text", at: node.place,
                hint: "write {attempts: \(scalar.text)}; the first try counts")
            return nil
        }
        guard let fields = reading.fields(node, Key.self, of: "\"retry\"") else { return nil }
        var policy = base
        var isRight = true
        func set<Value>(_ path: WritableKeyPath<RetryPolicy, Value>, _ key: Key, _ read: (Node) -> Value?) {
            guard let node = fields[key] else { return }
            if let value = read(node) { policy[keyPath: path] = value } else { isRight = false }
        }
        set(\.attempts, .attempts) { reading.whole($0, "\"attempts\"", in: 1...1_000_000) }
        set(\.delay, .delay) { reading.duration($0, "\"delay\"") }
        set(\.backoff, .backoff, backoff)
        set(\.maxDelay, .maxDelay) { reading.duration($0, "\"max-delay\"") }
        set(\.jitter, .jitter, jitter)
        set(\.on, .on, causes)
        return isRight ? policy : nil
    }

    private func backoff(_ node: Node) -> Double? {
        guard let factor = reading.quantity(node, "\"backoff\"", "a number", QuantityParser.number) else { return nil }
        guard (1...1000).contains(factor) else {
            reading.error("bad-number", "\"backoff\" must be from 1 to 1000", at: node.place)
            return nil
        }
        return factor
    }

    private func jitter(_ node: Node) -> Double? {
        guard let share = reading.quantity(node, "\"jitter\"", "a ratio", QuantityParser.ratio) else { return nil }
        guard share <= 1 else {
            reading.error("bad-quantity", "\"jitter\" must be at most 100%", at: node.place)
            return nil
        }
        return share
    }

    private func causes(_ node: Node) -> [RetryPolicy.Cause]? {
        guard let nodes = reading.listOrOne(node, "\"on\"") else { return nil }
        let causes = nodes.map(cause)
        guard !causes.isEmpty else {
            reading.error("empty-value", "\"on\" names nothing that is worth another try", at: node.place)
            return nil
        }
        return causes.contains { $0 == nil } ? nil : causes.compactMap { $0 }
    }

    private func cause(_ node: Node) -> RetryPolicy.Cause? {
        guard let text = reading.text(node, "a cause") else { return nil }
        switch text {
        case "timeout": return .timeout
        case "any": return .any
        default:
            let words = text.split(separator: " ")
            if words.count == 2, words[0] == "exit", let code = Int(words[1]), (1...255).contains(code) {
                return .exit(code)
            }
            reading.error(
                "unknown-word", "a retry cannot be for \"\(text)\"", at: node.place,
                hint: "choices: any, timeout, exit N (1 to 255)")
            return nil
        }
    }
}
