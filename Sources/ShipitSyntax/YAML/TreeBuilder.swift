import ShipitCore

/// Events → tree, within limits that are checked at each event: what would grow too large is refused before it has.
struct TreeBuilder {
    private let source: SourceText
    private let events: YAMLEvents
    /// Mistakes that don't keep the rest from being read.
    private(set) var diagnostics: [Diagnostic] = []

    /// Levels of lists and mappings within one another. (libyaml takes quadratic time for what is nested deeper.)
    private static let depthLimit = 64
    /// Nodes in all.
    private static let nodeLimit = 1_000_000
    /// Nodes that aliases may stand for, in a small file; in a larger one ten times what is written out.
    private static let aliasedLimit = 50_000

    private var depth = 0
    private var written = 0
    private var aliased = 0
    private var anchors: [String: (node: Node, size: Int)] = [:]
    /// Anchors whose nodes have begun and not ended: an alias to one of them would be endless.
    private var open: Set<String> = []

    init(_ source: SourceText) {
        self.source = source
        events = YAMLEvents(source)
    }

    /// The one document of the file; `nil` when there is none.
    mutating func document() throws(Refusal) -> Node? {
        var root: Node?
        while true {
            let event = try events.next()
            switch event.kind {
            case .streamEnd: return root
            case .documentStart:
                guard root == nil else {
                    throw Refusal(
                        "second-document", "a pipeline is one document, and here begins a second",
                        source.span(event.place), hint: "put it into a file of its own")
                }
                root = try node(try events.next())
            default: break
            }
        }
    }

    private mutating func node(_ event: YAMLEvent) throws(Refusal) -> Node {
        if case .alias(let name) = event.kind { return try alias(name, event.place) }
        written += 1
        try checkSize(event.place)
        let before = written + aliased
        let (anchor, tag) = event.properties
        if let tag { try check(tag: tag, event) }
        if let anchor { open.insert(anchor) }
        let result = Node(value: try value(event), place: event.place)
        let placed = result.value.isScalar ? result : Node(value: result.value, place: closed(event.place))
        if let anchor {
            open.remove(anchor)
            anchors[anchor] = (placed, written + aliased - before + 1)
        }
        return placed
    }

    /// The end of the last collection that was read, to know how far to underline it.
    private var lastEnd = Place.start

    private func closed(_ start: Place) -> Place {
        var place = start
        place.length = lastEnd.line == start.line ? max(1, lastEnd.column - start.column) : 0
        return place
    }

    private mutating func value(_ event: YAMLEvent) throws(Refusal) -> Node.Value {
        switch event.kind {
        case .scalar(let scalar, _, _):
            if scalar.style == .quoted { try check(escapes: scalar.text, event.place) }
            return .scalar(scalar)
        case .sequenceStart:
            try enter(event.place)
            var nodes: [Node] = []
            while true {
                let next = try events.next()
                if case .sequenceEnd = next.kind {
                    leave(next)
                    return .sequence(nodes)
                }
                nodes.append(try node(next))
            }
        default:
            try enter(event.place)
            return .mapping(try entries())
        }
    }

    private mutating func enter(_ place: Place) throws(Refusal) {
        depth += 1
        guard depth <= Self.depthLimit else {
            throw Refusal(
                "too-deep", "lists and mappings are nested more than \(Self.depthLimit) levels deep", source.span(place)
            )
        }
    }

    private mutating func leave(_ event: YAMLEvent) {
        depth -= 1
        lastEnd = event.end
    }

    private mutating func entries() throws(Refusal) -> [Entry] {
        var entries: [Entry] = []
        var merges: [Node] = []
        var seen = SeenKeys()
        while true {
            let next = try events.next()
            if case .mappingEnd = next.kind {
                if !merges.isEmpty { try merge(merges, into: &entries, &seen) }
                leave(next)
                return entries
            }
            let key = try node(next)
            guard case .scalar(let scalar) = key.value, !scalar.text.isEmpty else {
                throw Refusal(
                    "bad-key", "a key must be text, and this is \(key.isEmptyText ? "empty" : key.kind)",
                    source.span(key.place))
            }
            let value = try node(try events.next())
            if let first = seen.insert(scalar.text, at: key.place, among: entries) {
                diagnostics.append(
                    Diagnostic(
                        .error, "duplicate-key",
                        "key \"\(scalar.text)\" stands twice: on line \(first.line) and on line \(key.place.line)",
                        at: source.span(key.place),
                        hint: scalar.text == "<<" ? "merge a list: <<: [*one, *other]" : "remove one of them"))
                // What the second one merges is not to be missed as well.
                if scalar.text == "<<" { merges.append(value) }
            } else if scalar.text == "<<", scalar.style == .plain {
                merges.append(value)
                seen.note("<<", at: key.place)
            } else {
                entries.append(Entry(key: scalar.text, keyPlace: key.place, value: value))
            }
        }
    }

    /// `<<`: what is written out wins over what is merged, an earlier mapping over a later one.
    private mutating func merge(_ merges: [Node], into entries: inout [Entry], _ seen: inout SeenKeys) throws(Refusal) {
        for node in merges {
            let sources: [Node] = if case .sequence(let nodes) = node.value { nodes } else { [node] }
            for source in sources {
                guard case .mapping(let merged) = source.value else {
                    throw Refusal(
                        "bad-merge", "\"<<\" merges mappings, and this is \(source.kind)",
                        self.source.span(source.place))
                }
                for entry in merged where seen.insert(entry.key, at: entry.keyPlace, among: entries) == nil {
                    entries.append(entry)
                }
            }
        }
    }

    private mutating func alias(_ name: String, _ place: Place) throws(Refusal) -> Node {
        guard !open.contains(name) else {
            throw Refusal("alias-cycle", "alias \"*\(name)\" stands within what it stands for", source.span(place))
        }
        guard let anchor = anchors[name] else {
            throw Refusal(
                "unknown-alias", "no anchor \"&\(name)\" stands before this alias", source.span(place),
                hint: Suggestion.closest(to: name, among: anchors.keys.sorted()).map { "did you mean \"*\($0)\"?" })
        }
        aliased += anchor.size
        try checkSize(place)
        return anchor.node
    }

    private func checkSize(_ place: Place) throws(Refusal) {
        guard aliased <= max(Self.aliasedLimit, 10 * written) else {
            throw Refusal(
                "too-many-aliases", "aliases make this file more than ten times as large as it is written",
                source.span(place))
        }
        guard written + aliased <= Self.nodeLimit else {
            throw Refusal("too-many-nodes", "the file holds more than \(Self.nodeLimit) values", source.span(place))
        }
    }

    /// Types come from the language, so the few tags that say what a node is anyway are let pass.
    private func check(tag: String, _ event: YAMLEvent) throws(Refusal) {
        let harmless =
            switch event.kind {
            case .scalar: tag == "tag:yaml.org,2002:str" || tag == "!"
            case .sequenceStart: tag == "tag:yaml.org,2002:seq"
            default: tag == "tag:yaml.org,2002:map"
            }
        guard !harmless else { return }
        throw Refusal("tag", "tag \"\(tag)\" has no meaning here", source.span(event.place), hint: "remove it")
    }

    /// An escape can write what the file itself may not hold; only NUL has no meaning in any command or file name.
    private func check(escapes text: String, _ place: Place) throws(Refusal) {
        guard text.utf8.contains(0) else { return }
        throw Refusal("hidden-character", "a NUL character cannot be part of a text", source.span(place))
    }
}

/// The keys of one mapping so far; a set only when there are many.
private struct SeenKeys {
    private var places: [String: Place] = [:]
    private var isIndexed = false

    /// Where the key already stands, or `nil` when it is new.
    mutating func insert(_ key: String, at place: Place, among entries: [Entry]) -> Place? {
        if !isIndexed, entries.count < 12 {
            return entries.first { $0.key == key }?.keyPlace ?? places[key]
        }
        if !isIndexed {
            for entry in entries { places[entry.key] = entry.keyPlace }
            isIndexed = true
        }
        if let first = places[key] { return first }
        places[key] = place
        return nil
    }

    /// Remembers a key that does not become an entry.
    mutating func note(_ key: String, at place: Place) { places[key] = place }
}

extension Node {
    fileprivate var isEmptyText: Bool { if case .scalar(let scalar) = value { scalar.text.isEmpty } else { false } }
}

extension Node.Value {
    fileprivate var isScalar: Bool { if case .scalar = self { true } else { false } }
}

extension YAMLEvent {
    fileprivate var properties: (anchor: String?, tag: String?) {
        switch kind {
        case .scalar(_, let anchor, let tag), .sequenceStart(let anchor, let tag), .mappingStart(let anchor, let tag):
            (anchor, tag)
        default: (nil, nil)
        }
    }
}
