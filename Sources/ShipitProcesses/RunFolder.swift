import CSupervisor
import Glibc
import ShipitEngine
import SupervisorProtocol

/// The run's folder as this process sees it. Only `LocalProcesses` and the run's supervisor know what is in it.
struct RunFolder: Sendable {
    let path: String

    init(_ path: String) { self.path = path }

    func place(_ name: String) -> String { "\(path)/\(name)" }

    /// This boot of the machine. Where it cannot be told it is the same for ever, as the supervisor has it.
    static let bootID: String = {
        let bytes = (try? contents(of: "/proc/sys/kernel/random/boot_id")) ?? []
        return String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }()

    func make() throws(ProcessesError) {
        if let reason = Sharing(of: Self.parent(of: path)).makeFolder(path) { throw .unavailable(reason) }
    }

    private static func parent(of path: String) -> String {
        path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    }

    /// What is on record; nothing, if no supervisor has ever been there.
    func readLedger() throws(ProcessesError) -> Ledger {
        Ledger(reading: try Self.contents(of: place(Ledger.fileName)) ?? [])
    }

    /// Whether a supervisor holds the ledger, be it still starting or already leaving.
    var hasSupervisor: Bool {
        let descriptor = open(place(Ledger.fileName), O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return csup_is_locked(descriptor) == 1
    }

    /// A socket to the run's supervisor, or the errno.
    func connect() -> (descriptor: Int32, failure: Int32) {
        // Names of sockets are short, and folders' need not be: the name goes through the folder's descriptor.
        let handle = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard handle >= 0 else { return (-1, errno) }
        defer { close(handle) }
        let descriptor = csup_connect("/proc/self/fd/\(handle)/\(supervisorSocketName)")
        return descriptor >= 0 ? (descriptor, 0) : (-1, -descriptor)
    }

    /// `nil` if there is no such file.
    static func contents(of path: String) throws(ProcessesError) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw .unavailable(words(path, errno))
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            if count > 0 {
                bytes += buffer[..<count]
            } else if count == 0 {
                return bytes
            } else if errno != EINTR {
                throw .unavailable(words(path, errno))
            }
        }
    }

    static func words(_ subject: String, _ number: Int32) -> String {
        "\(subject): \(String(cString: strerror(number)))"
    }
}
