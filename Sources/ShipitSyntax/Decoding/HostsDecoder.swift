import ShipitCore

/// `hosts:` of an environment: groups of machines that are reached over ssh.
struct HostsDecoder {
    let reading: Reading

    enum Key: String, SectionKey {
        case ssh, name
    }

    /// What could not be read has left its name: `nil`.
    func groups(_ node: Node) -> [String: [Host]?] {
        guard let entries = reading.mapping(node, "\"hosts\"") else { return [:] }
        var groups: [String: [Host]?] = [:]
        for entry in entries where reading.checkName(entry.key, "a group of hosts", at: entry.keyPlace) {
            groups[entry.key] = .some(hosts(entry))
        }
        return groups
    }

    private func hosts(_ entry: Entry) -> [Host]? {
        guard let nodes = reading.list(entry.value, "\"\(entry.key)\"") else { return nil }
        guard !nodes.isEmpty else {
            reading.error(
                "empty-value", "\"\(entry.key)\" has no hosts", at: entry.value.place,
                hint: "write - {ssh: USER@HOST}, or remove the group")
            return nil
        }
        var hosts: [Host] = []
        for node in nodes {
            guard let host = host(node), isNew(host, among: hosts, at: node.place) else { continue }
            hosts.append(host)
        }
        return hosts.count == nodes.count ? hosts : nil
    }

    private func host(_ node: Node) -> Host? {
        if case .scalar(let scalar) = node.value, !scalar.isAbsent {
            reading.error(
                "wrong-type", "a host must be a mapping, and this is text", at: node.place,
                hint: "write {ssh: \(scalar.text)}")
            return nil
        }
        guard let fields = reading.fields(node, Key.self, of: "a host") else { return nil }
        guard let ssh = fields[.ssh] else {
            if node.entry(Key.ssh.rawValue) == nil {
                reading.error(
                    "missing-key", "the host does not say how it is reached", at: node.place,
                    hint: "write {ssh: USER@HOST}")
            }
            return nil
        }
        guard let text = reading.literal(ssh, "\"ssh\"") else { return nil }
        guard var host = SSHDestination.host(text) else {
            reading.error(
                "bad-host", "\"\(text)\" is no host that ssh could reach", at: ssh.place,
                hint: "write HOST, USER@HOST or USER@HOST:PORT, an IPv6 address in brackets: deploy@[2001:db8::1]:22")
            return nil
        }
        if let node = fields[.name] {
            guard let name = reading.literal(node, "\"name\""), reading.checkName(name, "a host", at: node.place) else {
                return nil
            }
            host.name = name
        }
        return host
    }

    /// Twice the same machine would do the work twice, and two of one name could not be told apart.
    private func isNew(_ host: Host, among hosts: [Host], at place: Place) -> Bool {
        if hosts.contains(where: { $0.destination == host.destination }) {
            reading.error(
                "duplicate-host", "\(host.destination) stands twice in this group", at: place,
                hint: "remove one of them")
            return false
        }
        if hosts.contains(where: { $0.name == host.name }) {
            reading.error(
                "duplicate-host", "two hosts of this group are called \"\(host.name)\"", at: place,
                hint: "give each a name: of its own")
            return false
        }
        return true
    }
}

/// `USER@HOST:PORT`
enum SSHDestination {
    /// `nil` for what ssh, or a shell that its configuration starts, could take for anything but a host.
    static func host(_ text: String) -> Host? {
        var rest = text[...]
        var user: String?
        if let at = rest.lastIndex(of: "@") {
            user = String(rest[..<at])
            rest = rest[rest.index(after: at)...]
            guard isUser(user!) else { return nil }
        }
        var port: Int?
        if rest.first == "[" {
            guard let end = rest.firstIndex(of: "]") else { return nil }
            let after = rest[rest.index(after: end)...]
            rest = rest[rest.index(after: rest.startIndex)..<end]
            guard rest.contains(":"), rest.utf8.allSatisfy(isOfIPv6) else { return nil }
            if !after.isEmpty {
                guard after.first == ":", let number = number(after.dropFirst()) else { return nil }
                port = number
            }
        } else {
            if let colon = rest.firstIndex(of: ":") {
                guard let number = number(rest[rest.index(after: colon)...]) else { return nil }
                port = number
                rest = rest[..<colon]
            }
            guard isName(String(rest.prefix(64))), rest.utf8.count <= 253, rest.utf8.allSatisfy(isOfName) else {
                return nil
            }
        }
        var host = Host(name: "", user: user, address: String(rest), port: port)
        host.name = host.place
        return host
    }

    private static func number(_ text: Substring) -> Int? {
        guard let number = Int(text), (1...65_535).contains(number), text.first != "+" else { return nil }
        return number
    }

    private static func isUser(_ user: String) -> Bool {
        guard let first = user.utf8.first, first != UInt8(ascii: "-"), user.utf8.count <= 64 else { return false }
        return user.utf8.allSatisfy { isOfName($0) || $0 == UInt8(ascii: "@") || $0 == UInt8(ascii: "+") }
    }

    private static func isOfName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    /// With its zone, `fe80::1%eth0`.
    private static func isOfIPv6(_ byte: UInt8) -> Bool {
        isOfName(byte) || byte == UInt8(ascii: ":") || byte == UInt8(ascii: "%")
    }
}
