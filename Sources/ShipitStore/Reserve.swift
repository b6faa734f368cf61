import Foundation
import GRDB
import ShipitEngine

/// Room on the disk that is kept back, so that a disk that has filled up still lets shipit write down how things stand: what
/// has ended meanwhile, and that it stopped.
struct Reserve {
    /// Enough for some hundred pages of the write-ahead log.
    static let size = 1 << 20
    static let fileName = "reserve"

    let path: String

    init(in folder: StateFolder) { path = "\(folder.path)/\(Self.fileName)" }

    /// Takes the room if it isn't taken yet. Best effort: a disk too full for it is found out by the first write, and where
    /// a file system cannot keep room back, writing is all there is.
    func fill(mode: mode_t) {
        let file = Descriptor(number: open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, mode))
        guard file.number >= 0 else { return }
        var status = stat()
        // Blocks count, not the size: a hole keeps no room.
        guard fstat(file.number, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
            Int(status.st_blocks) * 512 < Self.size
        else { return }
        _ = fchmod(file.number, mode)
        if posix_fallocate(file.number, 0, off_t(Self.size)) != 0 { _ = ftruncate(file.number, 0) }
    }

    /// Gives the room back to the file system; whether there was any.
    func release() -> Bool {
        let file = Descriptor(number: open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC))
        var status = stat()
        guard file.number >= 0, fstat(file.number, &status) == 0, status.st_blocks > 0 else { return false }
        return ftruncate(file.number, 0) == 0
    }
}

extension SQLiteStore {
    /// `write`, and once more from the reserve where the disk is full: for what ends things, and so starts nothing.
    func writeFromReserve<Value>(_ what: String, _ body: (Database) throws -> Value) throws(StoreError) -> Value {
        do throws(StoreError) {
            return try write(what, body)
        } catch {
            guard error.isFullDisk, let folder, Reserve(in: folder).release() else { throw error }
            return try write(what, body)
        }
    }
}
