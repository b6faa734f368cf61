/// A machine that commands reach over ssh.
public struct Host: Hashable, Sendable, Codable {
    /// Unique in its group: what people, keys and `SHIPIT_HOST` call it.
    public var name: String
    /// `nil` where the ssh configuration says it.
    public var user: String?
    /// A name or an address (IPv6 without brackets), or a name that the ssh configuration explains.
    public var address: String
    /// `nil` where the ssh configuration says it.
    public var port: Int?

    public init(name: String, user: String? = nil, address: String, port: Int? = nil) {
        self.name = name
        self.user = user
        self.address = address
        self.port = port
    }

    /// As it is written behind `ssh:`, such as `deploy@10.0.0.11:2222`.
    public var destination: String { (user.map { "\($0)@" } ?? "") + place }

    /// The same without the user.
    public var place: String {
        let bracketed = address.contains(":") ? "[\(address)]" : address
        return bracketed + (port.map { ":\($0)" } ?? "")
    }
}

/// How many hosts a batch holds.
public enum BatchSize: Hashable, Sendable, Codable {
    case count(Int)
    /// Of all hosts of the group, rounded down, and at least one.
    case percent(Int)

    /// Shares hosts out to batches of these sizes. What is left after the last size is shared out by it again.
    public static func batches(of hosts: [Host], _ sizes: [BatchSize]) -> [[Host]] {
        guard !sizes.isEmpty else { return hosts.isEmpty ? [] : [hosts] }
        var batches: [[Host]] = []
        var rest = hosts[...]
        while !rest.isEmpty {
            let size = sizes[min(batches.count, sizes.count - 1)].hosts(of: hosts.count)
            batches.append(Array(rest.prefix(size)))
            rest = rest.dropFirst(size)
        }
        return batches
    }

    private func hosts(of all: Int) -> Int {
        switch self {
        case .count(let count): max(1, count)
        case .percent(let percent): max(1, all * percent / 100)
        }
    }
}

/// `on:` of a stage with what belongs to it: where its command runs, as written.
public struct HostChoice: Hashable, Sendable {
    public static let defaultMaxParallel = 20

    /// `web` of `on: hosts.web`.
    public var group: String
    /// Empty: all hosts are one batch.
    public var batches: [BatchSize]
    /// So many failed hosts fail the stage.
    public var maxFailures: Int
    /// Hosts of a batch at once.
    public var maxParallel: Int

    public init(
        group: String, batches: [BatchSize] = [], maxFailures: Int = 1, maxParallel: Int = Self.defaultMaxParallel
    ) {
        self.group = group
        self.batches = batches
        self.maxFailures = maxFailures
        self.maxParallel = maxParallel
    }
}

/// Where a planned stage's command runs: over ssh, batch after batch.
public struct HostOrder: Hashable, Sendable, Codable {
    public var group: String
    /// Each begins when the one before is through.
    public var batches: [[Host]]
    /// So many failed hosts fail the stage: nothing starts any more. Fewer are borne, if any host succeeded.
    public var maxFailures: Int
    /// Hosts of a batch at once.
    public var maxParallel: Int
    /// `ssh -F`; relative to the folder that holds `pipelines/`. `nil` for the user's own.
    public var sshConfig: String?

    public init(
        group: String, batches: [[Host]], maxFailures: Int = 1, maxParallel: Int = HostChoice.defaultMaxParallel,
        sshConfig: String? = nil
    ) {
        self.group = group
        self.batches = batches
        self.maxFailures = maxFailures
        self.maxParallel = maxParallel
        self.sshConfig = sshConfig
    }

    public var hosts: [Host] { batches.flatMap(\.self) }
}
