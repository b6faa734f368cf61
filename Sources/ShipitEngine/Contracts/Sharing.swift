internal import Foundation

/// For whom the things in a folder are: for its owner alone (0700), or for a group (2770). What is made below it is for the
/// same, whatever the caller's umask says.
public struct Sharing: Hashable, Sendable {
    public let isGroups: Bool

    /// As the folder itself says; one that cannot be asked is its owner's alone.
    public init(of folder: String) {
        var status = stat()
        isGroups = stat(folder, &status) == 0 && status.st_mode & 0o2770 == 0o2770
    }

    public var folderMode: UInt32 { isGroups ? 0o2770 : 0o700 }
    public var fileMode: UInt32 { isGroups ? 0o660 : 0o600 }

    /// Makes a folder, and those above it that are missing.
    /// - Returns: why it could not be made; `nil` when it is there.
    public func makeFolder(_ path: String) -> String? {
        if mkdir(path, mode_t(folderMode)) == 0 {
            // The umask takes bits away, and `mkdir` gives no set-group-id.
            return isGroups && chmod(path, mode_t(folderMode)) != 0 ? Self.reason(path) : nil
        }
        switch errno {
        case EEXIST:
            var status = stat()
            return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR ? nil : "\(path) is not a folder"
        case ENOENT:
            let parent = (path as NSString).deletingLastPathComponent
            guard !parent.isEmpty, parent != path else { return Self.reason(path) }
            return makeFolder(parent) ?? makeFolder(path)
        default: return Self.reason(path)
        }
    }

    /// Gives an open file that this process has just made its mode.
    public func apply(to descriptor: Int32) {
        // Another member's file has its mode already, and only its owner may set it.
        if isGroups { _ = fchmod(descriptor, mode_t(fileMode)) }
    }

    private static func reason(_ path: String) -> String { "\(path): \(String(cString: strerror(errno)))" }
}
