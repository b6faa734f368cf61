import Testing

@testable import ShipitCLI

@Suite(.timeLimit(.minutes(3)))
struct ArgumentOrderTests {
    @Test(arguments: [
        (["-C", "dir", "deploy", "v1"], ["deploy", "-C", "dir", "v1"]),
        (["--env=prod", "deploy", "v1"], ["deploy", "--env=prod", "v1"]),
        (["--state", "s", "-C", "d", "runs"], ["runs", "--state", "s", "-C", "d"]),
        (["--state", "s", "audit", "verify", "r"], ["audit", "verify", "--state", "s", "r"]),
        (["--state", "s", "audit", "--help"], ["audit", "--state", "s", "--help"]),
        (["deploy", "v1", "-C", "dir"], ["deploy", "v1", "-C", "dir"]),
        (["deploy", "--", "-C"], ["deploy", "--", "-C"]),
        (["--help"], ["--help"]),
        (["-C", "dir", "--help"], ["-C", "dir", "--help"]),
        (["-C", "dir"], ["-C", "dir"]),
        ([], []),
    ])
    func `global options may stand before the command`(_ given: [String], _ expected: [String]) {
        #expect(ArgumentOrder.commandFirst(given) == expected)
    }

    @Test func `what follows the command keeps its place, a hostile tag included`() {
        let arguments = ["deploy", "--again", "--", "--upload-pack=x"]
        #expect(ArgumentOrder.commandFirst(["-C", "d"] + arguments) == ["deploy", "-C", "d"] + arguments.dropFirst())
    }
}
