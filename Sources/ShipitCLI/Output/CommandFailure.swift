/// Why a command ends without its work done: the exit code, what failed and where, and what to do next.
struct CommandFailure: Error, Hashable, Sendable {
    /// As in the table of exit codes: 1 the machine's, 2 the caller's, 3 refused.
    var exitCode: Int32
    var message: String
    var hint: String?

    init(exitCode: Int32, _ message: String, hint: String? = nil) {
        self.exitCode = exitCode
        self.message = message
        self.hint = hint
    }

    /// Its commands as they must be typed here.
    private var completeHint: String? { hint.map(TypedPlace.complete) }

    /// For standard error.
    var text: String {
        let word = exitCode == 3 ? "refused" : "error"
        let lines = ["\(word): " + CallWords.split(message).joined(separator: "\n  ")]
        return (lines + (completeHint.map(CallWords.split) ?? []).map { "  " + $0 }).joined(separator: "\n") + "\n"
    }

    /// The same for programs that read JSON.
    var json: String {
        JSONValue.members([
            "error": .members([
                "exitCode": .integer(Int64(exitCode)), "message": .string(message), "hint": .text(completeHint),
            ])
        ]).pretty + "\n"
    }
}
