import Foundation
import ShipitCore

/// Where a command works: the folder it was started in (or sent to with `-C`), and where the state is.
struct Place {
    /// Absolute.
    let folder: String
    private let givenState: String?

    init(folder: String?, state: String?, environment: [String: String]) throws(CommandFailure) {
        let start = FileManager.default.currentDirectoryPath
        self.folder = folder.map { Self.absolute($0, from: start) } ?? start
        guard Self.isFolder(self.folder) else {
            throw CommandFailure(.usage, "there is no folder \(self.folder)", hint: "-C takes a folder that exists")
        }
        let given = state ?? environment["SHIPIT_STATE"].flatMap { $0.isEmpty ? nil : $0 }
        if given?.isEmpty == true { throw CommandFailure(.usage, "--state is empty", hint: "give it a folder") }
        givenState = given.map { [folder = self.folder] in Self.absolute($0, from: folder) }
    }

    /// The folder that holds `pipelines/`: this one or the nearest above it.
    func project() throws(CommandFailure) -> Project {
        var candidate = folder
        while true {
            if Self.isFolder(candidate + "/pipelines") {
                return Project(root: candidate, stateFolder: givenState ?? Self.join(candidate, ".shipit"))
            }
            guard candidate != "/" else { break }
            candidate = (candidate as NSString).deletingLastPathComponent
        }
        throw CommandFailure(
            .usage, "neither \(folder) nor a folder above it holds pipelines/",
            hint: "go to the project's folder, or name it with -C DIR")
    }

    /// Where runs live: given, or beside the pipelines.
    func stateFolder() throws(CommandFailure) -> String {
        if let givenState { return givenState }
        return try project().stateFolder
    }

    func path(_ given: String) -> String { Self.absolute(given, from: folder) }

    // MARK: Paths

    /// The folder whose `pipelines/` the file lies in; `nil` for a file elsewhere.
    static func root(ofPipeline file: String) -> String? {
        let folder = (file as NSString).deletingLastPathComponent as NSString
        return folder.lastPathComponent == "pipelines" ? folder.deletingLastPathComponent : nil
    }

    static func join(_ folder: String, _ path: String) -> String {
        if path.hasPrefix("/") { return path }
        return folder == "/" ? "/" + path : folder + "/" + path
    }

    /// Absolute and without `.` and `..`; symbolic links stay, so that messages name what was typed.
    static func absolute(_ path: String, from folder: String) -> String {
        var parts: [Substring] = []
        for part in join(folder, path).split(separator: "/", omittingEmptySubsequences: true) {
            switch part {
            case ".": break
            case "..": parts = Array(parts.dropLast())
            default: parts.append(part)
            }
        }
        return "/" + parts.joined(separator: "/")
    }

    static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }
}

/// The folder that holds `pipelines/`, and where its runs live.
struct Project {
    /// Absolute.
    var root: String
    /// Absolute; need not exist yet.
    var stateFolder: String

    func treeFolder(of commit: String) -> String { Self.treeFolder(of: commit, in: stateFolder) }

    static func treeFolder(of commit: String, in stateFolder: String) -> String { stateFolder + "/trees/" + commit }
    static func stateFolder(ofRunFolder folder: String) -> String { Place.absolute("../..", from: folder) }
    static func runFolder(of run: RunID, in stateFolder: String) -> String { stateFolder + "/runs/" + run.text }
}
