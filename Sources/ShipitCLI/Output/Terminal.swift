import Foundation

/// What the place that progress is written to can do.
enum Terminal {
    struct Style: Hashable, Sendable {
        var color: Bool
        /// Whether symbols beyond ASCII come out.
        var unicode: Bool
    }

    struct Size: Hashable, Sendable {
        var width: Int
        var height: Int
    }

    /// How a live block may be drawn; `nil` where plain lines are due: no terminal, one that cannot move its cursor, or
    /// a build server.
    static func style(environment: [String: String], isTerminal: Bool) -> Style? {
        guard isTerminal else { return nil }
        let kind = environment["TERM"] ?? ""
        if kind.isEmpty || kind == "dumb" || kind == "unknown" { return nil }
        if isBuildServer(environment) { return nil }
        // https://no-color.org: present and not empty, whatever its value.
        let color = (environment["NO_COLOR"] ?? "").isEmpty
        return Style(color: color, unicode: isUnicode(environment))
    }

    /// Nobody watches there, whatever looks like a terminal.
    static func isBuildServer(_ environment: [String: String]) -> Bool {
        guard let ci = environment["CI"] else { return false }
        return !["", "0", "false"].contains(ci.lowercased())
    }

    static func isUnicode(_ environment: [String: String]) -> Bool {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
        let name = locale.lowercased()
        return name.contains("utf-8") || name.contains("utf8")
    }

    /// The size of the terminal behind a descriptor; that of a VT100 where it doesn't say.
    static func size(of descriptor: Int32) -> Size {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
            return Size(width: 80, height: 24)
        }
        return Size(width: Int(size.ws_col), height: Int(size.ws_row))
    }
}
