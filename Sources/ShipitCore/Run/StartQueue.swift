/// Stages whose turn has come, first come first served; of a `for-each` group no more at once than its limit.
///
/// A member of a group keeps its place from when its turn comes until it is through, its waits for another try included.
/// Adding, looking and leaving cost the same however many stages wait.
struct StartQueue: Sendable {
    private var admitted: [Int] = []
    private var head = 0
    private var groups: [String: Group] = [:]

    private struct Group {
        var holders: Set<Int> = []
        var waiting: [Int] = []
        var head = 0
        /// Through before their turn came: skipped by a person.
        var gone: Set<Int> = []

        mutating func next() -> Int? {
            guard head < waiting.count else { return nil }
            defer { head += 1 }
            return waiting[head]
        }
    }

    /// Those that may start, in order. Some in the middle may have been dealt with already; the first has not.
    var candidates: ArraySlice<Int> { admitted[head...] }

    mutating func add(_ stage: Int, _ planned: PlannedStage) {
        guard let name = planned.group, let limit = planned.groupLimit else {
            admitted.append(stage)
            return
        }
        if groups[name, default: Group()].holders.count < limit {
            groups[name, default: Group()].holders.insert(stage)
            admitted.append(stage)
        } else {
            groups[name, default: Group()].waiting.append(stage)
        }
    }

    /// The stage is through: its place goes to the next of its group.
    mutating func leave(_ stage: Int, _ planned: PlannedStage) {
        guard let name = planned.group, planned.groupLimit != nil else { return }
        guard groups[name]?.holders.remove(stage) != nil else {
            groups[name, default: Group()].gone.insert(stage)
            return
        }
        while let next = groups[name]!.next() {
            if groups[name]!.gone.contains(next) { continue }
            groups[name]!.holders.insert(next)
            admitted.append(next)
            return
        }
    }

    /// Passes over those at the front that have been dealt with.
    mutating func advance(while isOver: (Int) -> Bool) {
        while head < admitted.count, isOver(admitted[head]) { head += 1 }
    }
}
