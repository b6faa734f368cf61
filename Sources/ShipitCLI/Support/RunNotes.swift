import Foundation
import ShipitCore
import ShipitEngine
import Synchronization

/// A line that an action said about its work.
struct RunNote: Hashable, Sendable, Codable {
    /// In milliseconds since 1970.
    var at: Int64
    var key: String
    var text: String

    var chunk: OutputChunk {
        OutputChunk(key: CommandKey(key), at: Instant(milliseconds: at), stream: .note, bytes: Array(text.utf8))
    }
}

/// Keeps what actions say in a file of the run's folder, a JSON object a line, beside the output of its commands.
final class NotesFile: NoteLog {
    private let path: String
    private let sharing: Sharing
    private let secrets: [String]
    private let clock: SystemClock
    private let open = Mutex(Open())

    private struct Open {
        var descriptor: Int32 = -1
        var written = 0
    }

    /// Whoever says more than this is not read any more.
    private static let sizeLimit = 16 << 20

    /// - Parameter secrets: values that must not reach the disk.
    init(inRunFolder folder: String, secrets: some Collection<String>, clock: SystemClock) {
        path = Self.path(inRunFolder: folder)
        sharing = Sharing(of: folder)
        // The longest first: one may be a part of another.
        self.secrets = secrets.filter { !$0.isEmpty }.sorted { $0.utf8.count > $1.utf8.count }
        self.clock = clock
    }

    deinit { open.withLock { if $0.descriptor >= 0 { close($0.descriptor) } } }

    static func path(inRunFolder folder: String) -> String { folder + "/notes.jsonl" }

    func note(_ text: String, key: CommandKey) {
        let masked = secrets.reduce(text) { $0.replacing($1, with: "***") }
        let note = RunNote(at: clock.now.milliseconds, key: key.text, text: masked)
        // A note that cannot be kept must not end a deployment.
        guard var line = try? JSONEncoder().encode(note) else { return }
        line.append(UInt8(ascii: "\n"))
        open.withLock { open in
            if open.descriptor < 0 {
                open.descriptor = Foundation.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
                sharing.apply(to: open.descriptor)
            }
            guard open.descriptor >= 0, open.written + line.count <= Self.sizeLimit else { return }
            // One write a line, so that a reader never sees half of one for long.
            let count = line.withUnsafeBytes { write(open.descriptor, $0.baseAddress, $0.count) }
            open.written += max(0, count)
        }
    }
}

/// Reads a run's notes on from where the last look ended.
struct NotesReader {
    private let path: String
    private var offset: UInt64 = 0

    init(inRunFolder folder: String) { path = NotesFile.path(inRunFolder: folder) }

    /// What was said since; whole lines only.
    mutating func readOn() -> [RunNote] {
        // Without a file nothing was said.
        guard let file = FileHandle(forReadingAtPath: path) else { return [] }
        defer { try? file.close() }
        guard (try? file.seek(toOffset: offset)) != nil, let bytes = try? file.readToEnd(),
            let end = bytes.lastIndex(of: UInt8(ascii: "\n"))
        else { return [] }
        let whole = bytes[...end]
        offset += UInt64(whole.count)
        // A line that was cut by a full disk is left out.
        return whole.split(separator: UInt8(ascii: "\n")).compactMap {
            try? JSONDecoder().decode(RunNote.self, from: $0)
        }
    }
}
