/// Where everything of the picture stands, in pixels: boxes and lines, before any of it is SVG.
struct GraphDrawing: Hashable, Sendable {
    struct Point: Hashable, Sendable {
        var x: Double
        var y: Double
    }

    struct Box: Hashable, Sendable {
        var x: Double
        var y: Double
        var width: Double
        var height: Double
    }

    /// A line from box to box: curves in the gaps, straight where it passes a layer.
    struct Line: Hashable, Sendable {
        var from: Int
        var to: Int
        var points: [Point]
        /// Where in a gap it turns aside, as a part of the gap. Lines that come from one stage, or come together at one, turn
        /// at one place, and others elsewhere.
        var bend: Double
    }

    /// One a stage, in their order.
    private(set) var boxes: [Box] = []
    private(set) var lines: [Line] = []
    private(set) var width = 0.0
    private(set) var height = 0.0
    /// Layers are columns, and the run goes from left to right; otherwise rows.
    let isAcross: Bool

    /// A picture that is not wider needs no turning.
    static let comfortable = 1500.0
    static let boxHeight = 44.0
    private static let laneSize = 6.0

    /// From left to right while that fits a screen, else whichever way is narrower: one scrolls down rather than aside.
    static func fitting(_ graph: LayeredGraph, widths: [Double]) -> GraphDrawing {
        let across = GraphDrawing(graph, widths: widths, isAcross: true)
        guard across.width > comfortable else { return across }
        let down = GraphDrawing(graph, widths: widths, isAcross: false)
        return down.width < across.width ? down : across
    }

    /// - Parameter widths: of the stages' boxes.
    init(_ graph: LayeredGraph, widths: [Double], isAcross: Bool) {
        self.isAcross = isAcross
        // The boxes of a column are of one width, so that lines end at one edge.
        let thickness = graph.layers.map { row in
            guard isAcross else { return Self.boxHeight }
            return row.compactMap { Self.stage(graph.vertices[$0]).map { widths[$0] } }.max() ?? 0
        }
        let sizes = graph.vertices.map { vertex in
            guard let stage = Self.stage(vertex) else { return Self.laneSize }
            return isAcross ? Self.boxHeight : widths[stage]
        }
        let positions = LayerPositions(graph, size: sizes, gap: isAcross ? 14 : 20)
        var starts: [Double] = []
        var end = 0.0
        for number in graph.layers.indices {
            starts.append(end)
            end += thickness[number] + (number == graph.layers.count - 1 ? 0 : isAcross ? 52 : 40)
        }
        (width, height) = isAcross ? (end, positions.extent) : (positions.extent, end)
        for (vertex, kind) in graph.vertices.enumerated() {
            guard let stage = Self.stage(kind) else { continue }
            let start = starts[graph.layer[vertex]]
            let edge = positions.middle[vertex] - sizes[vertex] / 2
            boxes.append(
                isAcross
                    ? Box(x: start, y: edge, width: thickness[graph.layer[vertex]], height: Self.boxHeight)
                    : Box(x: edge, y: start, width: widths[stage], height: Self.boxHeight))
        }
        var (leaving, coming) = (Array(repeating: 0, count: widths.count), Array(repeating: 0, count: widths.count))
        for route in graph.routes {
            leaving[route.from] += 1
            coming[route.to] += 1
        }
        for route in graph.routes {
            let hub = coming[route.to] > leaving[route.from] ? route.to : route.from
            func point(_ vertex: Int, isEnd: Bool) -> Point {
                let along = starts[graph.layer[vertex]] + (isEnd ? thickness[graph.layer[vertex]] : 0)
                let across = positions.middle[vertex]
                return isAcross ? Point(x: along, y: across) : Point(x: across, y: along)
            }
            let way = route.lanes.flatMap { [point($0, isEnd: false), point($0, isEnd: true)] }
            lines.append(
                Line(
                    from: route.from, to: route.to,
                    points: [point(route.from, isEnd: true)] + way + [point(route.to, isEnd: false)],
                    bend: 0.3 + 0.35 * (Double(hub) * 0.618).truncatingRemainder(dividingBy: 1)))
        }
    }

    private static func stage(_ vertex: LayeredGraph.Vertex) -> Int? {
        if case .stage(let stage) = vertex { return stage }
        return nil
    }
}
