import FoundationEssentials
import ShipitCore
import ShipitEngine

/// What lies beside a backup as `FILE.json`: of what it is, when it was made, and what it must be when it is read again.
struct BackupRecord: Codable, Hashable {
    static let kind = "sqlite"
    static let suffix = ".json"

    var kind = Self.kind
    /// As an author would write it: relative to the folder that holds `pipelines/` where it lies inside.
    var database: String
    var sha256: String
    var size: Int
    var release: String
    var commit: String
    /// The attempt that made it.
    var key: String
    var at: Instant
    /// How many rows each table holds.
    var rows: [String: Int]

    static func path(of backup: String) -> String { backup + suffix }

    func write(beside backup: String) throws(ActionError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let bytes: [UInt8]
        do { bytes = try Array(encoder.encode(self)) + [UInt8(ascii: "\n")] } catch {
            throw .failed("the record of \(backup) cannot be written: \(error)")
        }
        try Disk.write(bytes, to: Self.path(of: backup))
    }

    /// `nil` when there is none.
    static func read(beside backup: String) throws(ActionError) -> BackupRecord? {
        let path = path(of: backup)
        guard Disk.kind(path) == .file else { return nil }
        var bytes: [UInt8] = []
        try Disk.read(path) { (piece) throws(ActionError) in
            bytes += piece
            guard bytes.count <= 16 << 20 else { throw .failedForGood("\(path) is too large for a record of a backup") }
        }
        do { return try JSONDecoder().decode(BackupRecord.self, from: Data(bytes)) } catch {
            throw .failedForGood("\(path) is not the record of a backup: \(error)")
        }
    }
}

/// How the files of a backup are called. The same attempt gives the same names, so that doing it twice gives one backup.
struct BackupNames: Hashable {
    var file: String
    var temporary: String

    init(database: String, version: String, key: CommandKey) {
        let name = Disk.name(of: database)
        let dot = name.dropFirst().lastIndex(of: ".")
        let stem = fileNamePart(String(dot.map { name[..<$0] } ?? name[...]), limit: 60)
        let ending = dot.map { fileNamePart(String(name[name.index(after: $0)...]), limit: 16) } ?? "db"
        // The whole key is in the digest: two keys may look alike once they are fit for a file's name.
        let tail = "\(fileNamePart(key.text, limit: 80))-\(Digest.text(key.text).prefix(8))"
        file = "\(stem)-\(fileNamePart(version, limit: 40))-\(tail).\(ending)"
        temporary = ".\(file).partial"
    }
}
