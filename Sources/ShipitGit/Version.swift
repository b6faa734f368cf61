/// A version as SemVer 2.0.0 orders them; a leading `v` and missing parts (`v1.2`) are borne.
struct Version: Comparable {
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

    static func == (left: Version, right: Version) -> Bool { !(left < right) && !(right < left) }

    static func < (left: Version, right: Version) -> Bool {
        for place in 0..<max(left.numbers.count, right.numbers.count) {
            let (one, other) = (left.number(place), right.number(place))
            if one != other { return one < other }
        }
        // A prerelease comes before its release.
        if left.prerelease.isEmpty || right.prerelease.isEmpty {
            return !left.prerelease.isEmpty && right.prerelease.isEmpty
        }
        for (one, other) in zip(left.prerelease, right.prerelease) where one != other {
            switch (Int(one), Int(other)) {
            case (let one?, let other?): return one < other
            case (_?, nil): return true
            case (nil, _?): return false
            case (nil, nil): return one < other
            }
        }
        return left.prerelease.count < right.prerelease.count
    }

    private func number(_ place: Int) -> Int { place < numbers.count ? numbers[place] : 0 }

    static func isNewer(_ left: String, than right: String) -> Bool {
        switch (Version(tag: left), Version(tag: right)) {
        case (let one?, let other?): one == other ? left < right : other < one
        case (_?, nil): true
        case (nil, _?): false
        case (nil, nil): left < right
        }
    }
}
