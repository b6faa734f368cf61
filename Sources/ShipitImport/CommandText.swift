/// A command of the document, as far as it must be understood to be made a check of.
struct CommandText {
    let text: String
    /// The commands of the pipe, in words.
    let parts: [[String]]

    init(_ text: String) {
        self.text = text
        parts = Self.split(text)
    }

    /// Whether it does nothing but look: only then may it be run again and again.
    var onlyLooks: Bool {
        guard !parts.isEmpty, !text.contains("${{") else { return false }
        let signs = [";", "&&", "||", "$(", "`", "&", "\n"]
        guard !signs.contains(where: { unquoted.firstRange(of: $0) != nil }),
            !unquoted.contains(where: { "<>".contains($0) })
        else { return false }
        return parts.allSatisfy(Self.onlyLooks)
    }

    /// Without what stands in quotation marks.
    private var unquoted: String {
        var left = ""
        var quote: Character?
        for character in text {
            if let open = quote {
                if character == open { quote = nil }
            } else if character == "\"" || character == "'" {
                quote = character
            } else {
                left.append(character)
            }
        }
        return left
    }

    private static func onlyLooks(_ words: [String]) -> Bool {
        guard let name = words.first else { return false }
        let second = words.dropFirst().first { !$0.hasPrefix("-") } ?? ""
        switch name {
        case "ls", "df", "free", "ps", "wc", "head", "tail", "grep", "jq", "cat", "uptime", "nslookup", "dig", "whoami":
            return true
        case "curl": return !words.contains { isUpload($0) }
        case "redis-cli": return words.contains { ["ping", "info", "role"].contains($0.lowercased()) }
        case "psql": return words.contains { $0.lowercased().hasPrefix("select ") && !$0.dropLast().contains(";") }
        case "pip", "pip3": return second == "list"
        case "git": return ["status", "describe", "rev-parse", "tag"].contains(second) && words.count <= 3
        case "docker": return ["ps", "info", "images"].contains(second)
        case "kubectl": return ["get", "cluster-info"].contains(second)
        case "systemctl": return ["status", "is-active"].contains(second)
        case "pg_isready", "nproc": return true
        default: return false
        }
    }

    private static func isUpload(_ word: String) -> Bool {
        let long = ["--data", "--request", "--form", "--upload-file", "--output", "--json"]
        if long.contains(where: word.hasPrefix) { return true }
        return word.hasPrefix("-") && !word.hasPrefix("--") && word.contains { "XdFToO".contains($0) }
    }

    private static func split(_ text: String) -> [[String]] {
        var parts: [[String]] = [[]]
        var word = ""
        var isWord = false
        var quote: Character?
        func end() {
            if isWord { parts[parts.count - 1].append(word) }
            word = ""
            isWord = false
        }
        for character in text {
            if let open = quote {
                if character == open { quote = nil } else { word.append(character) }
            } else if character == "\"" || character == "'" {
                quote = character
                isWord = true
            } else if character == "|" {
                end()
                parts.append([])
            } else if character.isWhitespace {
                end()
            } else {
                word.append(character)
                isWord = true
            }
        }
        end()
        return quote == nil ? parts : []
    }
}
