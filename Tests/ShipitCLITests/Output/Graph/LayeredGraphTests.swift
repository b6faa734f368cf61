import Testing

@testable import ShipitCLI

@Suite(.timeLimit(.minutes(3)))
struct LayeredGraphTests {
    /// Stages in ten layers, a few needs each, the same every time.
    static func tangle(_ count: Int) -> [[Int]] {
        var seed: UInt64 = 17
        func next(_ bound: Int) -> Int {
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(seed >> 33) % bound
        }
        return (0..<count).map { stage in
            stage < 10 ? [] : Array(Set((0...next(3)).map { _ in max(0, stage - 1 - next(25)) })).sorted()
        }
    }

    @Test func `a stage stands in the layer after the last one that it needs`() {
        let graph = LayeredGraph(needs: [[], [0], [0], [1], [0, 3]])

        #expect(Array(graph.layer.prefix(5)) == [0, 1, 1, 2, 3])
        #expect(graph.routes.count == 5)
    }

    @Test func `a need that passes layers goes through lanes, which all that need the stage share`() throws {
        let graph = LayeredGraph(needs: [[], [0], [1], [2, 0], [3, 0]])
        let routes = graph.routes.filter { $0.from == 0 }

        let short = try #require(routes.first { $0.to == 3 })
        let long = try #require(routes.first { $0.to == 4 })
        #expect(short.lanes.map { graph.layer[$0] } == [1, 2])
        #expect(long.lanes.map { graph.layer[$0] } == [1, 2, 3])
        #expect(Array(long.lanes.prefix(2)) == short.lanes)
        #expect(graph.vertices.count == 5 + 3)
    }

    @Test func `beyond the most lanes, needs are drawn straight`() {
        let chain = (0..<50).map { $0 == 0 ? [] : [$0 - 1] } + [Array(0..<50)]

        let graph = LayeredGraph(needs: chain, mostLanes: 10)

        #expect(graph.vertices.count <= chain.count + 10)
        #expect(graph.routes.count == 49 + 50)
    }

    @Test func `crossings are counted, and ordering takes out those that needn't be`() {
        // a, b and then one below b, one below a.
        var graph = LayeredGraph(needs: [[], [], [1], [0]])
        #expect(graph.crossings == 1)

        graph.reduceCrossings()

        #expect(graph.crossings == 0)
        // Each of three with each of three crosses nine times, however it is ordered.
        var whole = LayeredGraph(needs: [[], [], [], [0, 1, 2], [0, 1, 2], [0, 1, 2]])
        whole.reduceCrossings()
        #expect(whole.crossings == 9)
    }

    @Test func `ordering two hundred stages halves the crossings at least, and loses no vertex`() {
        var graph = LayeredGraph(needs: Self.tangle(200))
        let (before, vertices) = (graph.crossings, graph.layers.map { $0.sorted() })

        graph.reduceCrossings()

        #expect(graph.crossings * 2 < before)
        #expect(graph.layers.map { $0.sorted() } == vertices)
    }

    @Test func `the nearest rising numbers pool those that fall`() {
        #expect(LayerPositions.nearestRising([1, 2, 3], weights: [1, 1, 1]) == [1, 2, 3])
        #expect(LayerPositions.nearestRising([3, 1], weights: [1, 1]) == [2, 2])
        #expect(LayerPositions.nearestRising([4, 1], weights: [1, 2]) == [2, 2])
        #expect(LayerPositions.nearestRising([0, 5, 3, 4, 9], weights: [1, 1, 1, 1, 1]) == [0, 4, 4, 4, 9])
        #expect(LayerPositions.nearestRising([], weights: []) == [])
    }

    @Test(arguments: [true, false]) func `no two boxes touch, and nothing stands outside`(isAcross: Bool) {
        var graph = LayeredGraph(needs: Self.tangle(200))
        graph.reduceCrossings()

        let drawing = GraphDrawing(graph, widths: (0..<200).map { 80 + Double($0 % 7) * 20 }, isAcross: isAcross)

        for (place, box) in drawing.boxes.enumerated() {
            #expect(box.x >= -0.01 && box.y >= -0.01)
            #expect(box.x + box.width <= drawing.width + 0.01 && box.y + box.height <= drawing.height + 0.01)
            for other in drawing.boxes[..<place] {
                let isApart =
                    box.x + box.width < other.x + 0.01 || other.x + other.width < box.x + 0.01
                    || box.y + box.height < other.y + 0.01 || other.y + other.height < box.y + 0.01
                #expect(isApart, "\(box) and \(other)")
            }
        }
    }

    @Test func `a chain of one stage after another is a straight line`() {
        let graph = LayeredGraph(needs: [[], [0], [1], [2]])

        let drawing = GraphDrawing(graph, widths: [100, 100, 100, 100], isAcross: true)

        #expect(Set(drawing.boxes.map(\.y)) == [0])
        #expect(drawing.lines.allSatisfy { Set($0.points.map(\.y)) == [22] })
    }

    @Test func `lines to one stage turn aside at one place, as those from one do`() {
        let graph = LayeredGraph(needs: [[], [0], [0], [0], [1, 2, 3]])

        let drawing = GraphDrawing(graph, widths: Array(repeating: 100, count: 5), isAcross: true)

        #expect(Set(drawing.lines.filter { $0.from == 0 }.map(\.bend)).count == 1)
        #expect(Set(drawing.lines.filter { $0.to == 4 }.map(\.bend)).count == 1)
        #expect(drawing.lines.allSatisfy { (0.25...0.7).contains($0.bend) })
    }

    @Test func `what is too wide across goes down`() {
        let chain = LayeredGraph(needs: (0..<200).map { $0 == 0 ? [] : [$0 - 1] })
        let fan = LayeredGraph(needs: (0..<200).map { $0 == 0 ? [] : [0] })
        let widths = Array(repeating: 100.0, count: 200)

        #expect(!GraphDrawing.fitting(chain, widths: widths).isAcross)
        #expect(GraphDrawing.fitting(fan, widths: widths).isAcross)
    }
}
