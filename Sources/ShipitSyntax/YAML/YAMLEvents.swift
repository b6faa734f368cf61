import CLibYAML
import ShipitCore

/// What libyaml reports, one after another, in Swift's terms.
struct YAMLEvent {
    enum Kind {
        case streamStart, streamEnd, documentStart, documentEnd
        case alias(String)
        case scalar(Scalar, anchor: String?, tag: String?)
        case sequenceStart(anchor: String?, tag: String?)
        case sequenceEnd
        case mappingStart(anchor: String?, tag: String?)
        case mappingEnd
    }

    var kind: Kind
    var place: Place
    /// Where it ends; what is contained lies between a start's place and its end's `end`.
    var end: Place
}

/// The source of events: libyaml's parser over a file.
final class YAMLEvents {
    private let source: SourceText
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let input: UnsafeMutableBufferPointer<UInt8>

    init(_ source: SourceText) {
        self.source = source
        parser = .allocate(capacity: 1)
        input = .allocate(capacity: max(1, source.bytes.count))
        _ = input.update(fromContentsOf: source.bytes)
        // It fails only without memory, and then nothing else would go on either.
        precondition(yaml_parser_initialize(parser) == 1, "no memory for a YAML parser")
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        yaml_parser_set_input_string(parser, input.baseAddress, source.bytes.count)
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
        input.deallocate()
    }

    func next() throws(Refusal) -> YAMLEvent {
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) == 1 else { throw syntaxError() }
        defer { yaml_event_delete(&event) }
        let end = Place(event.end_mark, source.number)
        var place = Place(event.start_mark, source.number)
        place.length = end.line == place.line ? max(1, end.column - place.column) : 0
        return YAMLEvent(kind: kind(of: event), place: place, end: end)
    }

    private func kind(of event: yaml_event_t) -> YAMLEvent.Kind {
        switch event.type {
        case YAML_STREAM_START_EVENT: return .streamStart
        case YAML_DOCUMENT_START_EVENT: return .documentStart
        case YAML_DOCUMENT_END_EVENT: return .documentEnd
        case YAML_ALIAS_EVENT: return .alias(text(event.data.alias.anchor) ?? "")
        case YAML_SCALAR_EVENT:
            let data = event.data.scalar
            let style: Scalar.Style =
                switch data.style {
                case YAML_PLAIN_SCALAR_STYLE: .plain
                case YAML_LITERAL_SCALAR_STYLE, YAML_FOLDED_SCALAR_STYLE: .block
                default: .quoted
                }
            let value = String(decoding: UnsafeBufferPointer(start: data.value, count: data.length), as: UTF8.self)
            return .scalar(Scalar(text: value, style: style), anchor: text(data.anchor), tag: text(data.tag))
        case YAML_SEQUENCE_START_EVENT:
            return .sequenceStart(
                anchor: text(event.data.sequence_start.anchor), tag: text(event.data.sequence_start.tag))
        case YAML_SEQUENCE_END_EVENT: return .sequenceEnd
        case YAML_MAPPING_START_EVENT:
            return .mappingStart(anchor: text(event.data.mapping_start.anchor), tag: text(event.data.mapping_start.tag))
        case YAML_MAPPING_END_EVENT: return .mappingEnd
        default: return .streamEnd
        }
    }

    private func text(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        pointer.map { String(cString: $0) }
    }

    /// libyaml says what it met (`problem`) and what it was reading (`context`).
    private func syntaxError() -> Refusal {
        let problem = parser.pointee.problem.map { String(cString: $0) } ?? "not YAML"
        let context = parser.pointee.context.map { String(cString: $0) + ", " } ?? ""
        let place = source.inside(Place(parser.pointee.problem_mark, source.number))
        let start = Place(parser.pointee.context_mark, source.number)
        let began = context.isEmpty || start.line >= place.line ? nil : "it began on line \(start.line)"
        return Refusal("yaml-syntax", context + problem, source.span(place), hint: advice(problem, at: place) ?? began)
    }

    private func advice(_ problem: String, at place: Place) -> String? {
        if let braces = source.place(of: "{{", from: place), braces.column <= place.column + 1 {
            return "quote text that holds ${{ … }}"
        }
        if source.place(of: "\t", from: place)?.column == place.column { return "indent with spaces, not with tabs" }
        if problem.contains("cannot start any token") { return "quote text that begins with this character" }
        if problem.contains("mapping values are not allowed") { return "quote text that holds a colon and a space" }
        return nil
    }
}

extension Place {
    fileprivate init(_ mark: yaml_mark_t, _ file: Int32) {
        self.init(
            line: Int32(clamping: mark.line + 1), column: Int32(clamping: mark.column + 1), length: 1, file: file)
    }
}
