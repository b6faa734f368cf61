/// What a ledger's lines add up to.
public struct Ledger: Sendable {
    /// Its file in the run's folder. Its lock is held by the run's living supervisor.
    public static let fileName = "commands.ledger"

    public struct Entry: Hashable, Sendable {
        public var command: AcceptedCommand
        /// The boot in which it was accepted.
        public var bootID: String
        public var process: ProcessIdentity?
        /// The folder of its control group, if it was given one.
        public var group: String?
        public var end: EndedCommand?
        public var left: [ProcessIdentity] = []
    }

    public private(set) var entries: [String: Entry] = [:]
    public private(set) var epoch: Int64 = .min
    /// The boot of the last supervisor; `nil` before the first.
    public private(set) var bootID: String?
    public private(set) var lastID: UInt32 = 0
    /// The control groups that were made in the last boot.
    public private(set) var groups: Set<String> = []
    private var keys: [UInt32: String] = [:]

    public init() {}

    public init(reading bytes: [UInt8]) {
        // The part after the last line end is torn, or being written.
        for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: true) {
            if let record = LedgerRecord(line: line) { apply(record) }
        }
    }

    public mutating func apply(_ record: LedgerRecord) {
        switch record {
        case .supervisor(_, _, let bootID):
            if bootID != self.bootID { groups = [] }
            self.bootID = bootID
        case .epoch(let number): epoch = max(epoch, number)
        case .accepted(let command):
            entries[command.key] = Entry(command: command, bootID: bootID ?? "")
            keys[command.id] = command.key
            lastID = max(lastID, command.id)
        case .grouped(let id, let path):
            groups.insert(path)
            change(id) { $0.group = path }
        case .spawned(let id, let process): change(id) { $0.process = process }
        case .ended(let id, let fate, let at, let outputEnd):
            change(id) { entry in
                let extent = OutputExtent(start: entry.command.outputStart, end: outputEnd)
                entry.end = EndedCommand(key: entry.command.key, fate: fate, at: at, output: extent)
            }
        case .left(let id, let process): change(id) { $0.left.append(process) }
        }
    }

    public func key(of id: UInt32) -> String? { keys[id] }

    /// Commands that were accepted and of which no end is known.
    public var open: [Entry] { entries.values.filter { $0.end == nil }.sorted { $0.command.id < $1.command.id } }

    private mutating func change(_ id: UInt32, _ body: (inout Entry) -> Void) {
        guard let key = keys[id], entries[key] != nil else { return }
        body(&entries[key]!)
    }
}
