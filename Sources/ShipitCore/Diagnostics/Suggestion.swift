/// "Did you mean …?": the nearest of the words that would have been right.
public enum Suggestion {
    /// The candidate nearest to `word`, or `nil` when none is near enough to be what was meant: one slip for every three
    /// letters, counting a swap of neighbours as one. Of equally near ones, the first.
    public static func closest(to word: String, among candidates: some Sequence<String>) -> String? {
        let wanted = Array(word.lowercased().utf8)
        var limit = wanted.count < 2 ? 0 : min(3, max(1, wanted.count / 3))
        var best: String?
        for candidate in candidates {
            // Most are ruled out by their length alone.
            guard abs(candidate.utf8.count - wanted.count) <= limit, candidate != word else { continue }
            let letters = Array(candidate.lowercased().utf8)
            let distance = distance(wanted, letters)
            if distance < limit || (distance == limit && best == nil) {
                best = candidate
                limit = distance
            }
        }
        return best
    }

    /// How many slips turn one word into the other (optimal string alignment).
    static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var beforeLast = [Int](repeating: 0, count: right.count + 1)
        var last = Array(0...right.count)
        var current = last
        for (row, letter) in left.enumerated() {
            current[0] = row + 1
            for (column, other) in right.enumerated() {
                var cost = min(last[column + 1] + 1, current[column] + 1, last[column] + (letter == other ? 0 : 1))
                if row > 0, column > 0, letter == right[column - 1], left[row - 1] == other {
                    cost = min(cost, beforeLast[column - 1] + 1)
                }
                current[column + 1] = cost
            }
            (beforeLast, last, current) = (last, current, beforeLast)
        }
        return last[right.count]
    }
}
