import CLibGit2

/// libgit2 is initialised once, before its first use; it counts, and is never shut down in a process.
enum LibGit2 {
    static let isReady: Bool = git_libgit2_init() > 0

    static var lastMessage: String {
        guard let error = git_error_last(), let message = error.pointee.message else { return "no reason given" }
        return String(cString: message)
    }

    /// Calls a function of libgit2 that gives an object; `nil` when there is none.
    static func find(
        _ what: String, _ call: (UnsafeMutablePointer<OpaquePointer?>) -> Int32
    ) throws(GitError) -> OpaquePointer? {
        var found: OpaquePointer?
        let code = call(&found)
        if code == GIT_ENOTFOUND.rawValue { return nil }
        guard code == 0 else { throw .failed(what, reason: lastMessage) }
        return found
    }

    static func check(_ code: Int32, _ what: String) throws(GitError) {
        guard code >= 0 else { throw .failed(what, reason: lastMessage) }
    }
}

extension git_oid {
    /// 40 hexadecimal digits.
    var hex: String {
        var copy = self
        var text = [CChar](repeating: 0, count: 41)
        git_oid_tostr(&text, text.count, &copy)
        return String(decoding: text.prefix(40).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    init?(hex: String) {
        self.init()
        guard hex.utf8.count == 40, git_oid_fromstr(&self, hex) == 0 else { return nil }
    }
}
