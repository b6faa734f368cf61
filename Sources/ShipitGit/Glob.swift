/// `*`, `?` and `[…]` over a tag's name; `*` passes over `/`, too.
public struct Glob: Sendable {
    private let pattern: [Character]

    public init(_ pattern: String) { self.pattern = Array(pattern) }

    public func matches(_ name: String) -> Bool {
        let name = Array(name)
        var (place, letter) = (0, 0)
        // Where to go on when the last `*` takes one letter more.
        var retry: (place: Int, letter: Int)?
        while letter < name.count {
            if place < pattern.count, pattern[place] == "*" {
                retry = (place + 1, letter)
                place += 1
            } else if place < pattern.count, let next = step(place, name[letter]) {
                (place, letter) = (next, letter + 1)
            } else if let (start, taken) = retry {
                (place, letter) = (start, taken + 1)
                retry = (start, taken + 1)
            } else {
                return false
            }
        }
        return pattern[place...].allSatisfy { $0 == "*" }
    }

    /// The place after the pattern's part at `place` when that takes `letter`.
    private func step(_ place: Int, _ letter: Character) -> Int? {
        switch pattern[place] {
        case "?": return place + 1
        case "[":
            guard let close = pattern[(place + 1)...].dropFirst().firstIndex(of: "]") else {
                return letter == "[" ? place + 1 : nil
            }
            return Self.set(pattern[(place + 1)..<close], holds: letter) ? close + 1 : nil
        case "\\" where place + 1 < pattern.count: return pattern[place + 1] == letter ? place + 2 : nil
        default: return pattern[place] == letter ? place + 1 : nil
        }
    }

    private static func set(_ set: ArraySlice<Character>, holds letter: Character) -> Bool {
        let isNegated = set.first == "!" || set.first == "^"
        let members = Array(isNegated ? set.dropFirst() : set)
        var (place, found) = (0, false)
        while place < members.count {
            if place + 2 < members.count, members[place + 1] == "-" {
                found = found || (members[place] <= letter && letter <= members[place + 2])
                place += 3
            } else {
                found = found || members[place] == letter
                place += 1
            }
        }
        return found != isNegated
    }
}
