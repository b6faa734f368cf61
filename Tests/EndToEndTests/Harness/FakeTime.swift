import Foundation
import Testing

/// libfaketime: another time for one process, from its start on.
enum FakeTime {
    private static let library: String? = {
        let folders = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib")) ?? []
        return folders.map { "/usr/lib/\($0)/faketime/libfaketime.so.1" }
            .first { FileManager.default.fileExists(atPath: $0) }
    }()

    static let isThere: Bool = {
        if library == nil, !Binaries.areRequired {
            print("skipped: faketime is missing, which lets a test choose the time")
        }
        return library != nil || Binaries.areRequired
    }()

    /// `2026-12-01 00:00:00`, in UTC.
    static func at(_ time: String) throws -> [String: String] {
        [
            "LD_PRELOAD": try #require(library, "faketime is not installed"), "FAKETIME": "@\(time)",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1", "TZ": "UTC",
        ]
    }
}
