public import ShipitCore

/// Reads the manifests of plugins: bytes → `PluginManifest` and diagnostics. It opens no file; the caller brings the bytes.
public struct ManifestReader: Sendable {
    public init() {}

    /// `file` is only for messages; `folder` is the name that the plugin must have.
    public func read(_ bytes: [UInt8], file: String, folder: String) -> ManifestReading {
        let source: SourceText
        let tree: Node?
        var builder: TreeBuilder
        do throws(Refusal) {
            source = try SourceText(bytes, file: file)
            builder = TreeBuilder(source)
            tree = try builder.document()
        } catch {
            return ManifestReading(manifest: nil, diagnostics: [error.diagnostic])
        }
        let reading = Reading(source, catalog: Catalog(actions: [], probes: []), zones: OnlyUTC())
        reading.add(builder.diagnostics)
        guard let tree, !tree.isAbsent else {
            reading.error("empty-file", "the file is empty", at: .start, hint: "begin with shipit-plugin: 1")
            return ManifestReading(manifest: nil, diagnostics: reading.inOrder())
        }
        let manifest = ManifestDecoder(reading: reading, folder: folder).decode(tree)
        let diagnostics = reading.inOrder()
        let isRight = !diagnostics.contains { $0.severity == .error }
        return ManifestReading(manifest: isRight ? manifest : nil, diagnostics: diagnostics)
    }
}

/// What came of reading a manifest.
public struct ManifestReading: Sendable {
    /// `nil` when there is any error.
    public var manifest: PluginManifest?
    /// Errors and warnings in the order of their places.
    public var diagnostics: [Diagnostic]
}
