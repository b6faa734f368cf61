import Foundation
public import ShipitCore

/// Looks for plugins: in the project, then in the installation. Starts none of them.
public struct PluginSearch: Sendable {
    /// Reads a manifest: its bytes, the file for messages, the folder's name.
    public typealias ManifestReader =
        @Sendable (_ bytes: [UInt8], _ file: String, _ folder: String) -> (PluginManifest?, [Diagnostic])

    private let places: [(origin: Plugin.Origin, folder: String)]
    private let reader: ManifestReader

    /// - Parameters:
    ///   - root: the folder that holds `pipelines/`; `nil` without a project.
    ///   - installation: the folder whose `share/shipit/plugins` holds what comes with shipit.
    public init(root: String?, installation: String?, reader: @escaping ManifestReader) {
        places =
            (root.map { [(.project, $0 + "/plugins")] } ?? [])
            + (installation.map { [(.installation, $0 + "/share/shipit/plugins")] } ?? [])
        self.reader = reader
    }

    public struct Findings: Sendable {
        public var plugins: [Plugin] = []
        public var refused: [RefusedPlugin] = []
    }

    /// Of several plugins of one name the first found is the plugin, even where it is refused: another one must not stand in
    /// for what the project has.
    public func find() -> Findings {
        var findings = Findings()
        var seen: Set<String> = []
        for (origin, folder) in places {
            for name in Self.names(in: folder) where seen.insert(name).inserted {
                switch plugin(name, origin, in: folder) {
                case .success(let plugin): findings.plugins.append(plugin)
                case .failure(let refusal): findings.refused.append(refusal.plugin)
                }
            }
        }
        return findings
    }

    /// One folder, wherever it lies.
    public func load(_ folder: String) -> Findings {
        let path = folder as NSString
        switch plugin(path.lastPathComponent, .named, in: path.deletingLastPathComponent) {
        case .success(let plugin): return Findings(plugins: [plugin])
        case .failure(let refusal): return Findings(refused: [refusal.plugin])
        }
    }

    private struct Refusal: Error { var plugin: RefusedPlugin }

    private func plugin(_ name: String, _ origin: Plugin.Origin, in parent: String) -> Result<Plugin, Refusal> {
        let folder = parent + "/" + name
        func refused(_ reason: String) -> Result<Plugin, Refusal> {
            .failure(Refusal(plugin: RefusedPlugin(name: name, origin: origin, folder: folder, reason: reason)))
        }
        do throws(PluginFileError) {
            if origin != .named { try PluginFiles.check(folder: parent) }
            let bytes = try PluginFiles.read("plugin.yaml", in: folder)
            let file = (origin == .project ? "plugins/\(name)" : folder) + "/plugin.yaml"
            let (manifest, diagnostics) = reader(bytes, file, name)
            guard let manifest else {
                let first = diagnostics.first { $0.severity == .error }
                let place = first.map { "\($0.span.file):\($0.span.line):\($0.span.column): \($0.message)" }
                return refused(place ?? "its manifest cannot be read")
            }
            let plugin = Plugin(manifest: manifest, origin: origin, folder: folder)
            for path in plugin.files { try PluginFiles.check(path, in: folder) }
            try PluginFiles.checkProgram(of: plugin)
            return .success(plugin)
        } catch {
            return refused(error.reason)
        }
    }

    /// Folders that could be plugins, sorted. A folder of plugins that is not there, or cannot be listed, has none.
    private static func names(in folder: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { name in
            var status = stat()
            guard !name.hasPrefix("."), lstat(folder + "/" + name, &status) == 0 else { return false }
            return status.st_mode & S_IFMT == S_IFDIR || status.st_mode & S_IFMT == S_IFLNK
        }.sorted()
    }
}
