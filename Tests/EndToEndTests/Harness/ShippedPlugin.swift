import Foundation
import Glibc
import Testing

/// A plugin that comes with shipit, as the sources have it.
enum ShippedPlugin {
    static let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path

    /// Puts it into a project, its built program included.
    static func put(_ name: String, into project: ScratchProject) throws {
        let files = FileManager.default
        let (from, to) = ("\(sources)/share/shipit/plugins/\(name)", project.path("plugins/\(name)"))
        try files.createDirectory(atPath: to, withIntermediateDirectories: true)
        for folder in [project.path("plugins"), to] { chmod(folder, 0o755) }
        for file in try files.contentsOfDirectory(atPath: from) where file != "http-drain" {
            try files.copyItem(atPath: "\(from)/\(file)", toPath: "\(to)/\(file)")
            chmod("\(to)/\(file)", file == "plugin.yaml" ? 0o644 : 0o755)
        }
        guard name == "http-drain" else { return }
        try files.copyItem(atPath: try #require(drain), toPath: "\(to)/http-drain")
    }

    /// The one that has to be built.
    static let drain = Binaries.folder.map { $0 + "/http-drain" }.flatMap {
        FileManager.default.isExecutableFile(atPath: $0) ? $0 : nil
    }
}

/// Programs of other projects that a test needs.
enum Installed {
    static func path(_ name: String) -> String? {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":")
        return (folders.map(String.init) + ["/usr/sbin", "/sbin"]).map { "\($0)/\(name)" }
            .first(where: FileManager.default.isExecutableFile)
    }
}

extension Trait where Self == ConditionTrait {
    /// Skips, with the reason printed, where a program is not installed and needn't be.
    static func needs(_ programs: String...) -> Self {
        let missing = programs.filter { Installed.path($0) == nil }
        return .enabled(
            if: missing.isEmpty || Binaries.areRequired, "not installed: \(missing.joined(separator: ", "))")
    }

    static var needsDrain: Self {
        .enabled(
            if: ShippedPlugin.drain != nil || Binaries.areRequired,
            "http-drain is not built: swift build --product http-drain")
    }
}
