import ShipitCore
import Synchronization

#if canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Reads on in a log, as `tail -F` does: through rotation (another file has the name) and truncation (it is shorter than it
/// was, or begins otherwise). However long the log and its lines are, it holds one piece and the beginning of one line.
final class LogFollower: Sendable {
    struct Trouble: Error {
        var reason: String
    }

    private let path: String
    private let state: Mutex<State>

    private struct State {
        var file: OpenLog?
        /// Whether what is there when it is first looked at is counted.
        var countsWhatIsThere: Bool
        /// Counted, and not told yet: the file was gone when it was to be told.
        var owed = 0
    }

    init(_ path: String, fromStart: Bool) {
        self.path = path
        state = Mutex(State(countsWhatIsThere: fromStart))
    }

    /// The lines since the last time that match; one that is not ended yet is counted once it is.
    func count(_ pattern: TextPattern, within span: TimeSpan) -> Result<Int, Trouble> {
        let end = FileProbe.now() + span.seconds
        return state.withLock { state in
            switch OpenLog.open(path) {
            case .failure(let trouble):
                // What was written to it before it went counts.
                state.owed += state.file?.count(pattern, until: end) ?? 0
                state.file = nil
                // What comes in its place is new.
                state.countsWhatIsThere = true
                return .failure(trouble)
            case .success(let now):
                var count = state.owed
                state.owed = 0
                if let before = state.file, before.isSame(as: now) {
                    before.noticeTruncation()
                } else {
                    count += state.file?.count(pattern, until: end) ?? 0
                    if state.file == nil, !state.countsWhatIsThere { now.skipToEnd() }
                    state.file = now
                    state.countsWhatIsThere = true
                }
                return .success(count + (state.file?.count(pattern, until: end) ?? 0))
            }
        }
    }
}

/// One file under the log's name, and how far it has been read.
private final class OpenLog {
    private let descriptor: Int32
    private let device: dev_t
    private let inode: ino_t
    private var offset: off_t = 0
    /// The last bytes before `offset`: where they are no longer there, the file was written anew.
    private var mark: [UInt8] = []
    /// The beginning of a line that has not ended.
    private var line: [UInt8] = []

    private static let piece = 256 * 1024
    /// Of longer lines the beginning is looked at.
    private static let longestLine = 64 * 1024
    private static let markLength = 64

    private init(_ descriptor: Int32, _ facts: stat) {
        self.descriptor = descriptor
        device = facts.st_dev
        inode = facts.st_ino
    }

    deinit { close(descriptor) }

    static func open(_ path: String) -> Result<OpenLog, LogFollower.Trouble> {
        // A pipe without a writer must not hold the probe up.
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return .failure(.init(reason: "cannot be read: \(errnoWords(errno))")) }
        var facts = stat()
        guard fstat(descriptor, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            return .failure(.init(reason: "is not a file"))
        }
        return .success(OpenLog(descriptor, facts))
    }

    func isSame(as other: OpenLog) -> Bool { device == other.device && inode == other.inode }

    func skipToEnd() {
        offset = size
        remember()
    }

    func noticeTruncation() {
        guard size < offset || bytes(before: offset) != mark else { return }
        offset = 0
        mark = []
        line = []
    }

    private var size: off_t {
        var facts = stat()
        return fstat(descriptor, &facts) == 0 ? facts.st_size : 0
    }

    /// Reads on to the end, or until the time is up.
    func count(_ pattern: TextPattern, until end: Double) -> Int {
        var count = 0
        var buffer = [UInt8](repeating: 0, count: Self.piece)
        repeat {
            let length = pread(descriptor, &buffer, buffer.count, offset)
            guard length > 0 else { break }
            offset += off_t(length)
            count += take(buffer[..<length], pattern)
        } while FileProbe.now() < end
        remember()
        return count
    }

    private func take(_ bytes: ArraySlice<UInt8>, _ pattern: TextPattern) -> Int {
        var count = 0
        var rest = bytes
        while let newline = rest.firstIndex(of: UInt8(ascii: "\n")) {
            keep(rest[..<newline])
            if pattern.matches(String(decoding: line, as: UTF8.self)) { count += 1 }
            line.removeAll(keepingCapacity: true)
            rest = rest[(newline + 1)...]
        }
        keep(rest)
        return count
    }

    private func keep(_ bytes: ArraySlice<UInt8>) { line += bytes.prefix(Self.longestLine - line.count) }

    private func remember() { mark = bytes(before: offset) }

    private func bytes(before offset: off_t) -> [UInt8] {
        let length = min(Int(offset), Self.markLength)
        var bytes = [UInt8](repeating: 0, count: length)
        let found = pread(descriptor, &bytes, length, offset - off_t(length))
        return Array(bytes.prefix(max(0, found)))
    }
}
