/// A version as SemVer 2.0.0 orders them; a leading `v` and missing parts (`v1.2`) are borne.
package struct Version: Comparable {
    var numbers: [Int]
    var prerelease: [Substring]

    init?(tag: String) {
        var text = Substring(tag)
        if text.first == "v" || text.first == "V" { text.removeFirst() }
        // Build metadata has no rank.
        text = text.prefix { $0 != "+" }
        let core = text.prefix { $0 != "-" }
        let parts = core.split(separator: ".", omittingEmptySubsequences: false)
        let numbers = parts.compactMap { Int($0) }
        guard !parts.isEmpty, numbers.count == parts.count, numbers.allSatisfy({ $0 >= 0 }) else { return nil }
        self.numbers = numbers
        // Splitting nothing gives one empty part, which would make every version a prerelease.
        let rest = text.dropFirst(core.count).dropFirst()
        prerelease = rest.isEmpty ? [] : rest.split(separator: ".", omittingEmptySubsequences: false)
    }

    package static func == (left: Version, right: Version) -> Bool { !(left < right) && !(right < left) }

    package static func < (left: Version, right: Version) -> Bool {
        for place in 0..<max(left.numbers.count, right.numbers.count) {
            let (one, other) = (left.number(place), right.number(place))
            if one != other { return one < other }
        }
        // A prerelease comes before its release.
        if left.prerelease.isEmpty || right.prerelease.isEmpty {
            return !left.prerelease.isEmpty && right.prerelease.isEmpty
        }
        for (one, other) in zip(left.prerelease, right.prerelease) {
            let (first, second) = (Rank(one), Rank(other))
            if first != second { return first < second }
        }
        return left.prerelease.count < right.prerelease.count
    }

    /// An identifier of a prerelease: numbers come before words, by their value however long they are; words by their bytes.
    private struct Rank: Comparable {
        var isWord: Bool
        var length: Int
        var bytes: [UInt8]

        init(_ identifier: Substring) {
            let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
            isWord = identifier.isEmpty || !identifier.utf8.allSatisfy(digits.contains)
            bytes = Array(isWord ? identifier.utf8[...] : identifier.utf8.drop { $0 == digits.lowerBound })
            length = isWord ? 0 : bytes.count
        }

        static func < (left: Rank, right: Rank) -> Bool {
            if left.isWord != right.isWord { return right.isWord }
            if left.length != right.length { return left.length < right.length }
            return left.bytes.lexicographicallyPrecedes(right.bytes)
        }
    }

    private func number(_ place: Int) -> Int { place < numbers.count ? numbers[place] : 0 }

    package static func isNewer(_ left: String, than right: String) -> Bool {
        switch (Version(tag: left), Version(tag: right)) {
        case (let one?, let other?): one == other ? isBefore(left, right) : other < one
        case (_?, nil): true
        case (nil, _?): false
        case (nil, nil): isBefore(left, right)
        }
    }

    /// By bytes, as git has names. Swift's own order takes different spellings of one character for equal.
    private static func isBefore(_ left: String, _ right: String) -> Bool {
        left.utf8.lexicographicallyPrecedes(right.utf8)
    }
}
