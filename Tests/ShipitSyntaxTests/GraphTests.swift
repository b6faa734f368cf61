import Testing

@testable import ShipitSyntax

@Suite(.timeLimit(.minutes(3)))
struct GraphTests {
    @Test func `circles begin with their first node and follow the needs`() {
        #expect(Graph([[2], [0], [1]]).cycles() == [[0, 2, 1]])
        #expect(Graph([[0]]).cycles() == [[0]])
        #expect(Graph([[], [0], [1], [1, 2]]).cycles() == [])
        #expect(Graph([[1], [0], [3], [2], [0, 2]]).cycles() == [[0, 1], [2, 3]])
    }

    @Test func `levels are the longest ways down, and none where there is a circle`() {
        #expect(Graph([[], [0], [0, 1], []]).levels() == [0, 1, 2, 0])
        #expect(Graph([[1], [0], [0], []]).levels() == [nil, nil, nil, 0])
    }

    @Test func `ancestry agrees with a plain search on random graphs`() {
        var generator = SplitMix(state: 11)
        for _ in 0..<50 {
            let count = Int.random(in: 2...30, using: &generator)
            let needs = (0..<count).map { node in
                node == 0
                    ? []
                    : (0..<Int.random(in: 0...3, using: &generator)).map { _ in
                        Int.random(in: 0..<node, using: &generator)
                    }
            }
            let graph = Graph(needs)
            var ancestry = Ancestry(graph)
            for upper in 0..<count {
                for lower in 0..<count {
                    #expect(
                        ancestry.isAncestor(upper, of: lower) == (upper != lower && reaches(upper, from: lower, needs)))
                }
            }
        }
    }

    private func reaches(_ upper: Int, from lower: Int, _ needs: [[Int]]) -> Bool {
        needs[lower].contains { $0 == upper || reaches(upper, from: $0, needs) }
    }
}
