/// Where a node stands. Lines and columns count from 1, columns count characters; length 0 reaches to the end of the
/// line.
struct Place: Hashable, Comparable {
    var line: Int32
    var column: Int32
    var length: Int32
    /// Which of the files that were read it stands in; 0 is the pipeline's own.
    var file: Int32 = 0

    static let start = Place(line: 1, column: 1, length: 1)

    static func < (left: Place, right: Place) -> Bool {
        (left.file, left.line, left.column) < (right.file, right.line, right.column)
    }
}

/// YAML with its aliases and merge keys resolved. Scalars are text: what they mean is for the key they stand under to
/// say.
struct Node {
    enum Value {
        case scalar(Scalar)
        case sequence([Node])
        case mapping([Entry])
    }

    var value: Value
    var place: Place
}

struct Scalar {
    enum Style {
        case plain, quoted, block
    }

    var text: String
    var style: Style

    /// Nothing was written at all (`key:`), unlike `""`.
    var isAbsent: Bool { style == .plain && text.isEmpty }
}

/// One line of a mapping.
struct Entry {
    var key: String
    var keyPlace: Place
    var value: Node
}

extension Node {
    /// For messages: what stands here instead of what was wanted.
    var kind: String {
        switch value {
        case .scalar(let scalar): scalar.isAbsent ? "nothing" : "text"
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }

    var isAbsent: Bool { if case .scalar(let scalar) = value { scalar.isAbsent } else { false } }

    /// The entry of a mapping under `key`.
    func entry(_ key: String) -> Entry? {
        if case .mapping(let entries) = value { entries.first { $0.key == key } } else { nil }
    }
}
