/// Where a process may look for its control group (cgroup v2) among the mounted file systems.
public enum ControlGroupPlace {
    /// The folder of the group that a process is in.
    ///
    /// - Parameters:
    ///   - mounts: what `/proc/self/mountinfo` holds.
    ///   - membership: what `/proc/self/cgroup` holds.
    /// - Returns: `nil` where no hierarchy of version 2 is mounted, alone or beside those of version 1, or where the group
    ///   lies outside of what is mounted.
    public static func folder(mounts: [UInt8], membership: [UInt8]) -> String? {
        guard let group = path(inUnifiedHierarchy: membership) else { return nil }
        // What was mounted last lies on top.
        for mount in lines(mounts).reversed() {
            let words = mount.split(separator: " ", omittingEmptySubsequences: false)
            guard let dash = words.firstIndex(of: "-"), dash + 1 < words.count, dash > 4, words[dash + 1] == "cgroup2"
            else { continue }
            let (root, point) = (unescaped(words[3]), unescaped(words[4]))
            if let rest = rest(of: group, below: root) { return rest == "/" ? point : point + rest }
        }
        return nil
    }

    /// The path of a process's group in the hierarchy of version 2, from its `/proc/PID/cgroup`.
    public static func path(inUnifiedHierarchy membership: [UInt8]) -> String? {
        lines(membership).first { $0.hasPrefix("0::/") }.map { String($0.dropFirst(3)) }
    }

    private static func lines(_ bytes: [UInt8]) -> [String] {
        bytes.split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }
    }

    /// What is left of an absolute path below `root`; always begins with a slash.
    private static func rest(of path: String, below root: String) -> String? {
        if root == "/" { return path }
        guard path.hasPrefix(root) else { return nil }
        let rest = path.dropFirst(root.count)
        if rest.isEmpty { return "/" }
        return rest.first == "/" ? String(rest) : nil
    }

    /// The kernel writes blanks and backslashes as three octal digits.
    private static func unescaped(_ word: Substring) -> String {
        guard word.contains("\\") else { return String(word) }
        var bytes: [UInt8] = []
        var rest = word.utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "\\"), let code = UInt8(String(decoding: rest.prefix(3), as: UTF8.self), radix: 8) {
                bytes.append(code)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
