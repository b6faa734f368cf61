import ShipitCore
import ShipitPlugins

/// The plugins of a project, for people and for programs.
enum PluginWords {
    static func text(_ equipment: Equipment) -> String {
        guard !equipment.plugins.isEmpty || !equipment.refused.isEmpty else {
            return "no plugins: they lie in plugins/ beside pipelines/\n"
        }
        var table = Table(["PLUGIN", "VERSION", "FROM", "DIGEST", "ACTIONS"])
        for plugin in equipment.plugins {
            let actions = plugin.manifest.actions.map { action in
                "\(action.name) (\(calls(of: action).joined(separator: ", ")))"
            }
            table.add(
                plugin.manifest.name, SafeText.line(plugin.manifest.version), plugin.origin.rawValue,
                plugin.digest.map { "sha256:\($0.prefix(12))" } ?? "unreadable", actions.joined(separator: "; "))
        }
        let refused = equipment.refused.map {
            "refused: \(SafeText.line($0.name)) (\($0.origin.rawValue)): \(SafeText.line($0.reason))\n"
        }
        let listed = equipment.plugins.isEmpty ? "" : table.text
        return listed + refused.joined()
    }

    static func json(_ equipment: Equipment) -> String {
        let plugins = equipment.plugins.map { plugin in
            JSONValue.members([
                "name": .string(plugin.manifest.name), "version": .string(plugin.manifest.version),
                "origin": .string(plugin.origin.rawValue), "folder": .string(plugin.folder),
                "digest": .text(plugin.digest.map { "sha256:\($0)" }),
                "actions": .array(
                    plugin.manifest.actions.map { action in
                        .members([
                            "name": .string(action.name), "description": .string(action.help),
                            "calls": .array(calls(of: action).map { .string($0) }),
                        ])
                    }),
            ])
        }
        let refused = equipment.refused.map { plugin in
            JSONValue.members([
                "name": .string(plugin.name), "origin": .string(plugin.origin.rawValue),
                "folder": .string(plugin.folder), "reason": .string(plugin.reason),
            ])
        }
        return JSONValue.members(["plugins": .array(plugins), "refused": .array(refused)]).pretty + "\n"
    }

    private static func calls(of action: PluginManifest.Action) -> [String] {
        PluginManifest.Call.allCases.filter(action.calls.contains).map(\.rawValue)
    }
}
