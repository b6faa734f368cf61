import ShipitCore

/// `plugin.yaml`, without its actions.
struct ManifestDecoder {
    let reading: Reading
    /// The folder's name.
    let folder: String

    enum Key: String, SectionKey {
        case version = "shipit-plugin", name, release = "version", run, sha256, actions
    }

    func decode(_ root: Node) -> PluginManifest? {
        guard let entries = reading.mapping(root, "a manifest") else { return nil }
        // First: what another version of the protocol says is not to be judged by this one.
        guard speaksProtocol(entries) else { return nil }
        let fields = reading.fields(entries, place: root.place, Key.self, of: "the manifest")
        for key in Key.required where fields[key] == nil && root.entry(key.rawValue) == nil {
            reading.error("missing-key", "the manifest lacks \"\(key.rawValue)\"", at: .start)
        }
        let name = fields[.name].flatMap(self.name)
        let version = fields[.release].flatMap { reading.literal($0, "\"version\"") }
        let run = fields[.run].flatMap(self.run)
        let pins = fields[.sha256].map(self.pins) ?? [:]
        let actions = fields[.actions].flatMap { PluginActionDecoder(reading: reading).actions($0) }
        guard let name, let version, let run, let pins, let actions else { return nil }
        return PluginManifest(name: name, version: version, run: run, pins: pins, actions: actions)
    }

    private func speaksProtocol(_ entries: [Entry]) -> Bool {
        guard let entry = entries.first(where: { $0.key == Key.version.rawValue }) else {
            reading.error(
                "missing-key", "the manifest lacks \"shipit-plugin\"", at: .start, hint: "begin with shipit-plugin: 1")
            return false
        }
        guard case .scalar(let scalar) = entry.value.value, scalar.text == "\(PluginManifest.protocolVersion)" else {
            let said =
                if case .scalar(let scalar) = entry.value.value { "\"\(scalar.text)\"" } else { entry.value.kind }
            reading.error(
                "unsupported-protocol",
                "plugin \"\(folder)\" speaks version \(said) of the plugin protocol, and this shipit speaks "
                    + "version \(PluginManifest.protocolVersion)", at: entry.value.place)
            return false
        }
        return true
    }

    private func name(_ node: Node) -> String? {
        guard let name = reading.literal(node, "\"name\"") else { return nil }
        guard isPluginName(name) else {
            reading.error(
                "bad-name", "\"\(name)\" cannot name a plugin", at: node.place,
                hint:
                    "use small letters, digits, dots, dashes and underscores, at most 64, and begin with a letter or digit"
            )
            return nil
        }
        guard name == folder else {
            reading.error(
                "bad-name", "the plugin is called \"\(name)\", and its folder \"\(folder)\"", at: node.place,
                hint: "give both one name")
            return nil
        }
        return name
    }

    /// Words; the first is the program, within the folder.
    private func run(_ node: Node) -> [String]? {
        guard let words = reading.literals(node, "\"run\""), let program = words.first else {
            if case .sequence(let nodes) = node.value, nodes.isEmpty {
                reading.error("empty-value", "\"run\" names no program", at: node.place)
            }
            return nil
        }
        return isInside(program, "the program of \"run\"", at: node.place) ? words : nil
    }

    private func pins(_ node: Node) -> [String: String]? {
        guard let entries = reading.mapping(node, "\"sha256\"") else { return nil }
        var pins: [String: String] = [:]
        var isRight = true
        for entry in entries {
            guard isInside(entry.key, "a file of \"sha256\"", at: entry.keyPlace),
                let digest = reading.literal(entry.value, "\"\(entry.key)\"")
            else {
                isRight = false
                continue
            }
            guard digest.utf8.count == 64, digest.allSatisfy(\.isHexDigit) else {
                reading.error(
                    "bad-digest", "\"\(entry.key)\" must be a SHA-256 of 64 hexadecimal digits", at: entry.value.place,
                    hint: "sha256sum \(entry.key)")
                isRight = false
                continue
            }
            pins[entry.key] = digest.lowercased()
        }
        return isRight ? pins : nil
    }

    private func isInside(_ path: String, _ what: String, at place: Place) -> Bool {
        let parts = path.split(separator: "/")
        guard path.hasPrefix("/") || parts.contains("..") || parts.allSatisfy({ $0 == "." }) else { return true }
        reading.error(
            "outside-plugin", "\(what) must lie in the plugin's folder, and this is \"\(path)\"", at: place,
            hint: "write it relative to the folder, such as ./\(folder)")
        return false
    }
}

/// `[a-z0-9][a-z0-9._-]{0,63}`
func isPluginName(_ text: String) -> Bool { isName(text) && text.utf8.allSatisfy { !(0x41...0x5A).contains($0) } }
