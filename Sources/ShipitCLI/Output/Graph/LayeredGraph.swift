/// A DAG in layers: each stage in the layer after the last one that it needs. A need that passes layers gets a lane there,
/// so that its line runs between the boxes and not through them; all needs of one stage share its lanes.
struct LayeredGraph: Hashable, Sendable {
    enum Vertex: Hashable, Sendable {
        case stage(Int)
        /// The way of a stage's output through a layer.
        case lane(of: Int)
    }

    /// One need: from the needed stage to the needing one, through lanes.
    struct Route: Hashable, Sendable {
        var from: Int
        var to: Int
        var lanes: [Int]
    }

    /// The first ones are the stages, in their order.
    private(set) var vertices: [Vertex]
    private(set) var layer: [Int]
    /// Neighbours in the layer before, and in the one after.
    private(set) var before: [[Int]]
    private(set) var after: [[Int]]
    /// The vertices of each layer, in order across it.
    var layers: [[Int]]
    private(set) var routes: [Route] = []

    /// Above it needs are drawn straight: a picture of that many lines is not read line by line.
    static let mostLanes = 20_000

    /// - Parameter needs: of each stage, places before its own.
    init(needs: [[Int]], mostLanes: Int = Self.mostLanes) {
        layer = Self.longestPaths(needs)
        vertices = needs.indices.map(Vertex.stage)
        before = Array(repeating: [], count: needs.count)
        after = before
        layers = Array(repeating: [], count: (layer.max() ?? -1) + 1)
        for stage in needs.indices { layers[layer[stage]].append(stage) }
        addRoutes(needs, mostLanes)
    }

    /// The layer of each stage: how many stand before it on the longest way to it.
    static func longestPaths(_ needs: [[Int]]) -> [Int] {
        var layer = Array(repeating: 0, count: needs.count)
        for stage in needs.indices {
            for need in needs[stage] {
                precondition(need < stage, "stages stand after what they need")
                layer[stage] = max(layer[stage], layer[need] + 1)
            }
        }
        return layer
    }

    private mutating func addRoutes(_ needs: [[Int]], _ mostLanes: Int) {
        var lanes: [Int: [Int]] = [:]
        var laneCount = 0
        for stage in needs.indices {
            for need in needs[stage] {
                let passed = layer[stage] - layer[need] - 1
                var own = lanes[need, default: []]
                laneCount += max(0, passed - own.count)
                guard laneCount <= mostLanes else {
                    laneCount -= max(0, passed - own.count)
                    routes.append(Route(from: need, to: stage, lanes: []))
                    continue
                }
                while own.count < passed { own.append(addLane(of: need, after: own.last ?? need)) }
                lanes[need] = own
                connect(passed == 0 ? need : own[passed - 1], stage)
                routes.append(Route(from: need, to: stage, lanes: Array(own.prefix(passed))))
            }
        }
    }

    private mutating func addLane(of stage: Int, after previous: Int) -> Int {
        let lane = vertices.count
        vertices.append(.lane(of: stage))
        layer.append(layer[previous] + 1)
        before.append([])
        after.append([])
        layers[layer[lane]].append(lane)
        connect(previous, lane)
        return lane
    }

    private mutating func connect(_ first: Int, _ second: Int) {
        after[first].append(second)
        before[second].append(first)
    }
}
