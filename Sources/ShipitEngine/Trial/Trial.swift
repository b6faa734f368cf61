public import ShipitCore

/// A place in which an action is tried, as new: nothing of an earlier try is there, as far as the bench can see to it.
public protocol TrialPlace: Sendable {
    /// What the action may know and use. Contexts of one attempt are of one attempt: its key, its folder.
    func context(
        _ part: Part, _ number: Int, outputs: [String: String]
    ) async throws(ActionError) -> ActionContext

    /// The next `perform` is cut off once it has passed so many marks: what it was doing is gone, and nobody knows how it ended.
    func cutNext(after marks: Int)

    /// How many marks the last call has passed, and whether it was cut off.
    var passed: (marks: Int, wasCut: Bool) { get }

    /// Everything that the action may change, by name.
    func image() throws(ActionError) -> [String: String]
}

/// What of the action contract was tried, and what was seen.
public struct TrialFinding: Hashable, Sendable {
    public enum Rule: String, CaseIterable, Hashable, Sendable {
        /// What it takes is checked at validation, with line and column.
        case inputs
        /// `preview` says what would be done, and changes nothing.
        case preview
        /// `perform` does its work.
        case perform
        /// `verify` says "not done" before and "done" after it, and changes nothing.
        case verify
        /// A second `perform` under the same key changes nothing more.
        case once
        /// Cut off anywhere, `verify` does not lie, and the next attempt ends as a whole one does.
        case cutOff = "cut-off"
        /// `undo` leaves things as they were, after a whole `perform` and after half of one.
        case undo
    }

    public enum Standing: String, Hashable, Sendable {
        case kept, broken
        /// The action does not offer it.
        case notOffered = "not-offered"
    }

    public var rule: Rule
    public var standing: Standing
    /// What was seen, for a person.
    public var words: String

    public init(_ rule: Rule, _ standing: Standing, _ words: String) {
        self.rule = rule
        self.standing = standing
        self.words = words
    }
}
