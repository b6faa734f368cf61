/// Where each vertex of a layered graph stands across its layer: near its neighbours, in the layer's order, and apart.
struct LayerPositions: Hashable, Sendable {
    /// The middle of each vertex; none is nearer to the edge at 0 than half its size.
    private(set) var middle: [Double]
    private(set) var extent: Double

    private static let rounds = 10
    /// Lanes pull harder, so that long lines are straight.
    private static let laneWeight = 3.0

    /// - Parameters:
    ///   - size: of each vertex, across the layer.
    ///   - gap: between neighbours.
    init(_ graph: LayeredGraph, size: [Double], gap: Double) {
        let middle = Array(repeating: 0.0, count: graph.vertices.count)
        let weight = graph.vertices.map { vertex in
            if case .lane = vertex { return Self.laneWeight }
            return 1.0
        }
        self.middle = middle
        extent = 0
        for row in graph.layers { place(row, row.map { _ in 0 }, size, gap, weight) }
        for round in 0..<Self.rounds {
            let isForth = round.isMultiple(of: 2)
            for row in isForth ? graph.layers : graph.layers.reversed() {
                let neighbours = isForth ? graph.before : graph.after
                place(row, row.map { mean(neighbours[$0]) ?? self.middle[$0] }, size, gap, weight)
            }
        }
        let start = self.middle.indices.map { self.middle[$0] - size[$0] / 2 }.min() ?? 0
        for vertex in middle.indices { self.middle[vertex] -= start }
        extent = self.middle.indices.map { self.middle[$0] + size[$0] / 2 }.max() ?? 0
    }

    private func mean(_ vertices: [Int]) -> Double? {
        vertices.isEmpty ? nil : vertices.reduce(0) { $0 + middle[$1] } / Double(vertices.count)
    }

    private mutating func place(
        _ row: [Int], _ wished: [Double], _ size: [Double], _ gap: Double, _ weight: [Double]
    ) {
        var offsets: [Double] = []
        for (position, vertex) in row.enumerated() {
            guard position > 0 else {
                offsets.append(0)
                continue
            }
            offsets.append(offsets[position - 1] + (size[row[position - 1]] + size[vertex]) / 2 + gap)
        }
        let placed = Self.nearestRising(
            row.indices.map { wished[$0] - offsets[$0] }, weights: row.map { weight[$0] })
        for (position, vertex) in row.enumerated() { middle[vertex] = placed[position] + offsets[position] }
    }

    /// The numbers that never fall and are nearest to the wished ones (weighted least squares, by pooling neighbours).
    static func nearestRising(_ wished: [Double], weights: [Double]) -> [Double] {
        var pools: [(value: Double, weight: Double, count: Int)] = []
        for (value, weight) in zip(wished, weights) {
            pools.append((value, weight, 1))
            while pools.count > 1, pools[pools.count - 2].value > pools[pools.count - 1].value {
                let last = pools.removeLast()
                let first = pools.removeLast()
                let sum = first.weight + last.weight
                pools.append(
                    ((first.value * first.weight + last.value * last.weight) / sum, sum, first.count + last.count))
            }
        }
        return pools.flatMap { Array(repeating: $0.value, count: $0.count) }
    }
}
