public import ShipitCore
public import ShipitEngine

/// An action of a plugin: each call is one command under the attempt's key.
public struct PluginAction: PreviewsByCommand {
    public let plugin: Plugin
    let action: PluginManifest.Action

    init(plugin: Plugin, action: PluginManifest.Action) {
        self.plugin = plugin
        self.action = action
    }

    public var description: ActionDescription { plugin.manifest.description(of: action) }

    public func preview(_ context: ActionContext) async throws(ActionError) -> [String] {
        guard action.calls.contains(.preview) else {
            throw .failed("plugin \"\(plugin.manifest.name)\" has no preview of \(action.name)")
        }
        let call = try PluginCall(.preview, plugin, action, context)
        let end = try await call.run()
        try call.require(end)
        return call.messages.gathered.preview
    }

    public func perform(_ context: ActionContext) async throws(ActionError) -> [String: String] {
        let call = try PluginCall(.perform, plugin, action, context)
        let end = try await call.run()
        try call.require(end)
        return try call.outputs()
    }

    public func verify(_ context: ActionContext) async throws(ActionError) -> Verification {
        guard action.calls.contains(.verify) else {
            return .unknown("plugin \"\(plugin.manifest.name)\" cannot tell whether \(action.name) was done")
        }
        let call = try PluginCall(.verify, plugin, action, context)
        let end = try await call.run()
        switch end {
        case .exited(0): return .done(outputs: try call.outputs())
        case .exited(1): return .notDone
        case .exited(2): return .unknown(call.words("cannot tell"))
        default: return .unknown(ActionError.command(end, what: call.words()).reason)
        }
    }

    public func undo(_ context: ActionContext) async throws(ActionError) {
        let call = try PluginCall(.undo, plugin, action, context)
        let end = try await call.run()
        try call.require(end)
    }
}
