internal import ShipitCore

/// What every action promises the engine, tried on one of them: a built-in one or a plugin's, it makes no difference.
public struct ActionContract: Sendable {
    private let action: any Action
    private let offers: Offers
    private let makePlace: @Sendable () async throws(ActionError) -> any TrialPlace

    /// What an action can be held to.
    public struct Offers: Hashable, Sendable {
        public var preview: Bool
        public var verify: Bool
        public var undo: Bool

        public init(preview: Bool, verify: Bool, undo: Bool) {
            self.preview = preview
            self.verify = verify
            self.undo = undo
        }
    }

    /// How many marks are tried one by one; of more, so many spread over all.
    private static let cutLimit = 40

    public init(
        _ action: any Action, offers: Offers,
        in makePlace: @escaping @Sendable () async throws(ActionError) -> any TrialPlace
    ) {
        self.action = action
        self.offers = offers
        self.makePlace = makePlace
    }

    /// Every rule, in order. What one rule finds does not keep the others from being tried, but for an action that does not
    /// perform at all.
    public func findings() async -> [TrialFinding] {
        var findings = [await finding(.preview, preview)]
        let whole: Whole
        do throws(ActionError) { whole = try await measure() } catch {
            return findings + [TrialFinding(.perform, .broken, error.reason)]
        }
        let gave = whole.outputs.keys.sorted().joined(separator: ", ")
        findings.append(TrialFinding(.perform, .kept, "it ends well and gives \(gave.isEmpty ? "no outputs" : gave)"))
        findings.append(await finding(.verify, verify))
        findings.append(await finding(.once, once))
        findings.append(await finding(.cutOff) { () async throws(Broken) in try await cutOff(whole) })
        findings.append(await finding(.undo) { () async throws(Broken) in try await undo(whole) })
        return findings
    }

    // MARK: What is compared

    /// A rule that does not hold.
    private struct Broken: Error { var words: String }

    /// What a whole `perform` does.
    private struct Whole {
        var outputs: [String: String]
        /// What two of them have in common by name.
        var image: [String: String]
        /// What of it two of them do differently: times, ids. Of these it counts only whether they are there.
        var varying: Set<String>
        /// How much has another name each time, for the run or the attempt stands in it.
        var strays: Int
        var marks: Int

        func differences(_ other: [String: String]) -> [String] {
            let known = other.filter { image[$0.key] != nil }
            let strange = other.keys.filter { image[$0] == nil }
            return ActionContract.differences(image, known, varying: varying)
                + (strange.count == strays ? [] : strange.sorted())
        }
    }

    private static func differences(
        _ before: [String: String], _ after: [String: String], varying: Set<String> = []
    ) -> [String] {
        Set(before.keys).union(after.keys).filter { name in
            guard let old = before[name], let new = after[name] else { return true }
            return old != new && !varying.contains(name)
        }.sorted()
    }

    private static func words(_ names: [String]) -> String {
        names.prefix(3).joined(separator: ", ") + (names.count > 3 ? " and \(names.count - 3) more" : "")
    }

    private func finding(
        _ rule: TrialFinding.Rule, _ body: () async throws(Broken) -> String?
    ) async -> TrialFinding {
        do throws(Broken) {
            guard let words = try await body() else { return TrialFinding(rule, .notOffered, "it has none") }
            return TrialFinding(rule, .kept, words)
        } catch {
            return TrialFinding(rule, .broken, error.words)
        }
    }

    /// A call that is part of a rule: that it fails breaks the rule.
    private func must<Value>(
        _ what: String, _ body: () async throws(ActionError) -> Value
    ) async throws(Broken) -> Value {
        do throws(ActionError) { return try await body() } catch { throw Broken(words: "\(what): \(error.reason)") }
    }

    private func image(_ place: any TrialPlace) async throws(Broken) -> [String: String] {
        try await must("looking") { () throws(ActionError) in try place.image() }
    }

    private func mustNotChange(
        _ what: String, _ place: any TrialPlace, _ before: [String: String]
    ) async throws(Broken) {
        let changed = Self.differences(before, try await image(place))
        guard changed.isEmpty else { throw Broken(words: "\(what) changed \(Self.words(changed))") }
    }

    /// Leaves what is outside of the place as it was for the next one, as far as the action can.
    private func leave(_ place: any TrialPlace, _ outputs: [String: String]) async {
        guard offers.undo else { return }
        // Whether an undo is right is a rule of its own.
        do throws(ActionError) { try await action.undo(try await place.context(.undo, 9, outputs: outputs)) } catch {}
    }

    // MARK: Rules

    private func preview() async throws(Broken) -> String? {
        guard offers.preview else { return nil }
        let place = try await must("a place to try it", makePlace)
        let before = try await image(place)
        let lines = try await must("preview") { () async throws(ActionError) in
            try await action.preview(try await place.context(.perform, 1, outputs: [:]))
        }
        guard !lines.isEmpty else { throw Broken(words: "preview says nothing") }
        try await mustNotChange("preview", place, before)
        if offers.verify {
            let verification = try await must("verify after a preview") { () async throws(ActionError) in
                try await action.verify(try await place.context(.perform, 1, outputs: [:]))
            }
            guard verification.isNot(done: true) else { throw Broken(words: "after a preview it is done") }
        }
        return "it says \(lines.count == 1 ? "1 line" : "\(lines.count) lines") and changes nothing"
    }

    /// Twice, each in a place of its own.
    private func measure() async throws(ActionError) -> Whole {
        var found: [(outputs: [String: String], image: [String: String], marks: Int)] = []
        for _ in 0..<2 {
            let place = try await makePlace()
            let outputs = try await action.perform(try await place.context(.perform, 1, outputs: [:]))
            found.append((outputs, try place.image(), place.passed.marks))
            await leave(place, outputs)
        }
        let (first, second) = (found[0], found[1])
        let common = first.image.filter { second.image[$0.key] != nil }
        let strays = first.image.count - common.count
        guard strays == second.image.count - common.count else {
            let names = Self.differences(first.image, second.image).filter { common[$0] == nil }
            throw .failed("two of them, each in a place of its own, leave different things: \(Self.words(names))")
        }
        return Whole(
            outputs: first.outputs, image: common, varying: Set(common.keys.filter { common[$0] != second.image[$0] }),
            strays: strays, marks: max(first.marks, second.marks))
    }

    private func verify() async throws(Broken) -> String? {
        guard offers.verify else { return nil }
        let place = try await must("a place to try it", makePlace)
        let before = try await image(place)
        let early = try await must("verify") { () async throws(ActionError) in
            try await action.verify(try await place.context(.perform, 1, outputs: [:]))
        }
        guard early.isNot(done: true) else { throw Broken(words: "before perform it says that it is done") }
        try await mustNotChange("verify", place, before)
        let outputs = try await must("perform") { () async throws(ActionError) in
            try await action.perform(try await place.context(.perform, 1, outputs: [:]))
        }
        let after = try await image(place)
        let late = try await must("verify") { () async throws(ActionError) in
            try await action.verify(try await place.context(.perform, 1, outputs: outputs))
        }
        guard late.isNot(done: false) else { throw Broken(words: "after perform it says that it is not done") }
        try await mustNotChange("verify", place, after)
        await leave(place, outputs)
        return "not done before, \(late.word) after, and it changes nothing"
    }

    private func once() async throws(Broken) -> String? {
        let place = try await must("a place to try it", makePlace)
        let outputs = try await must("perform") { () async throws(ActionError) in
            try await action.perform(try await place.context(.perform, 1, outputs: [:]))
        }
        let after = try await image(place)
        _ = try await must("a second perform under the same key") { () async throws(ActionError) in
            try await action.perform(try await place.context(.perform, 1, outputs: outputs))
        }
        try await mustNotChange("a second perform under the same key", place, after)
        await leave(place, outputs)
        return "a second perform under the same key changes nothing more"
    }

    private func cutOff(_ whole: Whole) async throws(Broken) -> String? {
        var seen: [String: Int] = [:]
        for marks in Self.cuts(whole.marks) {
            var (place, words, outputs) = try await cut(after: marks)
            var outcome = Verification.notDone
            if offers.verify {
                outcome = try await must("verify \(words)") { () async throws(ActionError) in
                    try await action.verify(try await place.context(.perform, 1, outputs: [:]))
                }
            }
            seen[outcome.word, default: 0] += 1
            if case .done = outcome {
                let differing = whole.differences(try await image(place))
                guard differing.isEmpty else {
                    throw Broken(
                        words: "\(words) verify says done, and \(Self.words(differing)) is not as it should be")
                }
            } else {
                outputs = try await must("the next attempt, \(words)") { () async throws(ActionError) in
                    try await action.perform(try await place.context(.perform, 2, outputs: [:]))
                }
                let differing = whole.differences(try await image(place))
                guard differing.isEmpty else {
                    throw Broken(
                        words:
                            "\(words) the next attempt leaves \(Self.words(differing)) otherwise than a whole perform")
                }
            }
            await leave(place, outputs)
        }
        let counts = seen.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
        return "\(Self.cuts(whole.marks).count) cuts (\(offers.verify ? "verify: \(counts)" : "it has no verify")); "
            + "the next attempt ends as a whole one"
    }

    private func undo(_ whole: Whole) async throws(Broken) -> String? {
        guard offers.undo else { return nil }
        let place = try await must("a place to try it", makePlace)
        let start = try await image(place)
        let outputs = try await must("perform") { () async throws(ActionError) in
            try await action.perform(try await place.context(.perform, 1, outputs: [:]))
        }
        for number in 1...2 {
            try await undo(place, number, outputs, start, number == 1 ? "after a whole perform" : "after an undo")
        }
        for marks in Self.cuts(whole.marks) {
            let (place, words, outputs) = try await cut(after: marks)
            try await undo(place, 1, outputs, start, words)
        }
        return "after a whole perform, a second time, and after \(Self.cuts(whole.marks).count) cuts all is as before"
    }

    private func undo(
        _ place: any TrialPlace, _ number: Int, _ outputs: [String: String], _ start: [String: String], _ words: String
    ) async throws(Broken) {
        try await must("undo \(words)") { () async throws(ActionError) in
            try await action.undo(try await place.context(.undo, number, outputs: outputs))
        }
        let left = Self.differences(start, try await image(place))
        guard left.isEmpty else { throw Broken(words: "undo \(words) does not leave \(Self.words(left)) as before") }
        guard offers.verify else { return }
        let verification = try await must("verify after undo") { () async throws(ActionError) in
            try await action.verify(try await place.context(.perform, 1, outputs: outputs))
        }
        guard verification.isNot(done: true) else { throw Broken(words: "undo \(words): verify still says done") }
    }

    // MARK: Cutting off

    /// Before anything, after each mark, and once where there is no mark any more.
    private static func cuts(_ marks: Int) -> [Int] {
        guard marks > cutLimit else { return Array(0...marks) }
        return (0...cutLimit).map { $0 * marks / cutLimit }
    }

    private func cut(
        after marks: Int
    ) async throws(Broken) -> (place: any TrialPlace, words: String, outputs: [String: String]) {
        let place = try await must("a place to try it", makePlace)
        place.cutNext(after: marks)
        do throws(ActionError) {
            let outputs = try await action.perform(try await place.context(.perform, 1, outputs: [:]))
            return (place, "ended before it could be cut off after mark \(marks),", outputs)
        } catch {
            guard place.passed.wasCut else { throw Broken(words: "perform: \(error.reason)") }
            return (place, "cut off after mark \(place.passed.marks),", [:])
        }
    }
}

extension Verification {
    fileprivate var word: String {
        switch self {
        case .done: "done"
        case .notDone: "not done"
        case .unknown: "cannot tell"
        }
    }

    /// That it does not say so; who cannot tell says nothing.
    fileprivate func isNot(done: Bool) -> Bool {
        switch self {
        case .done: !done
        case .notDone: done
        case .unknown: true
        }
    }
}
