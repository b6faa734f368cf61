import CSupervisor
import Glibc
import SupervisorProtocol

/// The ledger, opened for writing. Its lock says that this supervisor is the run's living one.
struct LedgerFile {
    enum Opening {
        case opened(LedgerFile)
        /// Another supervisor is alive.
        case held
        case failed(String)
    }

    private(set) var ledger: Ledger
    private let descriptor: Int32
    private var size: Int64
    private var reservedUntil: Int64 = 0
    /// Records that found no room; they are tried again before anything else is written.
    private var unwritten: [LedgerRecord] = []

    static func open(bootID: String) -> Opening {
        let descriptor = openKept(Ledger.fileName, O_RDWR | O_APPEND)
        guard descriptor >= 0 else { return .failed("\(Ledger.fileName): \(description(ofError: errno))") }
        let refusal = csup_lock(descriptor)
        guard refusal == 0 else {
            close(descriptor)
            guard refusal != EAGAIN, refusal != EACCES else { return .held }
            return .failed("\(Ledger.fileName) cannot be locked: \(description(ofError: refusal))")
        }
        guard var bytes = contents(of: Ledger.fileName) else {
            close(descriptor)
            return .failed("\(Ledger.fileName) cannot be read")
        }
        // What follows the last line end is torn; a new line must not continue it.
        let whole = (bytes.lastIndex(of: UInt8(ascii: "\n")) ?? -1) + 1
        if whole < bytes.count {
            ftruncate(descriptor, off_t(whole))
            bytes.removeSubrange(whole...)
        }
        var file = LedgerFile(ledger: Ledger(reading: bytes), descriptor: descriptor, size: Int64(whole))
        let start = ProcessRecord(pid: getpid())?.identity.startTime ?? 0
        guard file.reserve(for: 1), file.append(.supervisor(pid: getpid(), startTime: start, bootID: bootID)) else {
            close(descriptor)
            return .failed("\(Ledger.fileName): no room")
        }
        return .opened(file)
    }

    private init(ledger: Ledger, descriptor: Int32, size: Int64) {
        self.ledger = ledger
        self.descriptor = descriptor
        self.size = size
    }

    /// Makes sure that the ends of `commands` commands can be written even when the disk is full.
    mutating func reserve(for commands: Int) -> Bool {
        guard unwritten.isEmpty else { return false }
        let needed = size + Int64(commands + 2) * Int64(LedgerRecord.endedRoom) + 8192
        guard needed > reservedUntil else { return true }
        let length = max(64 << 10, needed - size)
        switch csup_reserve(descriptor, off_t(size), off_t(length)) {
        case 0:
            reservedUntil = size + length
            return true
        case EOPNOTSUPP, ENOSYS:
            // A file system that cannot reserve: then writing is all there is.
            reservedUntil = .max
            return true
        default: return false
        }
    }

    /// Applies the record; whether it is in the file, too. An `ended` that is not is kept and tried again.
    @discardableResult
    mutating func append(_ record: LedgerRecord) -> Bool {
        if !retryUnwritten() || !write(record) {
            if case .accepted = record { return false }
            unwritten.append(record)
            ledger.apply(record)
            return false
        }
        ledger.apply(record)
        return true
    }

    /// Whether everything is in the file.
    mutating func retryUnwritten() -> Bool {
        while let record = unwritten.first {
            guard write(record) else { return false }
            unwritten.removeFirst()
        }
        return true
    }

    var isComplete: Bool { unwritten.isEmpty }

    private mutating func write(_ record: LedgerRecord) -> Bool {
        let line = record.line
        let (written, failure) = line.withUnsafeBytes { writeAll($0, to: descriptor) }
        guard failure == 0 else {
            // Half a line would spoil the next one.
            if written > 0 { ftruncate(descriptor, off_t(size)) }
            return false
        }
        size += Int64(line.count)
        return true
    }

    /// Lets the next supervisor begin.
    func release() { close(descriptor) }
}
