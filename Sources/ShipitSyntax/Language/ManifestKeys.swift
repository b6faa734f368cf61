import ShipitCore

extension ManifestDecoder.Key {
    static var aboutSection: SectionDescription {
        SectionDescription("plugin", at: "plugin.yaml", "What a plugin says about itself.")
    }

    static var required: [Self] { [.version, .name, .release, .run, .actions] }

    var about: KeyDescription {
        switch self {
        case .version: KeyDescription(.word(["1"]), "The version of the plugin protocol.")
        case .name: KeyDescription(.text, "The name of the plugin, which is its folder's.", example: "name: http-drain")
        case .release: KeyDescription(.text, "The version of the plugin.", example: "version: 1.2.0")
        case .run:
            KeyDescription(
                .listOrOne(.text, isEmpty: false),
                "The program, relative to the folder; the call and the action are appended.",
                example: "run: [./http-drain]"
            )
        case .sha256: KeyDescription(.mapping(.any, of: .text), "Files and what their SHA-256 must be.")
        case .actions:
            KeyDescription(.mapping(.names, of: .section(PluginActionDecoder.Key.self)), "What the plugin can do.")
        }
    }
}

extension PluginActionDecoder.Key {
    static var aboutSection: SectionDescription {
        SectionDescription("plugin-action", at: "actions.NAME", "One action of a plugin.")
    }

    static var required: [Self] { [.description, .calls] }

    var about: KeyDescription {
        switch self {
        case .description: KeyDescription(.text, "What it does, in a sentence.")
        case .inputs:
            KeyDescription(.mapping(.names, of: .section(PluginActionDecoder.InputKey.self)), "What `with:` may give.")
        case .outputs:
            KeyDescription(
                .mapping(.names, of: .section(PluginActionDecoder.OutputKey.self)), "What later stages may use.")
        case .calls:
            KeyDescription(
                .listOrOne(.word(PluginManifest.Call.allCases.map(\.rawValue)), isEmpty: false),
                "What the program answers; `perform` is among it.")
        case .secrets: KeyDescription(.listOrOne(.text), "Secrets that it gets as environment variables; no others.")
        case .env: KeyDescription(.listOrOne(.text), "Variables of the caller that it gets.")
        }
    }
}

extension PluginActionDecoder.InputKey {
    static var aboutSection: SectionDescription {
        SectionDescription("plugin-input", at: "actions.NAME.inputs.NAME", "One input of an action.")
    }

    static var required: [Self] { [.type] }

    var about: KeyDescription {
        switch self {
        case .type: KeyDescription(.word(PluginActionDecoder.types.map(\.word)), "What it must be.")
        case .mustBeGiven: KeyDescription(.yesOrNo, "Whether it must be given.", fallback: "no")
        case .default: KeyDescription(.anything, "What it is when nobody gives it.")
        case .secret: KeyDescription(.yesOrNo, "Whether it may hold a secret.", fallback: "no")
        case .description: KeyDescription(.text, "What it is for.")
        }
    }
}

extension PluginActionDecoder.OutputKey {
    static var aboutSection: SectionDescription {
        SectionDescription("plugin-output", at: "actions.NAME.outputs.NAME", "One output of an action.")
    }

    static var required: [Self] { [.type] }

    var about: KeyDescription {
        switch self {
        case .type: KeyDescription(.word(PluginActionDecoder.types.map(\.word)), "What it is.")
        case .description: KeyDescription(.text, "What it says.")
        }
    }
}
