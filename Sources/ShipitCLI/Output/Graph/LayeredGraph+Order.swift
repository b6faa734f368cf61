extension LayeredGraph {
    /// The order of barycentres: each vertex is drawn towards the mean place of its neighbours, layer by layer, to and fro;
    /// the order with the fewest crossings stays.
    mutating func reduceCrossings(sweeps: Int = 12) {
        var best = (layers: layers, crossings: crossings)
        for sweep in 0..<sweeps where best.crossings > 0 {
            if sweep.isMultiple(of: 2) {
                for number in layers.indices.dropFirst() { sort(number, towards: before, in: number - 1) }
            } else {
                for number in layers.indices.dropLast().reversed() { sort(number, towards: after, in: number + 1) }
            }
            let found = crossings
            if found < best.crossings { best = (layers, found) }
        }
        layers = best.layers
    }

    private mutating func sort(_ number: Int, towards neighbours: [[Int]], in other: Int) {
        var place: [Int: Int] = [:]
        for (position, vertex) in layers[other].enumerated() { place[vertex] = position }
        let row = layers[number]
        // Who has no neighbour there keeps its place.
        let keys = row.enumerated().map { position, vertex in
            let places = neighbours[vertex].compactMap { place[$0] }
            return places.isEmpty ? Double(position) : Double(places.reduce(0, +)) / Double(places.count)
        }
        layers[number] = row.indices.sorted { (keys[$0], $0) < (keys[$1], $1) }.map { row[$0] }
    }

    /// How many pairs of lines cross between neighbouring layers.
    var crossings: Int { layers.indices.dropFirst().reduce(0) { $0 + crossings(before: $1) } }

    /// Between a layer and the one before it: inversions among the ends of the lines, counted in a Fenwick tree.
    private func crossings(before number: Int) -> Int {
        var place: [Int: Int] = [:]
        for (position, vertex) in layers[number].enumerated() { place[vertex] = position }
        var tree = Array(repeating: 0, count: layers[number].count + 1)
        var (count, drawn) = (0, 0)
        for vertex in layers[number - 1] {
            let ends = after[vertex].compactMap { place[$0] }
            for end in ends {
                var (index, notBeyond) = (end + 1, 0)
                while index > 0 {
                    notBeyond += tree[index]
                    index -= index & -index
                }
                count += drawn - notBeyond
            }
            // Lines from one vertex don't cross one another.
            for end in ends {
                var index = end + 1
                while index < tree.count {
                    tree[index] += 1
                    index += index & -index
                }
                drawn += 1
            }
        }
        return count
    }
}
