#if canImport(Musl)
    import Musl
#else
    import Glibc
#endif

enum Programs {
    /// Where a shell with this PATH would find a program; `nil` when it would not.
    static func find(_ name: String, path: String, directory: String) -> String? {
        path.split(separator: ":").lazy
            .map { $0.hasPrefix("/") ? "\($0)/\(name)" : "\(directory)/\($0)/\(name)" }
            .first { candidate in
                var facts = stat()
                return stat(candidate, &facts) == 0 && facts.st_mode & S_IFMT == S_IFREG && access(candidate, X_OK) == 0
            }
    }
}
