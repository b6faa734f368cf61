import Foundation

/// A folder for one input, removed with it.
final class ScratchFolder: Sendable {
    let path: String

    init() throws {
        var name = Array((FileManager.default.temporaryDirectory.path + "/shipit-fuzz-XXXXXX").utf8CString)
        guard mkdtemp(&name) != nil else { throw Finding(description: "no temporary folder can be made: \(errno)") }
        path = String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ bytes: [UInt8], to file: String) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: path + "/" + file))
    }
}
