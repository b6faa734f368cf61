import Foundation
import ShipitCore
import ShipitEngine

/// The request and the messages of a call, in the attempt's own folder.
struct CallFiles {
    private let context: ActionContext
    private let kind: PluginManifest.Call

    init(_ context: ActionContext, _ kind: PluginManifest.Call) {
        self.context = context
        self.kind = kind
    }

    var request: String { context.scratch + "/request-\(kind.rawValue).json" }

    private var messagesPath: String { Self.messages(kind, in: context.scratch) }

    private static func messages(_ kind: PluginManifest.Call, in scratch: String) -> String {
        scratch + "/messages-\(kind.rawValue)"
    }

    /// Made anew, unless the call goes on that made it.
    func messages() throws(PluginFileError) -> MessageFile {
        // Whoever asks again asks for what is true now.
        if kind == .preview || kind == .verify, unlink(messagesPath) != 0, errno != ENOENT {
            throw PluginFileError(reason: "\(messagesPath): \(String(cString: strerror(errno)))")
        }
        var status = stat()
        return try MessageFile(messagesPath, isNew: lstat(messagesPath, &status) != 0)
    }

    /// All of it at once: a call that goes on may be about to read it.
    func write(request bytes: [UInt8]) throws(PluginFileError) { try write(bytes, to: request) }

    /// 0600 from its first byte: an input may be a secret.
    private func write(_ bytes: [UInt8], to path: String) throws(PluginFileError) {
        let new = path + ".new"
        unlink(new)
        let descriptor = open(new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw failure(path) }
        defer { close(descriptor) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failure(path) }
            rest = rest.dropFirst(count)
        }
        guard rename(new, path) == 0 else { throw failure(path) }
    }

    private func failure(_ path: String) -> PluginFileError {
        PluginFileError(reason: "\(path): \(String(cString: strerror(errno)))")
    }

    /// Best effort: what stays is known to nobody but the run's owner.
    func removeRequest() { unlink(request) }
    func removeMessages() { if unlink(messagesPath) != 0, errno == EISDIR { rmdir(messagesPath) } }

    // MARK: What was said before

    /// The last cursor of this attempt, or else of the interrupted ones before it. Only an interrupted attempt leaves its
    /// messages behind.
    func cursor() -> JSONText? {
        let kind = kind == .verify ? PluginManifest.Call.perform : kind
        let folder = context.scratch as NSString
        let name = folder.lastPathComponent as NSString
        let prefix = name.substring(to: max(0, name.length - "\(context.attempt.number)".count))
        for number in stride(from: context.attempt.number, through: 1, by: -1) {
            let scratch = folder.deletingLastPathComponent + "/\(prefix)\(number)"
            guard let gathered = said(Self.messages(kind, in: scratch)) else {
                if number == context.attempt.number { continue }
                return nil
            }
            if let cursor = gathered.cursor { return cursor }
        }
        return nil
    }

    /// What an interrupted `perform` of this attempt had given.
    func outputsOfPerform() -> [String: JSONText] {
        said(Self.messages(.perform, in: context.scratch))?.outputs ?? [:]
    }

    /// What every `perform` of the stage has given that did not succeed, the later ones counting more: half a `perform` may
    /// have said how it found things, which its undo needs.
    func outputsOfUnfinishedPerforms() -> [String: JSONText] {
        let folder = (context.scratch as NSString).deletingLastPathComponent
        // Without a list there are no attempts: nothing was performed.
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        var outputs: [String: JSONText] = [:]
        for number in names.compactMap({ Int($0) }).sorted() {
            let scratch = "\(folder)/\(number)"
            outputs.merge(kept(in: scratch) ?? said(Self.messages(.perform, in: scratch))?.outputs ?? [:]) { $1 }
        }
        return outputs
    }

    private static let keptName = "outputs-perform.json"

    private func kept(in scratch: String) -> [String: JSONText]? {
        guard let bytes = FileManager.default.contents(atPath: "\(scratch)/\(Self.keptName)"),
            case .object(let outputs)? = JSONText(parsing: bytes)
        else { return nil }
        return outputs
    }

    /// Keeps what a `perform` gave that failed; they must hold no secret.
    func keep(outputs: [String: JSONText]) throws(PluginFileError) {
        guard let bytes = JSONText.object(outputs).bytes else { return }
        try write(bytes, to: "\(context.scratch)/\(Self.keptName)")
    }

    /// `nil` without such a file. What was said up to a fault counts: the call that made it was not ended for it.
    private func said(_ path: String) -> MessageFile.Gathered? {
        do throws(PluginFileError) {
            let file = try MessageFile(path, isNew: false)
            _ = file.catchUp()
            return file.gathered
        } catch {
            return nil
        }
    }
}
