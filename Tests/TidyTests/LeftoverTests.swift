import Foundation
import Testing

@Suite(.timeLimit(.minutes(3))) struct LeftoverTests {
    @Test func `nothing is left to be done in the sources`() throws {
        let marks = ["TO" + "DO", "FIX" + "ME", "XX" + "X:", "HA" + "CK"]
        let left = try SourceTree.files(in: "Sources").flatMap { file in
            file.lines.enumerated().filter { line in marks.contains { line.element.contains($0) } }
                .map { "\(file.path):\($0.offset + 1)" }
        }
        #expect(left == [])
    }

    @Test func `no file or type is called manager, helper, utils or common`() throws {
        let banned = ["Manager", "Helper", "Utils", "Common"]
        let named = try SourceTree.files(in: "Sources").map(\.path).filter { path in
            let name = ((path as NSString).lastPathComponent as NSString).deletingPathExtension
            return banned.contains { name.hasSuffix($0) || name == $0 }
        }
        #expect(named == [])
    }

    @Test func `nothing switches the concurrency checks off`() throws {
        let word = "nonisolated" + "(unsafe)"
        let files = try SourceTree.files(in: "Sources").filter { $0.lines.contains { $0.contains(word) } }
        #expect(files.map(\.path) == [])
    }

    @Test func `every dependency names an exact version`() throws {
        let manifest = try #require(try SourceTree.files(in: "").first { $0.path == "Package.swift" })
        for line in manifest.lines where line.contains(".package(url:") {
            #expect(line.contains("exact:"), "\(line)")
        }
    }

    @Test func `links between pages lead somewhere`() throws {
        let link = /\]\(([^)#:]+)(#[^)]*)?\)/
        var dead: [String] = []
        for page in try SourceTree.files(in: "", endings: ["md"]) {
            let folder = SourceTree.root.appending(path: page.path).deletingLastPathComponent()
            for line in page.lines {
                for match in line.matches(of: link) {
                    let target = folder.appending(path: String(match.1)).path
                    if !FileManager.default.fileExists(atPath: target) { dead.append("\(page.path): \(match.1)") }
                }
            }
        }
        #expect(dead == [])
    }
}
