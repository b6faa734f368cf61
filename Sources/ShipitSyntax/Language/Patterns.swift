import ShipitCore

/// Regular expressions (of ECMA-262) for what the parsers of quantities read. A schema cannot see all that they see: it
/// lets pass what is finer than a millisecond or longer than a century.
enum Patterns {
    private static let amount = #"[0-9]+(\.[0-9]+)?"#

    static let number = #"-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?"#
    static let whole = "[-+]?[0-9]+"
    /// Units from the longest to the shortest, each at most once.
    static let duration = "(?=[0-9])" + ["d", "h", "m(?!s)", "s", "ms"].map { "(\(amount)\($0))?" }.joined()
    static let size = amount + "(B|[kK]B|[MGT]B|[KMGT]iB)"
    static let ratio = amount + "%"
    static let share = #"(100(\.0+)?|[0-9]{1,2}(\.[0-9]+)?)%"#
    static let quantity = "(\(number)|\(size)|\(ratio)|\(duration))"

    static func of(_ dimension: Dimension) -> String {
        switch dimension {
        case .time: duration
        case .size: size
        case .ratio: ratio
        case .count: number
        }
    }

    private static let days = "[A-Za-z]{3,9}( ?- ?[A-Za-z]{3,9})?( ?, ?[A-Za-z]{3,9}( ?- ?[A-Za-z]{3,9})?)*"
    private static let time = "[0-9]{1,2}:[0-9]{2}"
    private static let date = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
    static let window =
        " *(\(days)|(\(days) +)?\(time) ?- ?\(time)|[A-Za-z]{3,9} +\(time) ?- ?[A-Za-z]{3,9} +\(time)) *"
    static let closure = "(\(window)| *\(date)( *\\.\\. *\(date))? *)"

    static func condition(_ value: String) -> String { " *(<=|>=|==|<|>) *\(value) *" }

    static func whole(_ pattern: String) -> String { "^(\(pattern))$" }
}

extension Dimension {
    /// For messages.
    var example: String {
        switch self {
        case .time: "100ms"
        case .size: "50MB"
        case .ratio: "5%"
        case .count: "3"
        }
    }
}
