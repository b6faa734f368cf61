import Foundation
import Testing

/// `check`, and the same suite as a stage.
@Suite(.serialized, .timeLimit(.minutes(2)), .needsBinaries)
struct CheckTests {
    private static let pipeline = """
        shipit: 1
        name: deploy
        environments: {production: {vars: {port: 1}}}
        people: {ana: {}, ben: {}}
        roles: {support: {people: [ana]}}
        stages:
          ready: {checks: ready}
          restart: {needs: [ready], run: echo restart >> effects.log}
        checks:
          ready:
            - {name: Flag, run: test -e flag, remediation: make the flag}
            - {name: After it, run: "true", depends-on: Flag}
            - {name: Cache, run: exit 3, severity: high, owner: ben}
            - {name: Briefed, manual: They know, role: support}
            - {name: Old, run: "false", waiver: {by: ana, why: it goes soon, until: 2999-12-31}}
          release:
            - {name: Tag, run: [echo, "${{ release.tag }}"], stdout: v1}

        """

    @Test func `NO-GO ends with 3 and says why, until people have said what only they can`() async throws {
        let project = try await ScratchProject(Self.pipeline)
        try await project.shipit("check", "ready").exits(3).says(
            "NO-GO", "FAILED     Flag: exit 1, expected 0", "do:   make the flag", "NOT ASKED  After it",
            "TO TICK    Briefed", "WAIVED     Old", "there is no earlier green run")
        try await project.shipit("deploy", "v1.0.0", "--yes").exits(3).says("Flag", "nobody of support has ticked it")
        try project.touch("flag")
        try await project.shipit("check", "ready", "--tick", "Briefed", "--as", "ben").exits(3)
        try await project.shipit("check", "ready", "--tick", "Briefed", "--as", "ana").exits(0)
        try await project.shipit("check", "ready", "--sign-off", "Flag", "--why", "x", "--as", "ben").exits(2)
        try await project.shipit("check", "ready", "--sign-off", "Cache", "--as", "ben").exits(2)
        try await project.shipit("check", "ready", "--sign-off", "Cache", "--why", "no cache", "--as", "ben").exits(0)
        try await project.shipit("check", "ready").exits(0).says("GO", "SIGNED OFF Cache", "no cache")
        try await project.shipit("deploy", "v1.0.0", "--yes").exits(0)
        #expect(project.read("effects.log") == "restart\n")
        try await project.shipit("check", "ready", "--withdraw", "Briefed", "--as", "ana").exits(0)
        try await project.shipit("check", "ready").exits(3).says("Briefed: passed → failed")
    }

    @Test func `other programs are told in their own words`() async throws {
        let project = try await ScratchProject(Self.pipeline)
        let json = try await project.shipit("check", "ready", "--output", "json")
        #expect(try json.exits(3).json["verdict"].string == "NO-GO")
        #expect(
            try await project.shipit("check", "ready", "--output", "junit").exits(3).stdout.contains("failures=\"4\""))
        let tap = try await project.shipit("check", "ready", "--output", "tap").exits(3).stdout
        #expect(tap.hasPrefix("TAP version 13\n1..5\nnot ok 1 - Flag\n"))
        let nagios = try await project.shipit("check", "ready", "--output", "nagios").exits(2).stdout
        #expect(
            nagios.hasPrefix("SHIPIT CRITICAL - ready: Flag: ") && nagios.contains("| passed=0 warnings=1 failed=4 "))
    }

    @Test func `wrong usage ends with 2, and a suite about a release needs one`() async throws {
        let project = try await ScratchProject(Self.pipeline)
        try await project.shipit("check", "redy").exits(2).says("did you mean ready?")
        try await project.shipit("check", "ready", "--env", "nowhere").exits(2)
        try await project.shipit("check", "ready", "--why", "x").exits(2)
        try await project.shipit("check", "release").exits(2).says("--tag TAG")
        try await project.shipit("check", "release", "--tag", "v1.0.0").exits(0).says("GO")
    }
}
