import ShipitCore

/// Brings a pipeline's file and those it includes into one tree. Paths are from the pipeline's folder wherever they stand,
/// and never lead out of it. A file that several include counts once; anchors are each file's own.
struct Includes {
    let reading: Reading
    let loader: PipelineReader.Loader?
    /// False once a file could not be read: what is missing then may be in it.
    private(set) var isWhole = true
    private var seen: Set<String> = []
    private var size = 0
    private var sections: Sections

    /// Files within one another, and in all; together they may be as large as one file.
    private static let depthLimit = 8
    private static let countLimit = 100

    init(reading: Reading, loader: PipelineReader.Loader?) {
        self.reading = reading
        self.loader = loader
        sections = Sections(reading: reading)
    }

    /// The pipeline's tree with all that it includes.
    mutating func gather(_ root: Node) -> Node {
        guard root.entry(Self.key) != nil, case .mapping(let entries) = root.value else { return root }
        let file = reading.source.files[0].file
        sections.begin(with: entries)
        include(from: root, chain: [file.split(separator: "/").last.map(String.init) ?? file])
        return Node(value: .mapping(sections.entries), place: root.place)
    }

    private static let key = PipelineDecoder.Key.include.rawValue

    /// `chain`: the paths that led here, the pipeline's own first.
    private mutating func include(from node: Node, chain: [String]) {
        guard let entry = node.entry(Self.key), !entry.value.isAbsent,
            let nodes = reading.listOrOne(entry.value, "\"include\"")
        else { return }
        for node in nodes {
            guard let path = path(node) else {
                isWhole = false
                continue
            }
            if let first = chain.firstIndex(of: path) {
                let circle = (chain[first...] + [path]).joined(separator: " → ")
                let isAlone = first == chain.count - 1
                reading.error(
                    "include-cycle",
                    isAlone ? "\"\(path)\" includes itself" : "files include one another: \(circle)", at: node.place,
                    hint: isAlone ? "remove it" : "remove one of these includes")
                isWhole = false
            } else if seen.insert(path).inserted {
                guard let tree = read(path, at: node.place, depth: chain.count) else {
                    isWhole = false
                    continue
                }
                if case .mapping(let entries) = tree.value { isWhole = sections.add(entries) && isWhole }
                include(from: tree, chain: chain + [path])
            }
        }
    }

    /// A path that by its words stays beneath the pipeline's folder.
    private func path(_ node: Node) -> String? {
        guard let path = reading.literal(node, "a file in \"include\"") else { return nil }
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        let names = parts.filter { $0 != "." }
        guard !names.isEmpty, names.allSatisfy({ !$0.isEmpty && $0 != ".." }), !path.utf8.contains(0) else {
            reading.error(
                "bad-include", "\"\(path)\" leads out of the pipeline's folder, or nowhere", at: node.place,
                hint: "write a path from the pipeline's folder, such as common/checks.yaml")
            return nil
        }
        return names.joined(separator: "/")
    }

    // MARK: Reading

    private mutating func read(_ path: String, at place: Place, depth: Int) -> Node? {
        guard depth <= Self.depthLimit, seen.count <= Self.countLimit else {
            let what = depth > Self.depthLimit ? "\(Self.depthLimit) levels deep" : "\(Self.countLimit) files"
            reading.error(
                "too-many-includes", "files are included more than \(what)", at: place,
                hint: "put some of them together")
            return nil
        }
        guard let loader else {
            reading.error("unreadable-include", "\"\(path)\" cannot be included here", at: place)
            return nil
        }
        let bytes: [UInt8]
        do throws(IncludeRefusal) {
            bytes = try loader(path)
        } catch {
            reading.error("unreadable-include", "\"\(path)\" \(error.reason)", at: place, hint: error.hint)
            return nil
        }
        size += bytes.count
        guard size <= SourceText.sizeLimit else {
            reading.error(
                "too-many-includes",
                "with \"\(path)\" the included files have \(size) bytes, more than the \(SourceText.sizeLimit) that are read",
                at: place, hint: "split the pipeline")
            return nil
        }
        return parse(bytes, path)
    }

    private func parse(_ bytes: [UInt8], _ path: String) -> Node? {
        let file = folder + path
        do throws(Refusal) {
            let source = try SourceText(bytes, file: file, number: Int32(reading.source.files.count))
            reading.source.append(source)
            var builder = TreeBuilder(source)
            defer { reading.add(builder.diagnostics) }
            guard let tree = try builder.document(), !tree.isAbsent else {
                reading.error(
                    "empty-file", "the file is empty", at: Place(line: 1, column: 1, length: 1, file: source.number),
                    hint: "remove it from include, or write something in it")
                return nil
            }
            return reading.mapping(tree, "an included file") == nil ? nil : tree
        } catch {
            reading.add([error.diagnostic])
            return nil
        }
    }

    /// As it is shown to people.
    private var folder: String {
        let file = reading.source.files[0].file
        return file.lastIndex(of: "/").map { String(file[...$0]) } ?? ""
    }
}
