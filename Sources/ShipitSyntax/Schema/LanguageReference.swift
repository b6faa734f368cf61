public import ShipitCore

/// The reference part of docs/language.md, in Markdown: a chapter a section, the probes and the actions. It is made of what
/// the schema is made of.
public struct LanguageReference {
    private let catalog: Catalog
    private var chapters: [(about: SectionDescription, text: String)] = []
    /// Sections by the name of their definition, so that each is told once.
    private var begun: Set<String> = []

    /// - Returns: chapters from the second level of headings down.
    public static func markdown(of catalog: Catalog) -> String {
        var reference = LanguageReference(catalog: catalog)
        reference.add(PipelineDecoder.Key.self)
        return reference.chapters.map(\.text).joined(separator: "\n") + "\n" + reference.probes + "\n"
            + reference.actions + "\n" + references
    }

    private init(catalog: Catalog) { self.catalog = catalog }

    // MARK: Sections

    private mutating func add(_ keys: any SectionKey.Type) {
        guard begun.insert(keys.aboutSection.name).inserted else { return }
        let place = chapters.count
        chapters.append((keys.aboutSection, ""))
        chapters[place].text = chapter(keys)
    }

    private mutating func chapter<Key: SectionKey>(_ keys: Key.Type) -> String {
        let about = keys.aboutSection
        var text = "## \(Self.heading(about))\n\n\(about.help)\n"
        let needed = Key.required.map { "`\($0.rawValue)`" }
        if !needed.isEmpty { text += "Must be there: \(needed.joined(separator: ", ")).\n" }
        let either = Key.alternatives.map { "`\($0.rawValue)`" }
        if !either.isEmpty { text += "One at least: \(either.joined(separator: ", ")).\n" }
        text += "\n| key | value | what it is | default |\n| --- | --- | --- | --- |\n"
        for key in Key.allCases {
            let about = key.about
            let help = key.isLater ? "\(about.help) *Not enforced by this version.*" : about.help
            let example = about.example.map { " `\($0)`" } ?? ""
            let value = key.isLater ? "" : phrase(about.shape)
            text += Self.row(["`\(key.rawValue)`", value, help + example, about.fallback ?? ""])
        }
        return text
    }

    private static func heading(_ about: SectionDescription) -> String {
        about.place.contains(" ") ? about.place.prefix(1).uppercased() + about.place.dropFirst() : "`\(about.place)`"
    }

    /// As GitHub and its like make anchors of headings.
    private static func link(_ about: SectionDescription) -> String {
        let anchor = about.place.lowercased().filter { $0.isLetter || $0.isNumber || $0 == "-" || $0 == " " }
        return "[\(about.name)](#\(anchor.replacing(" ", with: "-")))"
    }

    private static func row(_ cells: [String]) -> String {
        "| \(cells.map { $0.replacing("|", with: #"\|"#) }.joined(separator: " | ")) |\n"
    }

    // MARK: Values

    private mutating func phrase(_ shape: Shape) -> String {
        switch shape {
        case .text, .value, .anyText: return "text"
        case .template: return "text with `${{ … }}`"
        case .yesOrNo: return "`yes` or `no`"
        case .whole(let range):
            let isOpen = range.upperBound >= 1_000_000
            return isOpen ? "whole number, \(range.lowerBound) or more" : "\(range.lowerBound) to \(range.upperBound)"
        case .number: return "number"
        case .duration, .positiveDuration: return "length of time"
        case .ratio: return "ratio"
        case .share: return "ratio, at most 100%"
        case .condition: return "condition"
        case .word(let words): return Self.choice(words.map { "`\($0)`" })
        case .pattern(_, let what): return what
        case .list(let element, _): return "list of: \(phrase(element))"
        case .listOrOne(let element, _): return "\(phrase(element)); or a list"
        case .mapping(let names, let element, _): return "mapping of \(names.phrase) to: \(phrase(element))"
        case .either(let shapes):
            var phrases: [String] = []
            for shape in shapes { phrases.append(phrase(shape)) }
            return Self.choice(phrases)
        case .orNothing(let shape): return phrase(shape) + ", or nothing"
        case .section(let keys):
            add(keys)
            return Self.link(keys.aboutSection)
        case .command: return "command"
        case .call:
            add(CallDecoder.Key.self)
            return "command, or \(Self.link(CallDecoder.Key.aboutSection))"
        case .action: return "name of an [action](#actions)"
        case .inputs: return "the action's inputs"
        case .check:
            add(CheckDecoder.Key.self)
            return Self.link(CheckDecoder.Key.aboutSection) + " with a [probe](#probes)"
        case .source:
            add(MonitorDecoder.SourceKey.self)
            return Self.link(MonitorDecoder.SourceKey.aboutSection) + " with a [probe](#probes)"
        case .anything: return ""
        }
    }

    private static func choice(_ words: [String]) -> String {
        words.count < 2 ? words.joined() : words.dropLast().joined(separator: ", ") + " or " + words[words.count - 1]
    }

    // MARK: The catalog

    private var probes: String {
        var text =
            "## Probes\n\nA check, a source of the monitor and the health of an instance ask exactly one of these.\n"
        for probe in (catalog.probes.values + [ManualCheck.description]).sorted(by: { $0.name < $1.name }) {
            let asked = "`\(probe.name): \(probe.subject.word)`"
            let source = probe.samples ? " The monitor can sample it." : ""
            text += "\n### `\(probe.name)`\n\n\(asked): \(probe.help)\(source)\n" + Self.table(probe.fields)
        }
        return text
    }

    private var actions: String {
        var text = "## Actions\n\nWhat `uses` may name, with the inputs that stand under `with`.\n"
        for action in catalog.usableActions {
            var words = [action.help, action.changes ? "" : "It changes nothing."]
            switch action.undo {
            case .none: words.append("It has no way back of its own.")
            case .nothing: words.append("Nothing needs to be undone.")
            case .performs:
                words.append("It undoes itself" + (action.undoInput.map { " if `\($0)` is given." } ?? "."))
            }
            if let outputs = action.outputs, !outputs.isEmpty {
                words.append("Outputs: \(outputs.map { "`\($0)`" }.joined(separator: ", ")).")
            }
            text +=
                "\n### `\(action.name)`\n\n\(words.filter { !$0.isEmpty }.joined(separator: " "))\n"
                + Self.table(action.inputs)
        }
        return text
    }

    private static func table(_ fields: [FieldDescription]) -> String {
        guard !fields.isEmpty else { return "" }
        var text = "\n| key | value | what it is | default |\n| --- | --- | --- | --- |\n"
        for field in fields {
            let secret = field.secret ? " Secrets may be used in it." : ""
            text += row([
                "`\(field.name)`", field.type.words, field.help + secret,
                field.required ? "must be there" : field.fallback ?? "",
            ])
        }
        return text
    }

    private static var references: String {
        var text = "## References\n\n`${{ NAME }}` in a value stands for what NAME is when the value is used. "
        text += "`${{ NAME || \"text\" }}` gives a default.\n\n| name | what it is |\n| --- | --- |\n"
        for (name, help) in Reference.names { text += row(["`\(name)`", help]) }
        return text
    }
}

extension Shape.Names {
    fileprivate var phrase: String {
        switch self {
        case .names, .vars: "names"
        case .variables, .ownVariables: "names of variables"
        case .any: "names of stages and sources"
        }
    }
}

extension FieldType {
    /// For tables.
    fileprivate var words: String {
        switch self {
        case .choice(let choices): choices.map { "`\($0)`" }.joined(separator: ", ")
        case .list(let element): "list of: \(element.words)"
        case .textOrPattern: "text, or `/regex/`"
        case .condition(let dimension): "condition, such as `< \(dimension.example)`"
        default: phrase
        }
    }

    /// A placeholder.
    fileprivate var word: String {
        switch self {
        case .url: "URL"
        case .path: "PATH"
        case .command: "COMMAND"
        default: "TEXT"
        }
    }
}
