import Foundation
import Testing

/// `report` and `why`: the record of a run, and what moves it on.
@Suite(.serialized, .timeLimit(.minutes(2)), .needsBinaries)
struct ReportTests {
    static let pipeline = """
        shipit: 1
        name: deploy
        people: {ana: {}}
        roles: {devops: {people: [ana]}}
        environments: {production: {approvals: {roles: [devops], allow-self: yes}}}
        secrets: {TOKEN: {env: TOKEN}}
        stages:
          preflight: {checks: preflight}
          first: {needs: [preflight], run: "true", rollback: "true"}
          second:
            needs: [first]
            run: "echo it uses $TOKEN; echo '<b>bold</b>'; exit 7"
            env: {TOKEN: "${{ secrets.TOKEN }}"}
          third: {needs: [second], run: "true"}
        checks:
          preflight:
            - {name: Says yes, run: "echo yes", stdout: "yes", owner: ana, imported: {line: 3, section: Before, ticked: yes}}
            - {name: Warns, run: "echo no >&2; false", severity: medium, imported: {line: 4, level: 2}}
        """

    @Test func `a run's record holds its people, attempts, evidence and ways back, in every form, and no secret`()
        async throws
    {
        let project = try await ScratchProject(Self.pipeline)
        let secret = "wolf-\(UInt32.random(in: 1_000_000...9_999_999))"
        try await project.shipit("deploy", "v1.0.0", variables: ["TOKEN": secret]).exits(6)
        try await project.shipit("why").exits(0).says("devops has not signed", "shipit approve", "shipit reject")
        try await project.shipit("approve", "latest", "devops", "--as", "ana").exits(0)
        try await project.shipit("resume", variables: ["TOKEN": secret]).exits(4)
        let run = try await project.latestRun()

        let markdown = try await project.shipit("report", run).exits(0)
        let json = try await project.shipit("report", run, "--format", "json").exits(0)
        let html = try await project.shipit("report", run, "--format", "html").exits(0)
        let junit = try await project.shipit("report", run, "--format", "junit").exits(0)
        let why = try await project.shipit("why").exits(0)

        for form in [markdown, json, html, junit, why] { #expect(!form.printed.contains(secret), "\(form)") }
        for words in [
            "| second | 1 | failed |", "- [x] Says yes (ana): echo yes: exit 0", "**warning**",
            "| devops | ana | approves |",
            "| undo of first | 1 | succeeded |", "**undone**", "    it uses ***", "### Before\n\n- [x] Says yes",
            "\n  - [ ] Warns\n", "third",
        ] {
            #expect(markdown.stdout.contains(words), "it lacks \(words): \(markdown)")
        }
        let record = try json.json
        #expect(record["exitCode"] == 4 && record["run"]["outcome"] == "rolled-back")
        #expect(record["stages"].first("name", "second")["attempts"].items.first?["exitCode"] == 7)
        #expect(record["signOffs"].items.map { $0["person"].string } == ["ana"])
        let answers = try #require(record["checks"].items.first?["answers"].items)
        #expect(answers.map { $0["verdict"].string } == ["passed", "warning"])
        let audit = try await project.shipit("audit", "verify", run, "--output", "json").exits(0)
        let head = try #require(record["journal"]["head"].string)
        #expect(head.count == 64 && audit.stdout.contains(head), "\(audit)")
        #expect(html.stdout.hasPrefix("<!DOCTYPE html>") && html.stdout.contains("&lt;b&gt;bold&lt;/b&gt;"))
        #expect(junit.stdout.contains("<failure message="))
        #expect(why.stdout.contains("stage second failed in attempt 1"))
        #expect(why.stdout.contains("    | it uses ***") && why.stdout.contains("next: shipit logs \(run) second"))
        try await project.shipit("report", "20990101-0000-none").exits(2).says("there is no run")
    }

    @Test func `without a run, report writes the checklist that the pipeline was imported from`() async throws {
        let project = try await ScratchProject(nil, files: ["GO.md": Self.checklist])
        try await project.shipit("import", "GO.md").exits(0)

        let shown = try await project.shipit("report", "--pipeline", "go").exits(0)

        for line in ["- [x] Backup verified", "- [ ] Disk is large enough", "  - [ ] Nested item"] {
            #expect(shown.stdout.contains(line + "\n"), "it lacks \(line): \(shown)")
        }
        try await project.shipit("report", "--pipeline", "go", "--format", "html").exits(2).says("name the run")
    }

    static let checklist = """
        # Going live

        ## Before

        - [x] Backup verified
        - [ ] Disk is large enough
          - [ ] Nested item

        """
}
