import ShipitCore

/// One `${{ … }}`, and what decides whether it can be resolved.
struct ReferenceUse {
    var reference: Reference
    var fallback: String?
    /// Of the text that holds it.
    var place: Place
    /// Which of that text's references it is, from 1.
    var ordinal: Int
    var site: Site
}

/// Where a value stands: it decides what may be substituted in it.
struct Site {
    enum Kind: Hashable {
        case perform, verify, rollback, finally, env
        /// `if:`, evaluated while planning.
        case condition
        /// `for-each:`, expanded while planning.
        case items
        case suite(String)
        case monitor
        /// What somebody is told.
        case notify
    }

    var kind: Kind
    /// The stage, by its place in the file.
    var stage: Int?
    /// Whether this value is kept out of logs, journal and plan.
    var isSecret = false
    /// Whether `instance.port` and the like are known.
    var knowsInstances = false

    func secret(_ isSecret: Bool) -> Site {
        var site = self
        site.isSecret = isSecret
        return site
    }
}

extension Reading {
    /// A text with its `${{ … }}` taken apart and remembered for the lookup.
    func template(_ node: Node, _ what: String, _ site: Site, _ wanted: String = "text") -> Template? {
        guard let text = text(node, what, wanted) else { return nil }
        return template(text, in: node.place, site)
    }

    func template(_ text: String, in place: Place, _ site: Site) -> Template? {
        guard holdsReference(text) else { return Template(literal: text) }
        guard text.utf8.count <= 65_536, occurrences(of: referenceOpening, in: text[...]) <= 256 else {
            error("bad-reference", "a text with ${{ … }} may have 64 KiB and 256 references, not more", at: place)
            return nil
        }
        let template: Template
        do throws(TemplateError) {
            template = try Template(parsing: text)
        } catch {
            let ordinal = occurrences(of: referenceOpening, in: text.prefix(error.offset)) + 1
            report(error, at: referencePlace(in: place, ordinal))
            return nil
        }
        var ordinal = 0
        for case .reference(let reference, let fallback) in template.parts {
            ordinal += 1
            references.append(
                ReferenceUse(reference: reference, fallback: fallback, place: place, ordinal: ordinal, site: site))
        }
        return template
    }

    /// A script for the shell, in which nothing is substituted: what a shell reads is never built from values.
    func script(_ node: Node, _ what: String, _ site: Site) -> String? {
        guard let text = text(node, what, "a command") else { return nil }
        guard text.contains(where: { !$0.isWhitespace }) else {
            error("empty-value", "\(what) is empty", at: node.place)
            return nil
        }
        if holdsReference(text) {
            error(
                "reference-in-script", "a shell script is never built from values: ${{ … }} is refused in \(what)",
                at: referencePlace(in: node),
                hint: site.stage == nil
                    ? "write the command as a list"
                    : "pass it by env: and read it as \"$NAME\", or write the command as a list")
            return nil
        }
        return text
    }

    func holdsReference(_ text: String) -> Bool {
        text.utf8.contains(UInt8(ascii: "$")) && occurrences(of: referenceOpening, in: text[...]) > 0
    }

    /// The first reference of a text.
    func referencePlace(in node: Node) -> Place { referencePlace(in: node.place, 1) }

    /// The place of the `ordinal`th reference of the text at `place`; that of the text where an escape hides it.
    func referencePlace(in place: Place, _ ordinal: Int) -> Place {
        guard let start = source.place(of: referenceOpening, occurrence: ordinal, from: place, lines: 200) else {
            return place
        }
        return source.place(start, through: "}}")
    }

    private func report(_ problem: TemplateError, at place: Place) {
        switch problem {
        case .unclosed:
            error("bad-reference", "${{ is not closed", at: place, hint: "close it with }}")
        case .badFallback(let text, _):
            error(
                "bad-reference",
                "the default after || must be a quoted text, and this is \(text.isEmpty ? "nothing" : "\"\(text)\"")",
                at: place, hint: "write ${{ vars.name || \"default\" }}")
        case .unknownReference(let text, _):
            error("bad-reference", unknownReference(text), at: place, hint: referenceHint(text))
        }
    }

    private func unknownReference(_ text: String) -> String {
        text.isEmpty ? "${{ }} names nothing" : "\"\(text)\" is nothing that can be substituted"
    }

    func referenceHint(_ text: String) -> String? {
        let words = text.split(separator: ".").map(String.init)
        let fixed = Reference.names.map(\.key).filter { !$0.contains { $0.isUppercase } }
        if let near = suggestion(for: text, among: fixed) { return near }
        let roots = [
            "release", "target", "previous", "vars", "stages", "secrets", "item", "environment", "run", "instance",
        ]
        let known: [String] =
            switch words.first {
            case "stages": ["stages.NAME.outputs.OUTPUT"]
            case "vars": ["vars.NAME"]
            case "secrets": ["secrets.NAME"]
            case let root?: fixed.filter { $0.hasPrefix(root + ".") }
            case nil: []
            }
        if !known.isEmpty { return "known here: \(known.joined(separator: ", "))" }
        return words.first.flatMap { suggestion(for: $0, among: roots) }
            ?? "begin with one of: \(roots.joined(separator: ", "))"
    }
}

private let referenceOpening = "${{"

private func occurrences(of fragment: String, in text: Substring) -> Int {
    let wanted = Array(fragment.utf8)
    let letters = Array(text.utf8)
    guard letters.count >= wanted.count else { return 0 }
    return (0...(letters.count - wanted.count)).count { letters[$0..<($0 + wanted.count)].elementsEqual(wanted) }
}
