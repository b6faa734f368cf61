import ShipitCore
import ShipitEngine

extension ActionContext {
    /// A path as the author wrote it, absolute. Relative ones begin in the folder that holds `pipelines/`.
    func absolute(_ path: String) -> String {
        if path.hasPrefix("/") { return path }
        let words = path.split(separator: "/").filter { $0 != "." }
        return words.isEmpty ? root : root + "/" + words.joined(separator: "/")
    }

    /// A path as an author would write it: relative where it lies inside.
    func written(_ path: String) -> String {
        path.hasPrefix(root + "/") ? String(path.dropFirst(root.count + 1)) : path
    }

    /// The attempt's key, for names of files that belong to it alone.
    var key: CommandKey { CommandKey(run: run, attempt: attempt) }

    /// Those of the attempts before this one. Each of them is over, and nobody comes back to what it left half done.
    var earlierKeys: [CommandKey] {
        (1..<max(1, attempt.number)).map { number in
            CommandKey(run: run, attempt: AttemptID(stage: attempt.stage, part: attempt.part, number: number))
        }
    }
}

/// Text as a part of a file's name: what could mean something to a file system or a shell becomes a dash.
func fileNamePart(_ text: String, limit: Int = 80) -> String {
    var name = String(text.map { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) ? $0 : "-" })
    // Neither hidden nor an option nor a way up.
    while let first = name.first, ".-".contains(first) { name.removeFirst() }
    return name.isEmpty ? "x" : String(name.prefix(limit))
}
