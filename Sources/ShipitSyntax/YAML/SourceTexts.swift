import ShipitCore

/// The files of one reading, in the order in which they were read. A place says in which of them it stands.
struct SourceTexts {
    private(set) var files: [SourceText]
    private var numbers: [String: Int]

    init(_ first: SourceText) {
        files = [first]
        numbers = [first.file: 0]
    }

    mutating func append(_ source: SourceText) {
        numbers[source.file] = files.count
        files.append(source)
    }

    var bytes: [String: [UInt8]] {
        Dictionary(files.map { ($0.file, $0.written) }, uniquingKeysWith: { first, _ in first })
    }

    /// A file that could not be read to its end comes last.
    func number(of diagnostic: Diagnostic) -> Int { numbers[diagnostic.span.file] ?? files.count }

    func span(_ place: Place) -> Span { files[Int(place.file)].span(place) }

    func place(of fragment: String, occurrence count: Int = 1, from place: Place, lines limit: Int = 1) -> Place? {
        files[Int(place.file)].place(of: fragment, occurrence: count, from: place, lines: limit)
    }

    func place(_ place: Place, through fragment: String) -> Place {
        files[Int(place.file)].place(place, through: fragment)
    }
}
