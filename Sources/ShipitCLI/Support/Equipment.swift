import ShipitCore
import ShipitEngine
import ShipitPlugins

/// The actions that a project's pipelines may use, and what the language says of them.
struct Equipment: Sendable {
    var catalog: Catalog
    var actions: [any Action]
    var plugins: [Plugin]
    var refused: [RefusedPlugin]
    private let builtin: [any Action]

    init(_ findings: PluginSearch.Findings, builtin: [any Action], catalog: Catalog) {
        self.catalog = catalog
        self.builtin = builtin
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
        for plugin in used(by: plan) {
            if let trouble = plugin.trouble { return "plugin \"\(plugin.manifest.name)\": \(trouble)" }
        }
        return nil
    }

    private func used(by plan: Plan) -> [Plugin] {
        let calls = plan.stages.filter { !$0.skipped }.flatMap(\.calls) + (plan.notify ?? []).map(\.call)
        let used = Set(calls.map(\.action))
        return plugins.filter { $0.actions.contains { used.contains($0.description.name) } }
    }

    // MARK: What a plan was made with

    /// The plan with the digests of the plugins that it uses.
    func pinning(_ plan: Plan) -> Plan {
        let digests = used(by: plan).map { ($0.manifest.name, $0.signedDigest) }
        var plan = plan
        plan.plugins = digests.isEmpty ? nil : Dictionary(digests, uniquingKeysWith: { first, _ in first })
        return plan
    }

    /// What is not as it was when the plan was made; `nil` when everything is.
    func drift(from plan: Plan) -> String? {
        for (name, digest) in (plan.plugins ?? [:]).sorted(by: { $0.key < $1.key }) {
            guard let plugin = plugins.first(where: { $0.manifest.name == name }) else {
                let why = refused.first { $0.name == name }?.reason ?? "it is gone"
                return "plugin \"\(name)\" cannot be used any more: \(why)"
            }
            if plugin.signedDigest != digest { return "plugin \"\(name)\" was changed: \(plugin.change(from: digest))" }
        }
        return nil
    }

    /// The same with plugins that are only performed and asked as long as they are what the plan was made with.
    func held(to plan: Plan) -> Equipment {
        var held = self
        for place in held.plugins.indices {
            held.plugins[place].planned = plan.plugins?[held.plugins[place].manifest.name]
        }
        held.actions = builtin + held.plugins.flatMap(\.actions)
        return held
    }

    private static func builtin(like manifest: PluginManifest, in catalog: Catalog) -> String? {
        manifest.actions.lazy.map(manifest.fullName).first { catalog.actions[$0] != nil }
            ?? builtin(named: manifest.name, in: catalog)
    }

    static func builtin(named name: String, in catalog: Catalog) -> String? {
        catalog.actions.keys.sorted().first { $0 == name || $0.hasPrefix(name + "/") }
    }
}

extension PlannedStage {
    /// Everything that an attempt at it may call.
    fileprivate var calls: [ActionCall] {
        var calls = [perform] + [finally, verify].compactMap { $0 }
        if case .call(let call) = undo { calls.append(call) }
        if case .notify(let call)? = hold { calls.append(call) }
        return calls
    }
}
