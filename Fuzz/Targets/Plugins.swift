import ShipitCore
import ShipitPlugins
import ShipitSyntax

/// What a plugin says is the same in any pieces, and a fault has the number of its line.
@Sendable func checkPluginMessages(_ bytes: [UInt8]) throws {
    let whole = said(bytes.map { [$0] })
    let pieced = said(pieces(of: bytes))
    try expect(whole.fault == pieced.fault, "pieces make a difference to the fault")
    // Messages of the piece in which a fault was found are not given any more.
    try expect(whole.messages.starts(with: pieced.messages), "pieces make a difference")
    try expect(whole.fault != nil || whole.messages == pieced.messages, "pieces lose messages")
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    try expect(whole.messages.count <= lines.count, "more messages than lines")
    guard let fault = whole.fault else { return }
    try expect((1...lines.count).contains(fault.line), "no such line: \(fault.line)")
    let before = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).prefix(fault.line - 1)
    try expect(
        said([Array(before.joined(separator: CollectionOfOne(UInt8(ascii: "\n"))))]).fault == nil,
        "an earlier line is at fault")
}

private func said(_ pieces: [[UInt8]]) -> (messages: [PluginMessage], fault: MessageFault?) {
    var reader = MessageReader()
    var messages: [PluginMessage] = []
    do throws(MessageFault) {
        for piece in pieces { messages += try reader.take(piece) }
        messages += try reader.finish()
    } catch {
        return (messages, error)
    }
    return (messages, nil)
}

/// Any bytes are a manifest or have mistakes that can be shown; a manifest names nothing outside its folder.
@Sendable func checkManifest(_ bytes: [UInt8]) throws {
    let file = "plugins/mark/plugin.yaml"
    let reading = ManifestReader().read(bytes, file: file, folder: "mark")
    let errors = reading.diagnostics.count { $0.severity == .error }
    try expect(
        (reading.manifest == nil) == (errors > 0), "\(errors) errors, and a manifest: \(reading.manifest != nil)")
    try expectHarmless(DiagnosticRenderer(sources: [file: bytes]).render(reading.diagnostics))
    guard let manifest = reading.manifest else { return }
    try expect(manifest.name == "mark" && !manifest.actions.isEmpty, "it is not its folder's: \(manifest.name)")
    for path in manifest.run.prefix(1) + manifest.pins.keys {
        try expect(!path.hasPrefix("/") && !path.split(separator: "/").contains(".."), "it leads out: \(path)")
    }
    for action in manifest.actions {
        try expect(action.calls.contains(.perform), "it cannot be performed: \(action.name)")
        for input in action.inputs where input.required {
            try expect(action.defaults[input.name] == nil, "required, with a default: \(input.name)")
        }
    }
}
