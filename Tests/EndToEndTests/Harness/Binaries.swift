import Foundation
import Testing

/// The built programs under test: beside the test bundle, or in the folder that SHIPIT_TEST_BIN names.
enum Binaries {
    struct Missing: Error, CustomStringConvertible {
        var description: String {
            "shipit and shipit-supervisor are neither beside \(Binaries.testProgram) nor in SHIPIT_TEST_BIN: build them first"
        }
    }

    /// Where both are; `nil` when they are nowhere.
    static let folder: String? = {
        if let given = variables["SHIPIT_TEST_BIN"] { return holdsBoth(given) ? given : nil }
        var candidate = (testProgram as NSString).deletingLastPathComponent
        while candidate.count > 1 {
            if holdsBoth(candidate) { return candidate }
            candidate = (candidate as NSString).deletingLastPathComponent
        }
        return nil
    }()

    /// Where everything must be tried, what is missing is a failure and not a reason to skip.
    static let areRequired = variables["SHIPIT_TEST_REQUIRE"] == "all"

    static func shipit() throws -> String {
        guard let folder else { throw Missing() }
        return folder + "/shipit"
    }

    private static let variables = ProcessInfo.processInfo.environment

    private static let testProgram: String = {
        do {
            return try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        } catch {
            return CommandLine.arguments[0]
        }
    }()

    private static func holdsBoth(_ folder: String) -> Bool {
        ["shipit", "shipit-supervisor"].allSatisfy { name in
            var isFolder: ObjCBool = false
            let path = "\(folder)/\(name)"
            return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && !isFolder.boolValue
                && FileManager.default.isExecutableFile(atPath: path)
        }
    }
}

extension Trait where Self == ConditionTrait {
    /// Skips, with the reason printed, where the programs are not built and needn't be.
    static var needsBinaries: Self {
        .enabled(
            if: Binaries.folder != nil || Binaries.areRequired,
            "shipit and shipit-supervisor are not built beside the tests, and SHIPIT_TEST_BIN names no folder with them"
        )
    }
}
