import Foundation

/// Every file below a folder: names, kinds, permissions and contents, to tell whether a byte has changed.
struct FolderImage: Hashable {
    private var entries: [String: Entry] = [:]

    private struct Entry: Hashable {
        var permissions: Int
        var content: Data
    }

    /// - Parameter left: names of entries at the top that don't count.
    init(of folder: String, without left: Set<String> = []) throws {
        let files = FileManager.default
        guard let walk = files.enumerator(atPath: folder) else { throw CocoaError(.fileReadNoSuchFile) }
        while let path = walk.nextObject() as? String {
            if left.contains(path.components(separatedBy: "/")[0]) { continue }
            let attributes = try files.attributesOfItem(atPath: folder + "/" + path)
            let content: Data
            switch attributes[.type] as? FileAttributeType {
            case .typeRegular?: content = try Data(contentsOf: URL(fileURLWithPath: folder + "/" + path))
            case .typeSymbolicLink?:
                content = Data(try files.destinationOfSymbolicLink(atPath: folder + "/" + path).utf8)
            default: content = Data()
            }
            entries[path] = Entry(permissions: attributes[.posixPermissions] as? Int ?? 0, content: content)
        }
    }

    /// What differs, by name.
    func changes(to later: FolderImage) -> [String] {
        Set(entries.keys).union(later.entries.keys).filter { entries[$0] != later.entries[$0] }.sorted()
    }

    /// The files that hold these bytes.
    func files(containing text: String) -> [String] {
        let bytes = Data(text.utf8)
        return entries.filter { $0.value.content.range(of: bytes) != nil }.map(\.key).sorted()
    }
}
