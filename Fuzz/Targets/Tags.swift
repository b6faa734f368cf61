import Foundation
import ShipitCore
import ShipitGit

/// A name is that of a tag, byte for byte, or no release at all; a glob finds what a naive one does.
@Sendable func checkTag(_ bytes: [UInt8]) throws {
    let project = try TaggedProject.shared.get()
    let name = String(decoding: bytes, as: UTF8.self)
    let expected = project.tags[Array(name.utf8)]
    do {
        let release = try project.repository.release(tag: name)
        try expect(release.commit == expected && release.tag == name, "\(name.debugDescription) is \(release)")
    } catch let error as GitError {
        try expect(expected == nil, "\(name.debugDescription) is a tag, and is refused: \(error)")
        _ = (error.description, error.hint)
    }
    let found = try project.repository.tags(matching: name).map(\.name)
    let wanted = project.tags.keys.map { String(decoding: $0, as: UTF8.self) }.filter { naivelyMatches(name, $0) }
    try expect(
        found.count == wanted.count && Set(found.map { Array($0.utf8) }) == Set(wanted.map { Array($0.utf8) }),
        "\(name.debugDescription) finds \(found), not \(wanted)")
}

/// The first line as a glob over the others; and these as versions, in an order that is one.
@Sendable func checkVersions(_ bytes: [UInt8]) throws {
    let texts = lines(of: bytes)
    let names = Array(texts.dropFirst().prefix(4))
    for name in names {
        let (found, expected) = (Glob(texts[0]).matches(name), naivelyMatches(texts[0], name))
        try expect(found == expected, "\(texts[0].debugDescription) takes \(name.debugDescription): \(found)")
    }
    for one in names {
        for other in names {
            let (after, before) = (Version.isNewer(one, than: other), Version.isNewer(other, than: one))
            try expect(!(after && before), "\(one) and \(other) are both the newer one")
            try expect(
                after || before || one.utf8.elementsEqual(other.utf8), "neither \(one) nor \(other) is the newer one")
            for third in names where after && Version.isNewer(other, than: third) {
                try expect(Version.isNewer(one, than: third), "\(one), \(other), \(third) are in no order")
            }
        }
    }
}

/// Says for each beginning of the pattern and of the name whether they match; nothing is clever about it.
private func naivelyMatches(_ pattern: String, _ name: String) -> Bool {
    let (pattern, name) = (Array(pattern), Array(name))
    var parts: [(Character) -> Bool?] = []
    var place = 0
    while place < pattern.count {
        let character = pattern[place]
        place += 1
        switch character {
        case "*": parts.append { _ in nil }
        case "?": parts.append { _ in true }
        case "\\" where place < pattern.count:
            let literal = pattern[place]
            parts.append { $0 == literal }
            place += 1
        case "[":
            guard place < pattern.count,
                let close = (place + 1..<max(place + 1, pattern.count)).first(where: { pattern[$0] == "]" })
            else {
                parts.append { $0 == "[" }
                continue
            }
            let set = Array(pattern[place..<close])
            parts.append { naively(set, holds: $0) }
            place = close + 1
        default: parts.append { $0 == character }
        }
    }
    var reached = [true] + Array(repeating: false, count: name.count)
    for part in parts {
        var next = Array(repeating: false, count: name.count + 1)
        if part(" ") == nil {
            var isOpen = false
            for index in reached.indices {
                isOpen = isOpen || reached[index]
                next[index] = isOpen
            }
        } else {
            for index in name.indices where reached[index] { next[index + 1] = part(name[index]) == true }
        }
        reached = next
    }
    return reached[name.count]
}

private func naively(_ set: [Character], holds letter: Character) -> Bool {
    let isNegated = set.first == "!" || set.first == "^"
    var members = isNegated ? Array(set.dropFirst()) : set
    var isIn = false
    while let first = members.first {
        if members.count >= 3, members[1] == "-" {
            isIn = isIn || (first...max(first, members[2])).contains(letter) && first <= members[2]
            members.removeFirst(3)
        } else {
            isIn = isIn || first == letter
            members.removeFirst()
        }
    }
    return isIn != isNegated
}

/// A repository with tags, branches and other references whose names resemble one another, each with a commit of its own.
private struct TaggedProject {
    static let shared = Result { try TaggedProject() }

    private static let names = [
        "v1.0.0", "v1.0.1", "v1.0", "v1", "1.0.0", "HEAD", "main", "master", "heads/main", "tags/v1", "refs/tags/v1",
        "v1.0.0+build.5", "v1.0.0-rc.1", "-evil", "--upload-pack=x", "v1$x", "v'q'", "v\"q\"", "v;x", "v|x", "v`x`",
        "é",
        "e\u{301}", "ναι-1.0", "発売/1", "team/web/v1.2.3", "a@b", "stash", "x/HEAD", "v2{0}", "deadbeef", "origin/main",
    ]

    private let folder: ScratchFolder
    let repository: GitRepository
    /// The commit of each tag, by the bytes of its name: to Swift two spellings of é are one.
    let tags: [[UInt8]: String]

    private init() throws {
        folder = try ScratchFolder()
        try git(["init", "--quiet", "--initial-branch=main", folder.path])
        let half = Self.names.count / 2
        let first = try Self.write(Array(Self.names[..<half]), from: 1, in: folder)
        try git(["-C", folder.path, "pack-refs", "--all"])
        let second = try Self.write(Array(Self.names[half...]), from: 1000, in: folder)
        // No tag by itself, so no release.
        try git(["-C", folder.path, "symbolic-ref", "refs/tags/alias", "refs/heads/main"])
        tags = first.merging(second) { first, _ in first }
        repository = try GitRepository(path: folder.path)
    }

    private static func write(_ names: [String], from mark: Int, in folder: ScratchFolder) throws -> [[UInt8]: String] {
        var (stream, mark) = ("", mark)
        var marks: [Int: String] = [:]
        func commit(_ reference: String) {
            stream += "commit \(reference)\nmark :\(mark)\ncommitter Ana <ana@example.org> 1768181400 +0000\n"
            stream += "data \(String(mark).utf8.count)\n\(mark)\n\n"
            mark += 1
        }
        for (index, name) in names.enumerated() {
            // Every third one is annotated.
            if index.isMultiple(of: 3) {
                commit("refs/heads/of-\(mark)")
                stream += "tag \(name)\nfrom :\(mark - 1)\ntagger Ana <ana@example.org> 1768181400 +0000\ndata 1\nt\n"
            } else {
                commit("refs/tags/\(name)")
            }
            marks[mark - 1] = name
        }
        for name in ["main", "v1.0.0", "v9", "only-a-branch"] { commit("refs/heads/\(name)") }
        commit("refs/remotes/origin/main")
        commit("refs/notes/v8")
        try folder.write(Array(stream.utf8), to: ".git/stream")
        let list = folder.path + "/.git/marks"
        try git(
            ["-C", folder.path, "fast-import", "--quiet", "--force", "--export-marks=\(list)"],
            input: folder.path + "/.git/stream")
        var found: [[UInt8]: String] = [:]
        for line in String(decoding: FileManager.default.contents(atPath: list) ?? Data(), as: UTF8.self).split(
            separator: "\n")
        {
            let words = line.dropFirst().split(separator: " ")
            if words.count == 2, let number = Int(words[0]), let name = marks[number] {
                found[Array(name.utf8)] = String(words[1])
            }
        }
        guard found.count == names.count else { throw Finding(description: "git has made \(found.count) tags") }
        return found
    }
}

/// Runs git, untouched by who runs it.
private func git(_ arguments: [String], input: String = "/dev/null") throws {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
    let environment = ["PATH=/usr/bin:/bin", "HOME=/nonexistent", "GIT_CONFIG_NOSYSTEM=1"]
    var words = (["git"] + arguments).map { strdup($0) } + [nil]
    var variables = environment.map { strdup($0) } + [nil]
    defer { for pointer in words + variables { free(pointer) } }
    var pid: pid_t = 0
    guard posix_spawnp(&pid, "/usr/bin/git", &actions, nil, &words, &variables) == 0 else {
        throw Finding(description: "git cannot be started")
    }
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0, errno == EINTR {}
    guard status == 0 else { throw Finding(description: "git \(arguments) ended with \(status)") }
}
