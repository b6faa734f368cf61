import ShipitCore
import ShipitEngine
import ShipitProbes
import Testing

/// What the engine and the language may rely on, of every probe.
@Suite(.timeLimit(.minutes(3)))
struct ProbeContractTests {
    @Test func `the probes are these`() {
        #expect(BuiltinProbes.all().map(\.description.name) == ["http", "tcp", "run", "file", "disk"])
    }

    @Test(arguments: BuiltinProbes.all().map(\.description.name))
    func `a subject that is none is no answer`(name: String) async throws {
        let probe = try #require(BuiltinProbes.all().first { $0.description.name == name })
        for subject in [ResolvedValue.map([:]), .list([.map([:])])] {
            guard case .noAnswer = await ask(probe, subject).verdict else {
                Issue.record("\(name) answered")
                return
            }
        }
    }

    @Test(arguments: BuiltinProbes.all().map(\.description.name))
    func `every field that is declared is read, and refuses what it cannot be`(name: String) async throws {
        let probe = try #require(BuiltinProbes.all().first { $0.description.name == name })
        let subjects: [String: ResolvedValue] = [
            "http": "http://127.0.0.1:1/", "tcp": "127.0.0.1:1", "run": "true", "file": "/", "disk": "/",
        ]
        for field in probe.description.fields {
            // A list of maps is no value of any field.
            let answer = await ask(probe, try #require(subjects[name]), [field.name: .list([.map([:])])])
            guard case .noAnswer(let reason) = answer.verdict, reason.hasPrefix("\(field.name): ") else {
                Issue.record("\(name): \(field.name) was ignored: \(answer)")
                continue
            }
        }
    }

    @Test func `a command that ignores being asked to end is ended all the same`() async throws {
        let answer = await ask(RunProbe(), "trap '' TERM INT; while :; do sleep 1; done", timeout: .milliseconds(200))
        #expect(answer.verdict == .noAnswer("timed out after 200ms"))
    }
}
