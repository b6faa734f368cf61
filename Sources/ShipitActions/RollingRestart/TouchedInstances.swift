import ShipitEngine

/// Which instances a stage has begun to restart, so that an undo takes back those and no others. It is durable before an
/// instance is stopped, and shared by all attempts of the stage: it lies above their scratch folders.
struct TouchedInstances {
    private let path: String

    init(_ context: ActionContext) { path = Disk.folder(of: context.scratch) + "/touched-instances" }

    /// Before anything else, so that "none yet" is told apart from "not known".
    func begin() throws(ActionError) { if try read() == nil { try write([]) } }

    func add(_ instances: [Instance]) throws(ActionError) {
        let known = try read() ?? []
        let new = instances.map(\.name).filter { !known.contains($0) }
        if !new.isEmpty { try write(known + new) }
    }

    /// `nil` when nobody knows.
    func read() throws(ActionError) -> [String]? {
        guard Disk.kind(path) == .file else { return nil }
        var bytes: [UInt8] = []
        try Disk.read(path) { bytes += $0 }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    private func write(_ names: [String]) throws(ActionError) {
        try Disk.write(Array(names.map { $0 + "\n" }.joined().utf8), to: path)
    }
}
