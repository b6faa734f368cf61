import Foundation
import ShipitCore
import ShipitEngine

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
        if let reason = Sharing(of: stateFolder).makeFolder(stateFolder + "/trees") {
            throw CommandFailure(.machine, "the folder for releases' trees cannot be made: \(reason)")
        }
        try releases.export(release, to: folder)
        return folder
    }
}
