import Foundation
import ShipitCore

/// The trees of releases, exported read-only into the state folder and shared among runs.
struct Trees {
    let stateFolder: String

    /// Where it is, if it has been exported before. A tree gets its name only when it is whole.
    func existing(_ release: Release) -> String? {
        let folder = Project.treeFolder(of: release.commit, in: stateFolder)
        return Place.isFolder(folder) ? folder : nil
    }

    func export(_ release: Release, from releases: Releases) throws -> String {
        if let tree = existing(release) { return tree }
        let folder = Project.treeFolder(of: release.commit, in: stateFolder)
        do {
            try FileManager.default.createDirectory(
                atPath: stateFolder + "/trees", withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
        } catch {
            throw CommandFailure(.machine, "cannot make \(stateFolder)/trees: \(error.localizedDescription)")
        }
        try releases.export(release, to: folder)
        return folder
    }
}
