import Foundation
import ShipitCore
import ShipitEngine
import ShipitStore

/// An earlier export, which the journal of today must still begin with. Neither a tail that was cut off nor a file brought back
/// from a backup shows otherwise: both are whole in themselves.
struct AuditBaseline {
    let path: String
    /// Look at this run's lines alone.
    let only: RunID?

    struct Finding {
        var differences: [String] = []
        /// How many hashes were compared.
        var compared = 0
    }

    /// What comparing needs of a line.
    private struct Line: Decodable {
        var record: String
        var run: String
        var seal: String?
        var head: String?
        var events: Int64?
        var sequence: Int64?
        var hash: String?

        /// What must stand where.
        var wanted: [(sequence: Int64, hash: String)] {
            guard record == "run" else { return [(sequence ?? 0, hash ?? "")] }
            return [(Int64(0), seal ?? ""), (events ?? 0, head ?? "")]
        }
    }

    func compare(with store: SQLiteStore) throws -> Finding {
        var finding = Finding()
        var different: Set<String> = []
        var count = 0
        let lines = try TextLines(path)
        while let text = try lines.next() {
            count += 1
            if text.isEmpty { continue }
            let line = try decode(text, number: count)
            if let only, only.text != line.run { continue }
            // The first difference of a run tells; what comes after is different, too.
            if different.contains(line.run) { continue }
            finding.compared += 1
            for (sequence, hash) in line.wanted {
                guard let words = try difference(line.run, sequence, hash, line.record, store) else { continue }
                finding.differences.append(words)
                different.insert(line.run)
                break
            }
        }
        guard count > 0 else { throw CommandFailure(.usage, "\(path) is empty: it is no export") }
        return finding
    }

    private func difference(
        _ run: String, _ sequence: Int64, _ hash: String, _ record: String, _ store: SQLiteStore
    ) throws -> String? {
        let found = try store.hash(of: RunID(run), at: sequence)
        if found == hash { return nil }
        if found != nil {
            return sequence == 0 ? "run \(run) is another run" : "event \(sequence) of run \(run) is another"
        }
        if try store.hash(of: RunID(run), at: 0) == nil { return "run \(run) is missing" }
        return record == "run"
            ? "run \(run) had \(sequence) events, and no longer has so many"
            : "event \(sequence) of run \(run) is missing"
    }

    private func decode(_ text: String, number: Int) throws(CommandFailure) -> Line {
        guard let line = try? JSONDecoder().decode(Line.self, from: Data(text.utf8)),
            line.record == "run"
                ? line.seal != nil && line.head != nil && line.events != nil
                : line.record == "event" && line.sequence != nil && line.hash != nil
        else {
            throw CommandFailure(
                .usage, "line \(number) of \(path) is none of an export",
                hint: "--against takes what was printed by: shipit audit export")
        }
        return line
    }
}

/// The lines of a file, one by one: it may be larger than memory.
final class TextLines {
    private let path: String
    private let file: UnsafeMutablePointer<FILE>
    private var buffer: UnsafeMutablePointer<CChar>?
    private var capacity = 0

    init(_ path: String) throws(CommandFailure) {
        self.path = path
        guard let file = fopen(path, "re") else {
            throw CommandFailure(.usage, "\(path) cannot be read: \(String(cString: strerror(errno)))")
        }
        self.file = file
    }

    deinit {
        free(buffer)
        fclose(file)
    }

    /// Without its end; `nil` at the end of the file.
    func next() throws(CommandFailure) -> String? {
        let count = getline(&buffer, &capacity, file)
        guard count >= 0, let buffer else {
            guard ferror(file) == 0 else {
                throw CommandFailure(.usage, "\(path) cannot be read: \(String(cString: strerror(errno)))")
            }
            return nil
        }
        let bytes = UnsafeRawBufferPointer(start: buffer, count: count)
        return String(decoding: bytes.last == UInt8(ascii: "\n") ? bytes.dropLast() : bytes[...], as: UTF8.self)
    }
}
