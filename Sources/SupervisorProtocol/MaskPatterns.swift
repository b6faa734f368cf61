import Glibc

/// The byte strings that must not be seen, arranged so that text without them is passed over quickly.
///
/// A filter of 65,536 bits tells for each position whether the first bytes there (four, unless a pattern is shorter)
/// begin a pattern; the patterns themselves are compared only where they do.
public struct MaskPatterns: Sendable {
    public let isEmpty: Bool
    /// The longest first.
    let patterns: [[UInt8]]
    let longest: Int
    /// How many bytes the filter looks at.
    let window: Int
    private let windowMask: UInt32
    private let filter: [UInt64]
    private let buckets: [UInt32: [Int]]

    public init(secrets: [String]) { self.init(patterns: MaskForms.all(of: secrets)) }

    init(patterns set: Set<[UInt8]>) {
        let patterns = set.sorted { $0.count > $1.count }
        let window = min(4, patterns.last?.count ?? 4)
        let mask = UInt32(truncatingIfNeeded: (UInt64(1) << UInt64(8 * window)) - 1)
        var filter = [UInt64](repeating: 0, count: 1024)
        var buckets: [UInt32: [Int]] = [:]
        for (index, pattern) in patterns.enumerated() {
            let value = (0..<window).reduce(UInt32(0)) { $0 | UInt32(pattern[$1]) << UInt32(8 * $1) }
            let slot = Self.slot(value)
            filter[slot >> 6] |= 1 << UInt64(slot & 63)
            buckets[value, default: []].append(index)
        }
        self.patterns = patterns
        self.window = window
        self.filter = filter
        self.buckets = buckets
        isEmpty = patterns.isEmpty
        longest = patterns.first?.count ?? 0
        windowMask = mask
    }

    @inline(__always)
    private static func slot(_ value: UInt32) -> Int { Int((value &* 0x9e37_79b1) >> 16) }

    @inline(__always)
    private func value(at position: UnsafePointer<UInt8>) -> UInt32 {
        UnsafeRawPointer(position).loadUnaligned(as: UInt32.self) & windowMask
    }

    /// The first position in `range` at which a pattern may begin, or the end of the range. Four bytes past the end of
    /// the range must be readable.
    func firstCandidate(in text: UnsafePointer<UInt8>, _ range: Range<Int>) -> Int {
        filter.withUnsafeBufferPointer { filter in
            let bits = filter.baseAddress!
            var position = range.lowerBound
            while position < range.upperBound {
                let slot = Self.slot(value(at: text + position))
                if bits[slot >> 6] & (1 << UInt64(slot & 63)) != 0 { return position }
                position += 1
            }
            return range.upperBound
        }
    }

    /// The length of the longest pattern that stands in the text at `position`, or 0.
    func longestMatch(in text: UnsafePointer<UInt8>, at position: Int, end: Int) -> Int {
        guard position + window <= end, let bucket = buckets[value(at: text + position)] else { return 0 }
        for index in bucket {
            let pattern = patterns[index]
            if pattern.count <= end - position, memcmp(pattern, text + position, pattern.count) == 0 {
                return pattern.count
            }
        }
        return 0
    }

    /// The first position from which the text, up to its end, is the beginning of a longer pattern; or `end`.
    func firstOpenBeginning(in text: UnsafePointer<UInt8>, end: Int) -> Int {
        var position = max(0, end - longest + 1)
        let lastWindow = end - window + 1
        while position < lastWindow {
            position = firstCandidate(in: text, position..<lastWindow)
            guard position < lastWindow else { break }
            let rest = end - position
            let bucket = buckets[value(at: text + position)] ?? []
            if bucket.contains(where: { patterns[$0].count > rest && memcmp(patterns[$0], text + position, rest) == 0 })
            {
                return position
            }
            position += 1
        }
        while position < end {
            let rest = end - position
            if patterns.contains(where: { $0.count > rest && memcmp($0, text + position, rest) == 0 }) {
                return position
            }
            position += 1
        }
        return end
    }
}
