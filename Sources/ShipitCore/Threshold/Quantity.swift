/// What a quantity is measured in.
public enum Dimension: String, Hashable, Sendable, Codable {
    /// Seconds.
    case time
    /// Bytes.
    case size
    /// 0 to 1, written `5%`.
    case ratio
    /// A plain number.
    case count
}

/// A number with its dimension, in base units (seconds, bytes, 0–1, plain).
public struct Quantity: Hashable, Sendable, Codable {
    public var value: Double
    public var dimension: Dimension

    public init(_ value: Double, _ dimension: Dimension) {
        self.value = value
        self.dimension = dimension
    }
}

public enum Comparison: String, Hashable, Sendable, Codable {
    case less = "<"
    case atMost = "<="
    case more = ">"
    case atLeast = ">="
    case equal = "=="

    /// False for NaN on either side, whatever the comparison: no data is never good news.
    public func holds(_ left: Double, _ right: Double) -> Bool {
        switch self {
        case .less: left < right
        case .atMost: left <= right
        case .more: left > right
        case .atLeast: left >= right
        case .equal: left == right
        }
    }
}

/// `OP VALUE` of a check, such as `< 100ms`.
public struct Condition: Hashable, Sendable, Codable {
    public var comparison: Comparison
    public var limit: Quantity

    public init(_ comparison: Comparison, _ limit: Quantity) {
        self.comparison = comparison
        self.limit = limit
    }

    public func holds(_ value: Double) -> Bool { comparison.holds(value, limit.value) }
}
