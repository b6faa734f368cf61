import Foundation
import FoundationXML
import ShipitCore
import Testing

@testable import ShipitCLI

@Suite(.timeLimit(.minutes(3)))
struct RunReportTests {
    static let later = Story.start + .minutes(30)

    static func report(_ story: Story) -> RunReport {
        RunReport(
            story.view, entries: story.entries,
            journal: .init(events: Int64(story.entries.count), head: "ab12"), now: later)
    }

    /// A run with something of everything, in words that try to be more than words.
    static func hostile() -> RunReport {
        let evil = "<script>alert(1)</script> | \"q\" & 'a' \u{1B}[2J\u{202E}]]>"
        var plan = Story.plan(monitor: Story.monitor)
        plan.suites = [
            "smoke": [
                Check(
                    name: evil, owner: evil,
                    probe: ProbeRequest(probe: "manual", subject: .text(Template(literal: evil))),
                    imported: ChecklistOrigin(line: 3, section: evil, text: evil)),
                Check(name: "Other", probe: ProbeRequest(probe: "tcp", subject: .text(Template(literal: "x")))),
            ]
        ]
        plan.vars = ["x": evil]
        var story = Story(plan)
        for stage: StageName in ["backup", "migrate", "restart"] { story.succeed(stage) }
        story.tell(.monitoringStarted, after: .zero)
        story.tell(.ruleFired(rule: "api.error-rate > 5% for 5m", observed: 0.21))
        story.tell(.operatorActed(OperatorAct(.skip("smoke"), by: evil, why: evil)))
        story.fail("smoke", reason: evil)
        story.tell(.rollbackStarted(reason: evil))
        story.fail("restart", .undo, reason: evil)
        story.succeed("migrate", .undo)
        story.tell(.runFinished(outcome: .rollbackFailed, reason: evil))
        var report = report(story)
        report.words = [
            .init(
                at: Story.start,
                signOff: SignOff(role: evil, person: evil, by: evil, proof: .claimed, planDigest: "sha256:0"),
                rejectedBecause: evil)
        ]
        report.printed = [AttemptID(stage: "smoke", number: 1): [evil, "\u{7}ok"]]
        report.evidence = [
            SuiteEvidence(
                stage: "smoke", suite: "smoke", attempt: AttemptID(stage: "smoke", number: 1),
                answers: SuiteEvidence.answers(
                    to: plan.suites["smoke"]!, in: ["FAILED: \(evil): \(evil)", "warning: Other: late"]))
        ]
        return report
    }

    // MARK: Markdown

    @Test func `the record of a run that went back says who, when, what, why and what is undone`() {
        #expect(
            ReportMarkdown.text(Self.report(Story.rolledBack())) == """
                # deploy of v1.15.2 to production: rolled back

                |  |  |
                | --- | --- |
                | run | 20260112-0130-7f3k |
                | pipeline | deploy |
                | environment | production |
                | release | v1.15.2, commit 1a2b3c4d5e6f708192a3b4c5d6e7f80912345678 |
                | release before | v1.15.1, commit 0a1b2c3d4e5f60718293a4b5c6d7e8f901234567 |
                | started | 2026-01-12 01:30:05 UTC by ana |
                | ended | 2026-01-12 01:30:37 UTC, after 32s |
                | outcome | rolled back (exit code 4) |
                | why | stage smoke failed: check "Health": status 500 |
                | plan | sha256:9f86d081884c7d65 |
                | journal | 16 events, the last hash ab12 |

                ## Timeline

                | began (UTC) | what | attempt | verdict | took | why |
                | --- | --- | --- | --- | --- | --- |
                | 01:30:06 | backup | 1 | succeeded | 4.0s |  |
                | 01:30:11 | migrate | 1 | succeeded | 4.0s |  |
                | 01:30:16 | restart | 1 | succeeded | 4.0s |  |
                | 01:30:21 | smoke | 1 | failed | 4.0s | exit 1: check "Health": status 500 |
                | 01:30:27 | undo of restart | 1 | succeeded | 4.0s |  |
                | 01:30:32 | undo of migrate | 1 | succeeded | 4.0s |  |

                ## Rollback

                stage smoke failed: check "Health": status 500

                **undone**

                - restart
                - migrate
                - backup: nothing to undo

                """)
    }

    @Test func `what people typed and commands printed begins nothing in markdown`() {
        let text = ReportMarkdown.text(Self.hostile())
        // But for blocks of output, and the items of the checklist: these are the author's own Markdown.
        let own = text.split(separator: "\n").filter {
            !$0.hasPrefix("    ") && !($0.hasPrefix("- [ ] <") || $0.hasPrefix("### <"))
        }
        for line in own {
            #expect(!line.contains("<script"), "\(line)")
            if line.hasPrefix("|") {
                let cells = line.replacing("\\\\", with: "").replacing("\\|", with: "").count { $0 == "|" }
                #expect([3, 6, 5, 7].contains(cells), "\(line)")
            }
        }
        #expect(!text.unicodeScalars.contains("\u{1B}") && !text.unicodeScalars.contains("\u{202E}"))
    }

    // MARK: HTML

    @Test(arguments: [Story.rolledBack(), Story.succeeded(), Story.undoFailed(), Story.paused(), Story.refused()])
    func `the HTML is well-formed and needs no other file`(story: Story) throws {
        let text = ReportHTML.text(Self.report(story))
        _ = try XMLDocument(xmlString: text)
        #expect(
            !text.contains("http://www.w3.org/2000/svg\" src") && !text.contains("<script") && !text.contains("<link"))
        for attribute in ["src=", "href="] {
            for part in text.components(separatedBy: attribute).dropFirst() {
                #expect(part.hasPrefix("\"data:image/svg+xml;base64,"), "\(part.prefix(60))")
            }
        }
    }

    @Test func `no word of others can be a tag, an attribute or a style`() throws {
        let text = ReportHTML.text(Self.hostile())
        let document = try XMLDocument(xmlString: text)
        var names: Set<String> = []
        var attributes: Set<String> = []
        func walk(_ node: XMLNode) {
            if let element = node as? XMLElement {
                names.insert(element.name ?? "")
                for attribute in element.attributes ?? [] { attributes.insert(attribute.name ?? "") }
            }
            for child in node.children ?? [] { walk(child) }
        }
        walk(document)
        #expect(!names.contains("script"))
        #expect(attributes.allSatisfy { !$0.hasPrefix("on") })
        #expect(!text.unicodeScalars.contains("\u{1B}") && !text.unicodeScalars.contains("\u{202E}"))
        // The words themselves are there.
        #expect(text.contains("&lt;script&gt;alert(1)"))
    }

    @Test func `the timeline has a bar for each attempt`() throws {
        let report = Self.hostile()
        let timeline = try XMLDocument(xmlString: ReportTimeline(report).svg)
        let bars = try timeline.nodes(forXPath: "//rect").compactMap {
            ($0 as? XMLElement)?.attribute(forName: "class")
        }
        #expect(
            bars.compactMap(\.stringValue) == [
                "bar succeeded", "bar succeeded", "bar succeeded undo", "bar succeeded", "bar failed undo",
                "bar failed",
            ])
    }

    // MARK: JUnit

    @Test func `JUnit counts what it holds`() throws {
        for report in [Self.report(Story.rolledBack()), Self.report(Story.running()), Self.hostile()] {
            let document = try XMLDocument(xmlString: ReportJUnit.text(report))
            let root = try #require(document.rootElement())
            var tests = 0
            for case let suite as XMLElement in try root.nodes(forXPath: "testsuite") {
                func stated(_ name: String) -> Int? { suite.attribute(forName: name)?.stringValue.flatMap { Int($0) } }
                let cases = suite.elements(forName: "testcase")
                #expect(stated("tests") == cases.count)
                for (name, kind) in [("failures", "failure"), ("errors", "error"), ("skipped", "skipped")] {
                    #expect(stated(name) == cases.count { !$0.elements(forName: kind).isEmpty }, "\(name)")
                }
                tests += cases.count
            }
            #expect(root.attribute(forName: "tests")?.stringValue == "\(tests)")
        }
        let text = ReportJUnit.text(Self.report(Story.undoFailed()))
        #expect(
            text.contains("<testcase name=\"undo of migrate\" classname=\"deploy.production.rollback\" time=\"4.000\">")
        )
        #expect(text.contains("<failure message=\"exit 1: backup is missing\"/>"))
    }

    // MARK: Evidence and checklists

    static func check(_ name: String, imported: ChecklistOrigin? = nil, owner: String? = nil) -> Check {
        Check(
            name: name, owner: owner, probe: ProbeRequest(probe: "run", subject: .text(Template(literal: "true"))),
            imported: imported)
    }

    @Test func `each check has the answer of its own, though its name begins like another's`() {
        let checks = ["Disk", "Disk: root", "Late", "Let", "Borne", "Silent"].map { Self.check($0) }
        let answers = SuiteEvidence.answers(
            to: checks,
            in: [
                "FAILED: Disk: root (try 2): 3GB, expected > 10GB", "passed: Disk: 20GB free", "warning: Late", "noise",
                "passed: Nobody: x", "waived: Let: by ana", "signed-off: Borne: by ben", "none: Silent: no such mark",
            ])
        #expect(answers.map(\.mark) == [.passed, .failed, .warning, .waived, .signedOff, .none])
        #expect(answers.map(\.words) == ["20GB free", "(try 2): 3GB, expected > 10GB", "", "by ana", "by ben", ""])
        #expect(answers.map(\.passed) == [true, false, false, false, false, false])
    }

    @Test func `the last attempt that said something is the one that counts`() {
        var plan = Story.plan()
        plan.suites = ["smoke": [Self.check("Health")]]
        var story = Story(plan)
        for stage: StageName in ["backup", "migrate", "restart"] { story.succeed(stage) }
        for number in 1...3 { story.fail("smoke", attempt: number, reason: "x") }
        func note(_ number: Int, _ text: String) -> RunNote {
            RunNote(at: 0, key: "\(Story.run)/smoke/\(number)", text: text)
        }
        let notes = [note(2, "passed: Health: second"), note(1, "FAILED: Health: first")]
        let evidence = SuiteEvidence.of(story.view, notes: notes)
        #expect(evidence.map(\.attempt.number) == [2])
        #expect(evidence.first?.answers.map(\.words) == ["second"])
    }

    @Test func `an imported checklist is ticked by what this run found, and by nothing else`() {
        var plan = Story.plan()
        plan.suites = [
            "smoke": [
                Self.check(
                    "Health", imported: ChecklistOrigin(line: 5, section: "Smoke", text: "Service `health` is up")),
                Self.check("Old tick", imported: ChecklistOrigin(line: 6, level: 2, isTicked: true), owner: "ben"),
            ],
            "later": [Self.check("Not asked", imported: ChecklistOrigin(line: 9, section: "Later", isTicked: true))],
        ]
        var story = Story(plan)
        for stage: StageName in ["backup", "migrate", "restart", "smoke"] { story.succeed(stage) }
        var report = Self.report(story)
        report.evidence = SuiteEvidence.of(
            story.view,
            notes: [
                RunNote(at: 0, key: "\(Story.run)/smoke/1", text: "passed: Health: 200 in 3ms"),
                RunNote(at: 0, key: "\(Story.run)/smoke/1", text: "FAILED: Old tick: exit 1"),
            ])
        #expect(
            report.checklist() == [
                "### Smoke", "", "- [x] Service `health` is up", "  - Judged by: run true", "  - Found: 200 in 3ms",
                "  - [ ] Old tick", "    - Judged by: run true", "    - Owner: ben", "    - Found: failed: exit 1", "",
                "### Later", "", "- [ ] Not asked", "  - Judged by: run true",
            ])
        #expect(ReportMarkdown.text(report).contains("\n## Checklist\n\n### Smoke\n"))
        #expect(!Self.report(Story.succeeded()).hasChecklist)
    }

    // MARK: JSON

    @Test func `as JSON every attempt, word and value is there`() throws {
        struct Document: Decodable {
            struct Stage: Decodable {
                struct Attempt: Decodable {
                    var part: String
                    var number: Int
                    var seconds: Double?
                    var verdict: String?
                    var lastLines: [String]?
                }
                var name: String
                var state: String
                var attempts: [Attempt]
            }
            struct Rollback: Decodable {
                struct Entry: Decodable {
                    var stage: String
                }
                var undone: [Entry]
                var notUndone: [Entry]
            }
            struct Monitor: Decodable {
                struct Judgement: Decodable {
                    var kind: String
                    var observed: Double?
                }
                var judgements: [Judgement]
            }
            var exitCode: Int?
            var stages: [Stage]
            var rollback: Rollback?
            var monitor: Monitor?
            var signOffs: [[String: String]]
            var acts: [[String: String?]]
        }
        let text = ReportJSON.text(Self.hostile())
        let document = try JSONDecoder().decode(Document.self, from: Data(text.utf8))
        #expect(document.exitCode == 5)
        #expect(document.stages.map(\.state) == ["succeeded", "succeeded", "succeeded", "failed"])
        #expect(document.stages[2].attempts.map(\.part) == ["perform", "undo"])
        #expect(document.stages[3].attempts[0].lastLines?.count == 2)
        #expect(document.rollback?.undone.map(\.stage) == ["migrate", "backup"])
        #expect(document.rollback?.notUndone.map(\.stage) == ["restart"])
        #expect(document.monitor?.judgements.map(\.observed) == [0.21])
        #expect(document.signOffs.map { $0["word"] } == ["reject"] && document.acts.map { $0["act"] } == ["skip"])
        let running = try JSONDecoder().decode(
            Document.self, from: Data(ReportJSON.text(Self.report(Story.running())).utf8))
        #expect(running.exitCode == nil && running.rollback == nil && running.stages[1].attempts[0].verdict == nil)
    }
}
