/// A line of the ledger: what the supervisor accepted, and how it ended.
///
/// The file is text, so that a person can read it when everything else is gone. Each line ends with a checksum: after
/// a kill its last line may be torn, after power loss any line may be nonsense; such lines count as not written.
public enum LedgerRecord: Hashable, Sendable {
    /// A supervisor begins to write.
    case supervisor(pid: Int32, startTime: Int64, bootID: String)
    /// The highest epoch that has said hello.
    case epoch(Int64)
    case accepted(AcceptedCommand)
    /// The command is started in this control group.
    case grouped(id: UInt32, path: String)
    case spawned(id: UInt32, process: ProcessIdentity)
    case ended(id: UInt32, fate: CommandFate, at: Int64, outputEnd: Int64)
    /// The command left this process running, as it was allowed to.
    case left(id: UInt32, process: ProcessIdentity)
}

/// A process id alone may be reused; with the start time, within one boot, it is not.
public struct ProcessIdentity: Hashable, Sendable {
    public var pid: Int32
    /// Clock ticks since boot.
    public var startTime: Int64

    public init(pid: Int32, startTime: Int64) {
        self.pid = pid
        self.startTime = startTime
    }
}

public struct AcceptedCommand: Hashable, Sendable {
    /// Counts from 1 through all supervisors of a run; names the command in the output log.
    public var id: UInt32
    public var key: String
    public var at: Int64
    /// Its `SHIPIT_IDEMPOTENCY_KEY`, by which processes that escaped its session are known.
    public var tag: String
    public var killAfterMilliseconds: Int64
    public var leavesRunning: Bool
    public var outputStart: Int64

    public init(
        id: UInt32, key: String, at: Int64, tag: String, killAfterMilliseconds: Int64, leavesRunning: Bool,
        outputStart: Int64
    ) {
        self.id = id
        self.key = key
        self.at = at
        self.tag = tag
        self.killAfterMilliseconds = killAfterMilliseconds
        self.leavesRunning = leavesRunning
        self.outputStart = outputStart
    }
}

extension LedgerRecord {
    /// Room that the longest `ended` line may take.
    public static let endedRoom = 1024

    public var line: [UInt8] {
        let body = words.map(Self.escaped).joined(separator: " ")
        return Array("\(body) \(Self.checksum(body.utf8))\n".utf8)
    }

    /// `nil` for a line that is torn or damaged.
    public init?(line: some Sequence<UInt8>) {
        // Byte by byte: a space before a combining mark is no character of its own, and separates all the same.
        let text = String(decoding: Array(line), as: UTF8.self).utf8
        let space = UInt8(ascii: " ")
        guard let end = text.lastIndex(of: space),
            text[text.index(after: end)...].elementsEqual(Self.checksum(text[..<end]).utf8)
        else { return nil }
        let words = text[..<end].split(separator: space, omittingEmptySubsequences: false)
        self.init(words: words.map { Self.unescaped(Substring($0)) })
    }

    private var words: [String] {
        switch self {
        case .supervisor(let pid, let startTime, let bootID): ["supervisor", "\(pid)", "\(startTime)", bootID]
        case .epoch(let number): ["epoch", "\(number)"]
        case .accepted(let command):
            [
                "accepted", "\(command.id)", command.key, "\(command.at)", command.tag,
                "\(command.killAfterMilliseconds)", command.leavesRunning ? "stays" : "goes", "\(command.outputStart)",
            ]
        case .grouped(let id, let path): ["grouped", "\(id)", path]
        case .spawned(let id, let process): ["spawned", "\(id)", "\(process.pid)", "\(process.startTime)"]
        case .ended(let id, let fate, let at, let outputEnd):
            ["ended", "\(id)", fate.kind, "\(fate.number)", Self.shortened(fate.reason), "\(at)", "\(outputEnd)"]
        case .left(let id, let process): ["left", "\(id)", "\(process.pid)", "\(process.startTime)"]
        }
    }

    private init?(words: [String]) {
        func number<Number: FixedWidthInteger>(_ index: Int, _: Number.Type = Number.self) -> Number? {
            Number(words[index])
        }
        switch (words.first, words.count) {
        case ("supervisor", 4):
            guard let pid: Int32 = number(1), let startTime: Int64 = number(2) else { return nil }
            self = .supervisor(pid: pid, startTime: startTime, bootID: words[3])
        case ("epoch", 2):
            guard let epoch: Int64 = number(1) else { return nil }
            self = .epoch(epoch)
        case ("accepted", 8):
            guard let id: UInt32 = number(1), let at: Int64 = number(3), let killAfter: Int64 = number(5),
                let outputStart: Int64 = number(7)
            else { return nil }
            self = .accepted(
                AcceptedCommand(
                    id: id, key: words[2], at: at, tag: words[4], killAfterMilliseconds: killAfter,
                    leavesRunning: words[6] == "stays", outputStart: outputStart))
        case ("grouped", 3):
            guard let id: UInt32 = number(1) else { return nil }
            self = .grouped(id: id, path: words[2])
        case ("spawned", 4), ("left", 4):
            guard let id: UInt32 = number(1), let pid: Int32 = number(2), let startTime: Int64 = number(3) else {
                return nil
            }
            let process = ProcessIdentity(pid: pid, startTime: startTime)
            self = words[0] == "left" ? .left(id: id, process: process) : .spawned(id: id, process: process)
        case ("ended", 7):
            guard let id: UInt32 = number(1), let code: Int32 = number(3), let at: Int64 = number(5),
                let outputEnd: Int64 = number(6),
                let fate = CommandFate(kind: words[2], number: code, reason: words[4])
            else { return nil }
            self = .ended(id: id, fate: fate, at: at, outputEnd: outputEnd)
        default: return nil
        }
    }

    /// Keeps an `ended` line within the room that was reserved for it; escaping makes three bytes of one at most.
    private static func shortened(_ reason: String) -> String {
        reason.utf8.count <= 256 ? reason : String(decoding: reason.utf8.prefix(256), as: UTF8.self)
    }

    private static let hexadecimal = Array("0123456789abcdef".utf8)

    private static func escaped(_ text: String) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            if byte > 0x20, byte != 0x7f, byte != UInt8(ascii: "%") {
                bytes.append(byte)
            } else {
                bytes += [UInt8(ascii: "%"), hexadecimal[Int(byte >> 4)], hexadecimal[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func unescaped(_ text: Substring) -> String {
        guard text.utf8.contains(UInt8(ascii: "%")) else { return String(text) }
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// FNV-1a in 32 bits: it finds torn lines, it does not guard against people.
    private static func checksum(_ bytes: some Sequence<UInt8>) -> String {
        let sum = bytes.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 }
        let digits = String(sum, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }
}
