import ShipitCore
import ShipitEngine

/// The image that is only an archive of its context. The same tree always gives the same bytes, so doing it twice is no
/// more than doing it once.
struct ArchiveBuild: Sendable {
    private let context: ActionContext
    private let plan: BuildPlan

    init(_ context: ActionContext, _ plan: BuildPlan) {
        self.context = context
        self.plan = plan
    }

    private func temporary(_ key: CommandKey) -> String {
        "\(plan.folder)/.\(fileNamePart(key.text))-\(Digest.text(key.text).prefix(8)).partial"
    }

    /// What this attempt has finished, for `verify`: the digest, written once the archive has its name.
    private var marker: String { context.scratch + "/archive" }

    func perform() async throws(ActionError) -> [String: String] {
        let folder = plan.folder
        try Disk.makeFolder(folder)
        for key in context.earlierKeys { try Disk.remove(temporary(key)) }
        let partial = temporary(context.key)
        let words = plan.order.archive(to: partial)
        let digest = try await context.services.step("build") { () async throws(ActionError) in
            // What the author's environment says to tar must not change the archive.
            let request = context.request(words, adding: ["TAR_OPTIONS": "", "LC_ALL": "C"])
            let end = try await context.services.command(request, step: "build")
            if end != .exited(0) {
                let said = try await context.lastWords(step: "build")
                if !said.isEmpty { context.services.note("tar printed:\n\(said)") }
                throw .command(end, what: "tar")
            }
            return try await blocking { (stop) throws(ActionError) in try Digest.file(partial, stop: stop) }
        }
        let archive = "\(folder)/\(plan.archiveName(digest: digest))"
        let marker = marker
        try await blocking { (stop) throws(ActionError) in
            if Disk.kind(partial) == .file { try Disk.publish(partial, as: archive) }
            guard Disk.kind(archive) == .file, try Digest.file(archive, stop: stop) == digest else {
                throw .failed("\(archive) is not what was built")
            }
            try Disk.write(Array(digest.utf8), to: marker)
        }
        return outputs(digest)
    }

    /// The outputs of this attempt, if it got to its end.
    func finished() async throws(ActionError) -> [String: String]? {
        guard Disk.kind(marker) == .file else { return nil }
        var bytes: [UInt8] = []
        try Disk.read(marker) { bytes += $0 }
        let digest = String(decoding: bytes, as: UTF8.self)
        let archive = "\(plan.folder)/\(plan.archiveName(digest: digest))"
        let isThere = try await blocking { (stop) throws(ActionError) in
            Disk.kind(archive) == .file ? try Digest.file(archive, stop: stop) == digest : false
        }
        return isThere ? outputs(digest) : nil
    }

    private func outputs(_ digest: String) -> [String: String] {
        var outputs = plan.outputs(.archive, digest: "sha256:\(digest)")
        outputs["path"] = context.written("\(plan.folder)/\(plan.archiveName(digest: digest))")
        return outputs
    }
}
