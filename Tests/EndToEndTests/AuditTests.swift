import Foundation
import Testing

/// The journal is proven to be as it was written, or is told not to be; nothing is ever repaired.
@Suite(.serialized, .timeLimit(.minutes(3)), .needsBinaries)
struct AuditTests {
    /// Two runs, one of them undone.
    private func recorded() async throws -> ScratchProject {
        let project = try await ScratchProject(OperatorTests.simple, tags: ["v1.0.0", "v1.1.0"])
        try await project.shipit("deploy", "v1.0.0").exits(0)
        try await project.shipit("deploy", "v1.1.0").exits(0)
        try await project.shipit("rollback").exits(0)
        return project
    }

    private func runs(_ project: ScratchProject) async throws -> [String] {
        try await project.shipit("runs", "--output", "json").json.items.compactMap { $0["id"].string }.reversed()
    }

    private func python(_ project: ScratchProject, _ script: String, _ arguments: String...) async throws {
        let process = try start(script, arguments, in: project)
        let ending = try await process.ending(within: .seconds(60))
        try #require(ending == .code(0), "\(process.printed)")
    }

    private func start(_ script: String, _ arguments: [String], in project: ScratchProject) throws -> ChildProcess {
        try ChildProcess(
            ["python3", "-c", script] + arguments, folder: project.root, variables: project.variables,
            output: project.nextOutput())
    }

    /// Changes the journal as somebody with the library would.
    private func tamper(_ project: ScratchProject, _ sql: String) async throws {
        try await python(
            project,
            """
            import sqlite3, sys
            base = sqlite3.connect('.shipit/journal.db')
            base.executescript(sys.argv[1])
            base.commit()
            base.execute('PRAGMA wal_checkpoint(TRUNCATE)')
            """, sql)
    }

    private func export(_ project: ScratchProject, _ arguments: String...) async throws {
        let export = try await project.shipit(arguments: ["audit", "export"] + arguments).exits(0)
        try project.write("kept.jsonl", export.stdout)
    }

    @Test func `an untouched journal is in order, and looking at it writes nothing`() async throws {
        let project = try await recorded()
        let before = FileManager.default.contents(atPath: project.path(".shipit/journal.db"))

        let verify = try await project.shipit("audit", "verify", "--output", "json").exits(0)

        #expect(try verify.json["ok"] == .bool(true))
        #expect(try verify.json["runs"].items.count == 2)
        let heads = try verify.json["runs"].items.map { $0["head"].string?.count }
        #expect(heads == [64, 64])
        try await project.shipit("audit", "verify").exits(0).says("ok: the file is whole, 2 runs")
        let run = try #require(try await runs(project).first)
        try await project.shipit("audit", "verify", run).exits(0).says(run)
        try await project.shipit("audit", "verify", "nosuch").exits(2)
        try await project.shipit("audit").exits(2)
        #expect(FileManager.default.contents(atPath: project.path(".shipit/journal.db")) == before)
    }

    @Test(arguments: [
        ("UPDATE events SET body = replace(body, 'v1.0.0', 'v6.6.6') WHERE run = 1 AND sequence = 1", "event 1"),
        ("UPDATE events SET at = at + 1 WHERE run = 1 AND sequence = 4", "event 4"),
        ("UPDATE events SET type = 'paused' WHERE run = 1 AND sequence = 5", "event 5"),
        ("DELETE FROM events WHERE run = 1 AND sequence = 3", "event 3"),
        ("DELETE FROM events WHERE run = 1 AND sequence = (SELECT max(sequence) FROM events WHERE run = 1)", "ends at"),
        ("DELETE FROM events WHERE run = 1", "event 1"),
        (
            "UPDATE events SET sequence = 99 WHERE run = 1 AND sequence = 3; "
                + "UPDATE events SET sequence = 3 WHERE run = 1 AND sequence = 4; "
                + "UPDATE events SET sequence = 4 WHERE run = 1 AND sequence = 99", "event 3"
        ),
        ("UPDATE runs SET outcome = 'succeeded', state = 'finished' WHERE number = 2", "outcome"),
        ("UPDATE runs SET root = '/elsewhere' WHERE number = 1", "created"),
        ("UPDATE plans SET json = replace(json, 'undo-a', 'undo-z') WHERE run = 1", "plan"),
        ("DELETE FROM plans WHERE run = 1", "plan"),
        (
            "DELETE FROM events WHERE run = 2; DELETE FROM plans WHERE run = 2; DELETE FROM runs WHERE number = 2",
            "missing"
        ),
        (
            "DELETE FROM events WHERE run = 1; DELETE FROM plans WHERE run = 1; DELETE FROM runs WHERE number = 1",
            "missing"
        ),
        ("PRAGMA foreign_keys = OFF; DELETE FROM runs WHERE number = 1", "not in the list"),
        ("DELETE FROM locks", "locks are missing"),
        ("UPDATE locks SET epoch = 1", "locks"),
        ("CREATE TRIGGER quiet AFTER INSERT ON events BEGIN DELETE FROM events WHERE sequence > 5; END", "tables"),
        ("DROP INDEX requests_open", "tables"),
    ])
    func `what was changed, removed or put elsewhere is found`(_ sql: String, _ words: String) async throws {
        let project = try await recorded()
        try await tamper(project, sql)
        let before = FileManager.default.contents(atPath: project.path(".shipit/journal.db"))

        try await project.shipit("audit", "verify").exits(1).says(
            words, "nothing was repaired", "audit verify --against")
        let json = try await project.shipit("audit", "verify", "--output", "json").exits(1)

        #expect(try json.json["ok"] == .bool(false))
        #expect(FileManager.default.contents(atPath: project.path(".shipit/journal.db")) == before)
    }

    @Test func `the last good event is told, and the good ones are shown`() async throws {
        let project = try await recorded()
        let first = try #require(try await runs(project).first)
        try await tamper(project, "UPDATE events SET body = replace(body, 'a', 'b') WHERE run = 1 AND sequence = 4")

        let verify = try await project.shipit("audit", "verify", "--output", "json").exits(1)

        let run = try verify.json["runs"].first("run", first)
        #expect((run["lastGood"], run["firstBad"], run["ok"]) == (3, 4, .bool(false)))
        #expect(try verify.json["runs"].items.map { $0["ok"] } == [.bool(false), .bool(true)])
        let journal = try await project.shipit("journal", first, "--output", "jsonl").exits(1)
        #expect(try journal.lines.map { $0["sequence"] } == [1, 2, 3])
        let export = try await project.shipit("audit", "export").exits(1)
        #expect(try export.lines.filter { $0["record"] == "run" }.count == 2)
    }

    @Test(arguments: [("60", "version"), ("68", "not one of shipit's")])
    func `another version's journal, and another program's, are told and left alone`(
        _ place: String, _ words: String
    ) async throws {
        let project = try await recorded()
        try await tamper(project, "SELECT 1")
        try await python(
            project,
            """
            import sys
            with open('.shipit/journal.db', 'r+b') as file:
                file.seek(int(sys.argv[1])); file.write((99).to_bytes(4, 'big'))
            """, place)
        try await project.shipit("audit", "verify").exits(1).says(words)
        try await project.shipit("deploy", "v1.0.0").exits(1).says(words)
    }

    // MARK: Export

    @Test func `an export can be verified by itself, with nothing of shipit's`() async throws {
        let project = try await recorded()
        try await export(project)
        try await python(project, Self.verifier)
        // The verifier does look.
        try await python(
            project,
            """
            text = open('kept.jsonl').read().replace('undo-a', 'undo-z', 1)
            open('kept.jsonl', 'w').write(text)
            """)
        let verifier = try start(Self.verifier, [], in: project)
        #expect(try await verifier.ending(within: .seconds(60)) == .code(1))
        #expect(verifier.standardError.contains("AssertionError"))
    }

    /// As docs/journal.md defines the hashes.
    private static let verifier = """
        import hashlib, json
        from datetime import datetime, timezone

        def field(value):
            if isinstance(value, int):
                return value.to_bytes(8, 'big', signed=True)
            value = value.encode() if isinstance(value, str) else value
            return len(value).to_bytes(8, 'big') + value

        def seal(*fields):
            return hashlib.sha256(b''.join(map(field, fields))).digest()

        def milliseconds(text):
            moment = datetime.strptime(text, '%Y-%m-%dT%H:%M:%S.%fZ').replace(tzinfo=timezone.utc)
            return round(moment.timestamp() * 1000)

        heads, runs = {}, {}
        for line in map(json.loads, open('kept.jsonl')):
            if line['record'] == 'run':
                plan = seal(line['plan'])
                assert plan.hex() == line['planHash'], 'plan'
                mine = seal(line['number'], line['created'], line['root'], line['file'], milliseconds(line['startedAt']), plan)
                assert mine.hex() == line['seal'], 'seal'
                runs[line['run']], heads[line['run']] = line, (0, mine)
            else:
                sequence, previous = heads[line['run']]
                assert line['sequence'] == sequence + 1, 'sequence'
                assert line['previousHash'] == previous.hex(), 'previous'
                mine = seal(previous, line['sequence'], milliseconds(line['at']), line['version'], line['body'])
                assert mine.hex() == line['hash'], 'hash'
                body = json.loads(line['body'])
                assert all(line[key] == value for key, value in body.items()), 'fields'
                heads[line['run']] = (sequence + 1, mine)
        for run, line in runs.items():
            assert (line['events'], line['head']) == (heads[run][0], heads[run][1].hex()), 'head'
        assert len(runs) == 2, 'runs'
        """

    @Test(arguments: [[], ["--heads"]])
    func `what is whole in itself but not what it was shows beside an earlier export`(_ form: [String]) async throws {
        let project = try await recorded()
        try await tamper(project, "SELECT 1")
        let early = try #require(FileManager.default.contents(atPath: project.path(".shipit/journal.db")))
        try await project.shipit("deploy", "v1.1.0").exits(0)
        let export = try await project.shipit(arguments: ["audit", "export"] + form).exits(0)
        try project.write("kept.jsonl", export.stdout)
        try await project.shipit("deploy", "v1.0.0").exits(0)
        try await project.shipit("audit", "verify", "--against", "kept.jsonl").exits(0).says("of the export are there")

        // The whole file as it was before: a backup, or somebody who wants a run forgotten.
        try await tamper(project, "SELECT 1")
        try early.write(to: URL(fileURLWithPath: project.path(".shipit/journal.db")))

        try await project.shipit("audit", "verify").exits(0)
        try await project.shipit("audit", "verify", "--against", "kept.jsonl").exits(1).says("is missing")
    }

    @Test func `a tail cut off with its head made to fit shows beside an earlier export`() async throws {
        let project = try await recorded()
        try await export(project)
        try await tamper(project, "SELECT 1")
        try await python(project, Self.cutter)

        try await project.shipit("audit", "verify").exits(0)
        try await project.shipit("audit", "verify", "--against", "kept.jsonl").exits(1).says("no longer has so many")
        try await project.shipit("audit", "verify", "--against", "pipelines/deploy.yaml").exits(2).says(
            "none of an export")
        try await project.shipit("audit", "verify", "--against", "nosuch").exits(2)
    }

    /// Takes the last event of the second run away, and makes its row say that it never was.
    private static let cutter = """
        import hashlib, sqlite3

        def field(value):
            if isinstance(value, int):
                return value.to_bytes(8, 'big', signed=True)
            value = value.encode() if isinstance(value, str) else value
            return len(value).to_bytes(8, 'big') + value

        base = sqlite3.connect('.shipit/journal.db')
        last, = base.execute('SELECT max(sequence) FROM events WHERE run = 2').fetchone()
        base.execute('DELETE FROM events WHERE run = 2 AND sequence = ?', (last,))
        head, = base.execute('SELECT hash FROM events WHERE run = 2 AND sequence = ?', (last - 1,)).fetchone()
        row = base.execute('SELECT id, seal, environment FROM runs WHERE number = 2').fetchone()
        made = hashlib.sha256(b''.join(map(field, [*row, 'rolling-back', '', -1, last - 1, head]))).digest()
        base.execute('UPDATE runs SET state = ?, outcome = NULL, finished_at = NULL, last_sequence = ?, last_hash = ?, '
                     'summary_seal = ? WHERE number = 2', ('rolling-back', last - 1, head, made))
        base.commit()
        base.execute('PRAGMA wal_checkpoint(TRUNCATE)')
        """

    // MARK: Garbage

    @Test func `a journal that was emptied, lost or replaced is never taken for a new one`() async throws {
        let project = try await recorded()
        try await tamper(project, "SELECT 1")
        let file = project.path(".shipit/journal.db")
        for garbage in ["", "this is a text\n"] {
            try Data(garbage.utf8).write(to: URL(fileURLWithPath: file))
            for words in [["audit", "verify"], ["status"], ["deploy", "v1.0.0"], ["resume"], ["unlock", "default"]] {
                try await project.shipit(arguments: words).exits(1).says("journal.db")
            }
            #expect(FileManager.default.contents(atPath: file) == Data(garbage.utf8))
        }
        try FileManager.default.removeItem(atPath: file)
        try await project.shipit("deploy", "v1.0.0").exits(1).says("was lost")
        try await project.shipit("audit", "verify").exits(1).says("was lost")
    }

    @Test func `a state folder that is a file is told`() async throws {
        let project = try await ScratchProject(OperatorTests.simple)
        try project.write("state", "no folder\n")
        for words in [
            ["audit", "verify"], ["audit", "export"], ["status"], ["unlock", "default"], ["deploy", "v1.0.0"],
        ] {
            try await project.shipit(arguments: words + ["--state", "state"]).exits(1).says("not a folder")
        }
        #expect(project.read("state") == "no folder\n")
    }
}
