internal import Crypto
internal import Foundation

/// Everything below a folder by its path: kind, permissions, and what it holds.
enum FolderRecord {
    static func of(_ folder: String) throws(ActionError) -> [String: String] {
        guard let walk = FileManager.default.enumerator(atPath: folder) else {
            throw .failed("\(folder) cannot be looked into")
        }
        var record: [String: String] = [:]
        while let path = walk.nextObject() as? String { record[path] = try words(of: folder + "/" + path) }
        return record
    }

    private static func words(of path: String) throws(ActionError) -> String {
        var status = stat()
        guard lstat(path, &status) == 0 else { throw failure(path) }
        let mode = String(status.st_mode, radix: 8)
        switch status.st_mode & S_IFMT {
        case S_IFREG:
            guard let bytes = FileManager.default.contents(atPath: path) else { throw failure(path) }
            return "\(mode) \(SHA256.hash(data: bytes))"
        case S_IFLNK:
            do { return "\(mode) \(try FileManager.default.destinationOfSymbolicLink(atPath: path))" } catch {
                throw failure(path)
            }
        default: return mode
        }
    }

    private static func failure(_ path: String) -> ActionError {
        .failed("\(path): \(String(cString: strerror(errno)))")
    }
}
