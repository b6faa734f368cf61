/// A graph by numbers: `needs[node]` are the nodes that `node` needs. Everything here takes time in proportion to its
/// nodes and edges, and no recursion: pipelines of tens of thousands of stages in one chain are read.
struct Graph {
    let needs: [[Int]]

    init(_ needs: [[Int]]) { self.needs = needs }

    /// Circles of nodes that need one another, each beginning with its first node of the file and following the needs.
    /// Circles that share a node with one already found are left out: mending that one may mend them, too.
    func cycles() -> [[Int]] {
        enum Mark { case new, onPath, done }
        var marks = [Mark](repeating: .new, count: needs.count)
        var found: [[Int]] = []
        var isInCycle = [Bool](repeating: false, count: needs.count)
        for root in needs.indices where marks[root] == .new {
            var path: [(node: Int, next: Int)] = [(root, 0)]
            marks[root] = .onPath
            while let (node, next) = path.last {
                guard next < needs[node].count else {
                    marks[node] = .done
                    path.removeLast()
                    continue
                }
                path[path.count - 1].next += 1
                let need = needs[node][next]
                switch marks[need] {
                case .new:
                    marks[need] = .onPath
                    path.append((need, 0))
                case .onPath where !isInCycle[need] && !isInCycle[node]:
                    let start = path.lastIndex { $0.node == need }!
                    let cycle = path[start...].map(\.node)
                    let isFresh = !cycle.contains { isInCycle[$0] }
                    for node in cycle { isInCycle[node] = true }
                    if isFresh { found.append(rotated(cycle)) }
                default: break
                }
            }
        }
        return found
    }

    private func rotated(_ cycle: [Int]) -> [Int] {
        let first = cycle.indices.min { cycle[$0] < cycle[$1] }!
        return Array(cycle[first...] + cycle[..<first])
    }

    /// For each node how long the longest way down from it is; `nil` for nodes in circles and those that need one.
    func levels() -> [Int?] {
        var missing = needs.map(\.count)
        var levels = [Int?](repeating: nil, count: needs.count)
        let needing = dependents()
        var ready = missing.indices.filter { missing[$0] == 0 }
        var next = 0
        for node in ready { levels[node] = 0 }
        while next < ready.count {
            let node = ready[next]
            next += 1
            for dependent in needing[node] {
                missing[dependent] -= 1
                if missing[dependent] == 0 {
                    levels[dependent] = needs[dependent].compactMap { levels[$0] }.max()! + 1
                    ready.append(dependent)
                }
            }
        }
        return levels
    }

    /// The reverse of `needs`.
    func dependents() -> [[Int]] {
        var dependents = [[Int]](repeating: [], count: needs.count)
        for (node, needs) in needs.enumerated() {
            for need in needs { dependents[need].append(node) }
        }
        return dependents
    }

    /// The nodes that need one of `roots`, directly or further down, and the roots themselves.
    func downstream(of roots: [Int], _ dependents: [[Int]]) -> [Bool] {
        var isReached = [Bool](repeating: false, count: needs.count)
        var left = roots
        for root in roots { isReached[root] = true }
        while let node = left.popLast() {
            for dependent in dependents[node] where !isReached[dependent] {
                isReached[dependent] = true
                left.append(dependent)
            }
        }
        return isReached
    }
}
