extension CommandFailure {
    /// The three ways in which a command ends without having done anything.
    enum Kind: Int32 {
        /// The machine's or shipit's own: disk, permissions, the store.
        case machine = 1
        /// The caller's: wrong usage, an invalid pipeline, a name that nothing has.
        case usage = 2
        /// What was named exists and isn't allowed now.
        case refused = 3
    }

    init(_ kind: Kind, _ message: String, hint: String? = nil) {
        self.init(exitCode: kind.rawValue, message, hint: hint)
    }
}
