import Foundation
import ShipitCore
import Testing

@testable import ShipitCLI

@Suite(.timeLimit(.minutes(3)))
struct PlaceTests {
    @Test func `the project is the nearest folder above that holds pipelines`() throws {
        let scratch = try ScratchFolder()
        try scratch.write("pipelines/deploy.yaml", "shipit: 1\n")
        try scratch.write("src/deep/file", "")

        let place = try Place(folder: scratch.path + "/src/deep", state: nil, environment: [:])

        #expect(try place.project().root == scratch.path)
        #expect(try place.stateFolder() == scratch.path + "/.shipit")
    }

    @Test func `a state folder is taken from the option, then from the environment, relative to where one is`() throws {
        let scratch = try ScratchFolder()
        let environment = ["SHIPIT_STATE": "from-environment"]

        let given = try Place(folder: scratch.path, state: "given", environment: environment)
        let inherited = try Place(folder: scratch.path, state: nil, environment: environment)

        #expect(try given.stateFolder() == scratch.path + "/given")
        #expect(try inherited.stateFolder() == scratch.path + "/from-environment")
    }

    @Test func `without pipelines anywhere above, the mistake is the caller's`() throws {
        let scratch = try ScratchFolder()
        let place = try Place(folder: scratch.path, state: nil, environment: [:])

        let failure = #expect(throws: CommandFailure.self) { try place.project() }
        #expect(failure?.exitCode == 2)
        #expect(throws: CommandFailure.self) { try Place(folder: "/no/such/folder", state: nil, environment: [:]) }
    }

    @Test(arguments: [
        ("a/../b", "/r/b"), ("./a//b/", "/r/a/b"), ("/x/./y", "/x/y"), ("..", "/"), ("../../..", "/"), (".", "/r"),
    ])
    func `paths are made absolute without asking the disk`(_ path: String, _ expected: String) {
        #expect(Place.absolute(path, from: "/r") == expected)
    }

    @Test func `names keep to letters, digits, dots, dashes and underscores`() {
        for name in ["deploy", "a", "1", "a.b-c_d", String(repeating: "a", count: 64)] {
            #expect(NameRule.holds(for: name))
        }
        for name in ["", ".", "-a", "a/b", "a b", "ä", "../x", String(repeating: "a", count: 65)] {
            #expect(!NameRule.holds(for: name))
        }
    }

    @Test func `a named pipe, a folder and an endless file are no pipeline`() throws {
        let scratch = try ScratchFolder()
        mkfifo(scratch.path + "/pipe", 0o600)

        for path in [scratch.path + "/pipe", scratch.path, "/dev/zero", scratch.path + "/missing"] {
            let failure = #expect(throws: CommandFailure.self) { try FileBytes.read(path, atMost: 100, shownAs: "it") }
            #expect(failure?.exitCode == 2)
        }
        let large = try scratch.write("large", String(repeating: "x", count: 200_000))
        #expect(throws: CommandFailure.self) { try FileBytes.read(large, atMost: 100, shownAs: "it") }
        #expect(try FileBytes.read(large, atMost: 200_000, shownAs: "it").count == 200_000)
    }

    @Test func `the file system of a folder is that of the deepest mount above it`() {
        let mounts = """
            /dev/sda1 / ext4 rw 0 0
            server:/x /mnt/share nfs4 rw 0 0
            tmpfs /mnt/share/fast tmpfs rw 0 0
            other /with\\040space xfs rw 0 0
            """

        #expect(FileSystem.name(of: "/home/ana", in: mounts) == "ext4")
        #expect(FileSystem.name(of: "/mnt/share", in: mounts) == "nfs4")
        #expect(FileSystem.name(of: "/mnt/shared", in: mounts) == "ext4")
        #expect(FileSystem.name(of: "/mnt/share/fast/a", in: mounts) == "tmpfs")
        #expect(FileSystem.name(of: "/with space/a", in: mounts) == "xfs")
    }
}
