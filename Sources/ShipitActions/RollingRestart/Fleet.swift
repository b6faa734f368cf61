import ShipitCore
import ShipitEngine

/// One of the processes that are restarted in turn.
struct Instance: Hashable, Sendable {
    /// From 1.
    var index: Int
    var name: String
    var port: Int?

    /// What `${{ instance.… }}` stands for.
    var fields: [String: String] {
        var fields = ["index": String(index), "name": name]
        fields["port"] = port.map(String.init)
        return fields
    }

    var variables: [String: String] {
        var variables = ["SHIPIT_INSTANCE_INDEX": String(index), "SHIPIT_INSTANCE_NAME": name]
        variables["SHIPIT_INSTANCE_PORT"] = port.map(String.init)
        return variables
    }
}

/// All instances, and how they are taken in turn.
struct Fleet: Hashable, Sendable {
    var instances: [Instance]
    var maxParallel: Int

    init(_ context: ActionContext) throws(ActionError) {
        let names = try Self.names(context.inputs)
        let basePort = try Self.basePort(context)
        if let basePort, basePort + names.count - 1 > 65_535 {
            throw .badInput("base-port", "leaves no room for \(names.count) ports")
        }
        instances = names.enumerated().map { index, name in
            Instance(index: index + 1, name: name, port: basePort.map { $0 + index })
        }
        maxParallel = try context.inputs.number("max-parallel") ?? 1
        guard maxParallel >= 1 else { throw .badInput("max-parallel", "must be at least 1") }
    }

    /// So many at a time; the next ones when these are healthy.
    func batches(of instances: [Instance]) -> [[Instance]] {
        stride(from: 0, to: instances.count, by: maxParallel).map {
            Array(instances[$0..<min($0 + maxParallel, instances.count)])
        }
    }

    private static func names(_ inputs: ActionInputs) throws(ActionError) -> [String] {
        let count = try inputs.number("instances")
        switch (count, try inputs.value("names")) {
        case (nil, nil): throw .badInput("instances", "is missing")
        case (.some, .some): throw .badInput("names", "cannot stand beside a number of instances")
        case (.some(let count), nil):
            guard (1...10_000).contains(count) else { throw .badInput("instances", "must be from 1 to 10000") }
            return (1...count).map { "replica-\($0)" }
        case (nil, .some(let value)):
            let values = value.list ?? []
            let names = values.compactMap(\.text)
            // They become names of steps and with that parts of keys.
            let bad = names.first { $0.wholeMatch(of: /[A-Za-z0-9][A-Za-z0-9._-]{0,63}/) == nil }
            if let bad { throw .badInput("names", "has \"\(bad)\", which is not a name") }
            guard !names.isEmpty, names.count == values.count, Set(names).count == names.count else {
                throw .badInput("names", "must be a list of different names")
            }
            return names
        }
    }

    private static func basePort(_ context: ActionContext) throws(ActionError) -> Int? {
        var port = try context.inputs.number("base-port")
        if port == nil, let text = context.vars["base-port"] {
            port = Int(text)
            if port == nil { throw .badInput("base-port", "\"\(text)\" (of vars) is not a port") }
        }
        if let port, !(1...65_535).contains(port) { throw .badInput("base-port", "\(port) is not a port") }
        return port
    }
}
