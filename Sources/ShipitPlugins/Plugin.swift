public import ShipitCore
public import ShipitEngine

/// A plugin that may be used: its manifest, and where it lies.
public struct Plugin: Sendable, Hashable {
    public enum Origin: String, Sendable, Hashable {
        /// `plugins/` beside `pipelines/`.
        case project
        /// `share/shipit/plugins` of the installation.
        case installation
        /// Named by its folder, to be tried.
        case named
    }

    public var manifest: PluginManifest
    public var origin: Origin
    /// Absolute.
    public var folder: String
    /// The digest that it had when the run was planned: another one performs nothing. `nil` where there is no run.
    public var planned: String?

    public init(manifest: PluginManifest, origin: Origin, folder: String) {
        self.manifest = manifest
        self.origin = origin
        self.folder = folder
    }

    public var actions: [any Action] { manifest.actions.map { PluginAction(plugin: self, action: $0) } }

    /// The words that start it, its own files by their absolute paths.
    var words: [String] {
        guard let program = manifest.run.first else { return [] }
        return [Self.join(folder, program)]
            + manifest.run.dropFirst().map { $0.hasPrefix("./") ? Self.join(folder, $0) : $0 }
    }

    /// Files of the folder that running it relies on, relative to it.
    var files: [String] {
        let named = manifest.run.prefix(1) + manifest.run.dropFirst().filter { $0.hasPrefix("./") }
        return Array(Set(named + manifest.pins.keys)).sorted()
    }

    static func join(_ folder: String, _ path: String) -> String {
        folder + "/" + path.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
    }
}

/// A folder that holds no plugin that may be used, and why.
public struct RefusedPlugin: Sendable, Hashable {
    public var name: String
    public var origin: Plugin.Origin
    public var folder: String
    public var reason: String

    public init(name: String, origin: Plugin.Origin, folder: String, reason: String) {
        self.name = name
        self.origin = origin
        self.folder = folder
        self.reason = reason
    }
}
