/// Answers whether one stage is among what another needs, directly or further up.
///
/// A question about a near stage is answered by walking up, never past the level of the stage in question; a stage that
/// is asked about again and again has all that lies below it marked once. So neither long chains nor stages that
/// everybody refers to make reading quadratic.
struct Ancestry {
    private let graph: Graph
    private let dependents: [[Int]]
    private let levels: [Int?]
    /// The walk in which a node was last seen, which spares clearing marks between walks.
    private var seen: [Int]
    private var walk = 0
    private var questions: [Int]
    private var below: [Int: [Bool]] = [:]

    private static let walksPerStage = 8

    init(_ graph: Graph) {
        self.graph = graph
        dependents = graph.dependents()
        levels = graph.levels()
        seen = [Int](repeating: 0, count: graph.needs.count)
        questions = seen
    }

    /// `nil` when a circle makes the question meaningless.
    mutating func isAncestor(_ upper: Int, of lower: Int) -> Bool? {
        guard let top = levels[upper], let bottom = levels[lower] else { return nil }
        if graph.needs[lower].contains(upper) { return true }
        guard top < bottom else { return false }
        if let below = below[upper] { return below[lower] }
        questions[upper] += 1
        if questions[upper] > Self.walksPerStage {
            let reached = graph.downstream(of: [upper], dependents)
            below[upper] = reached
            return reached[lower]
        }
        return walkUp(from: lower, to: upper, top)
    }

    private mutating func walkUp(from lower: Int, to upper: Int, _ top: Int) -> Bool {
        walk += 1
        var left = [lower]
        while let node = left.popLast() {
            for need in graph.needs[node] where seen[need] != walk {
                if need == upper { return true }
                seen[need] = walk
                if let level = levels[need], level > top { left.append(need) }
            }
        }
        return false
    }
}
