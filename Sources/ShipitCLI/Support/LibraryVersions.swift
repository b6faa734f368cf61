import Foundation

/// The versions of the system's libraries that this process has loaded.
enum LibraryVersions {
    static var words: String {
        let sqlite = text("sqlite3_libversion") ?? "?"
        let yaml = text("yaml_get_version_string") ?? "?"
        return "SQLite \(sqlite), libgit2 \(git ?? "?"), libyaml \(yaml)"
    }

    private static func text(_ function: String) -> String? {
        guard let symbol = dlsym(nil, function) else { return nil }
        typealias Version = @convention(c) () -> UnsafePointer<CChar>?
        return unsafeBitCast(symbol, to: Version.self)().map { String(cString: $0) }
    }

    private static var git: String? {
        guard let symbol = dlsym(nil, "git_libgit2_version") else { return nil }
        typealias Version =
            @convention(c) (UnsafeMutablePointer<Int32>, UnsafeMutablePointer<Int32>, UnsafeMutablePointer<Int32>)
            -> Int32
        var (major, minor, revision): (Int32, Int32, Int32) = (0, 0, 0)
        guard unsafeBitCast(symbol, to: Version.self)(&major, &minor, &revision) == 0 else { return nil }
        return "\(major).\(minor).\(revision)"
    }
}
