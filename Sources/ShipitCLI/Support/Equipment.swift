import ShipitCore
import ShipitEngine
import ShipitPlugins

/// The actions that a project's pipelines may use, and what the language says of them.
struct Equipment: Sendable {
    var catalog: Catalog
    var actions: [any Action]
    var plugins: [Plugin]
    var refused: [RefusedPlugin]

    init(_ findings: PluginSearch.Findings, builtin: [any Action], catalog: Catalog) {
        self.catalog = catalog
        actions = builtin
        plugins = []
        refused = findings.refused
        for plugin in findings.plugins {
            if let taken = Self.builtin(like: plugin.manifest, in: catalog) {
                refused.append(
                    RefusedPlugin(
                        name: plugin.manifest.name, origin: plugin.origin, folder: plugin.folder,
                        reason: "its name is that of the built-in action \(taken)"))
                continue
            }
            plugins.append(plugin)
            actions += plugin.actions
            self.catalog.add(plugin.manifest)
        }
        for plugin in refused where Self.builtin(named: plugin.name, in: catalog) == nil {
            self.catalog.refusedPlugins[plugin.name] = plugin.reason
        }
    }

    /// What a plan's plugins must not be started as; `nil` when all may be.
    func trouble(in plan: Plan) -> String? {
        let used = Set(plan.stages.filter { !$0.skipped }.flatMap(\.calls).map(\.action))
        for plugin in plugins where plugin.actions.contains(where: { used.contains($0.description.name) }) {
            if let trouble = plugin.trouble { return "plugin \"\(plugin.manifest.name)\": \(trouble)" }
        }
        return nil
    }

    private static func builtin(like manifest: PluginManifest, in catalog: Catalog) -> String? {
        manifest.actions.lazy.map(manifest.fullName).first { catalog.actions[$0] != nil }
            ?? builtin(named: manifest.name, in: catalog)
    }

    private static func builtin(named name: String, in catalog: Catalog) -> String? {
        catalog.actions.keys.sorted().first { $0 == name || $0.hasPrefix(name + "/") }
    }
}

extension PlannedStage {
    /// Everything that an attempt at it may call.
    fileprivate var calls: [ActionCall] {
        var calls = [perform] + [finally, verify].compactMap { $0 }
        if case .call(let call) = undo { calls.append(call) }
        return calls
    }
}
