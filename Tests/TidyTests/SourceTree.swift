import Foundation

/// The repository's own files, as text.
struct SourceTree {
    static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    struct File {
        var path: String
        var lines: [Substring]

        /// The modules that the file imports, with the access level written before `import`.
        var imports: [(access: String, module: String)] {
            lines.compactMap { line in
                let words = line.split(separator: " ").filter { !$0.hasPrefix("@") }
                guard let place = words.firstIndex(of: "import"), place <= 1, words.count > place + 1 else {
                    return nil
                }
                let module = words.dropFirst(place + 1).first { !["struct", "class", "func", "enum"].contains($0) }
                return (place == 0 ? "" : String(words[0]), String(module ?? "").components(separatedBy: ".")[0])
            }
        }
    }

    /// All files with one of these endings beneath a folder of the repository, without what is built.
    static func files(in folder: String, endings: Set<String> = ["swift"]) throws -> [File] {
        let start = root.appending(path: folder)
        guard let walk = FileManager.default.enumerator(atPath: start.path) else { return [] }
        var files: [File] = []
        for case let path as String in walk {
            if path.hasPrefix(".build") || path.hasPrefix(".git/") || path.hasPrefix(".demo") { continue }
            guard endings.contains((path as NSString).pathExtension) else { continue }
            let text = try String(contentsOf: start.appending(path: path), encoding: .utf8)
            files.append(File(path: folder.isEmpty ? path : "\(folder)/\(path)", lines: text.split(separator: "\n")))
        }
        return files.sorted { $0.path < $1.path }
    }

    static var modules: [String] {
        get throws {
            try FileManager.default.contentsOfDirectory(atPath: root.appending(path: "Sources").path).sorted()
        }
    }
}
