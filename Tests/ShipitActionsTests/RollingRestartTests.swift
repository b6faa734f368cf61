import FoundationEssentials
import ShipitCore
import ShipitEngine
import Testing

@testable import ShipitActions

@Suite(.timeLimit(.minutes(3)))
struct RollingRestartTests {
    private let action = RollingRestartAction()

    /// Instances that are files: `state/NAME` holds the version that runs, `log` what was done.
    private let inputs: [String: InputValue] = [
        "instances": "3", "base-port": "8100", "min-healthy-time": "50ms", "healthy-deadline": "5s",
        "stop": #"echo "stop $SHIPIT_INSTANCE_NAME" >> log; rm -f "state/$SHIPIT_INSTANCE_NAME""#,
        "start": .text(
            Template(
                literal: #"""
                    echo "start $SHIPIT_INSTANCE_NAME $SHIPIT_INSTANCE_INDEX $SHIPIT_INSTANCE_PORT $SHIPIT_TARGET_VERSION" >> log
                    mkdir -p state; echo "$SHIPIT_TARGET_VERSION" > "state/$SHIPIT_INSTANCE_NAME"
                    """#)),
        "health": .map(["file": "state/${{ instance.name }}"]),
    ]

    private func with(_ changes: [String: InputValue]) -> [String: InputValue] { inputs.merging(changes) { $1 } }

    private func log(_ scene: Scene) -> [String] {
        (scene.text("log") ?? "").split(separator: "\n").map(String.init)
    }

    @Test func `instances are restarted one after the other`() async throws {
        try await Scene.with { scene in
            let outputs = try await action.perform(try scene.context(inputs))
            #expect(outputs == ["instances": "replica-1,replica-2,replica-3"])
            #expect(
                log(scene) == [
                    "stop replica-1", "start replica-1 1 8100 2.0.0", "stop replica-2", "start replica-2 2 8101 2.0.0",
                    "stop replica-3", "start replica-3 3 8102 2.0.0",
                ])
            #expect(
                scene.world.askedSteps.prefix(4) == [
                    "replica-1/stop", "replica-1/start", "replica-1/healthy", "replica-2/stop",
                ])
        }
    }

    @Test func `the next one waits until this one is healthy`() async throws {
        try await Scene.with { scene in
            let changes = with([
                "health": .map(["run": "test ! -e broken || test $SHIPIT_INSTANCE_INDEX != 2; echo look >> looks"]),
                "healthy-deadline": "3s",
            ])
            try scene.write("broken", "")
            let context = try scene.context(changes)
            let failure = await error { () throws(ActionError) in _ = try await action.perform(context) }
            guard case .failed(let reason) = failure else {
                Issue.record("\(String(describing: failure))")
                return
            }
            #expect(
                reason.hasPrefix("replica-2 was not healthy for 50ms within 3s: its last answer: exit 1, expected 0"))
            #expect(!log(scene).contains { $0.contains("replica-3") })
        }
    }

    @Test func `what a start printed is in the reason why it was not healthy`() async throws {
        try await Scene.with { scene in
            let changes = with(["start": "echo 'port in use' >&2", "healthy-deadline": "200ms"])
            let context = try scene.context(changes)
            #expect(
                await error { () throws(ActionError) in _ = try await action.perform(context) }
                    == .failed(
                        "replica-1 was not healthy for 50ms within 200ms: its last answer: state/replica-1 does not exist. "
                            + "Its start printed: port in use"))
        }
    }

    @Test func `one that becomes healthy and falls back is not healthy`() async throws {
        try await Scene.with { scene in
            // Every third look fails: never three good ones in a row.
            let flapping = "echo x >> looks; test $(($(wc -l < looks) % 3)) != 0"
            let context = try scene.context(
                with([
                    "instances": "1", "health": .map(["run": .text(Template(literal: flapping))]),
                    "min-healthy-time": "500ms", "healthy-deadline": "2s",
                ]))
            let failure = await error { () throws(ActionError) in _ = try await action.perform(context) }
            guard case .failed(let reason) = failure else {
                Issue.record("\(String(describing: failure))")
                return
            }
            #expect(reason.contains("it was healthy and fell back"))
        }
    }

    @Test func `a command that fails stops everything and is named by its step`() async throws {
        try await Scene.with { scene in
            let context = try scene.context(
                with([
                    "start":
                        "if [ $SHIPIT_INSTANCE_INDEX = 2 ]; then echo no memory; exit 7; fi; mkdir -p state; touch state/$SHIPIT_INSTANCE_NAME"
                ]))
            let failure = await error { () throws(ActionError) in _ = try await action.perform(context) }
            guard case .command(.exited(7), let what) = failure else {
                Issue.record("\(String(describing: failure))")
                return
            }
            #expect(what.hasPrefix("replica-2/start: if ["))
            #expect(scene.world.notes.contains("replica-2/start printed:\nno memory"))
        }
    }

    @Test(arguments: ["stop", "start", "healthy"], 1...3)
    func `after a crash it goes on where it stopped and does nothing twice`(step: String, replica: Int) async throws {
        let name = "replica-\(replica)/\(step)"
        for crash in [World.Crash.before(name), .unrecorded(name), .after(name)] {
            try await Scene.with { scene in
                scene.world.crash(crash)
                let context = try scene.context(inputs)
                #expect(
                    await error { () throws(ActionError) in _ = try await action.perform(context) } == .stopped("crash")
                )
                _ = try await action.perform(context)
                #expect(
                    log(scene).map { $0.split(separator: " ").prefix(2).joined(separator: " ") }
                        == (1...3).flatMap { ["stop replica-\($0)", "start replica-\($0)"] })
                #expect(Set(scene.world.started).count == scene.world.started.count)
            }
        }
    }

    @Test func `so many at a time as allowed, their health watched side by side`() async throws {
        try await Scene.with { scene in
            let context = try scene.context(with(["instances": "5", "max-parallel": "2"]))
            _ = try await action.perform(context)
            #expect(
                scene.world.askedSteps.prefix(8) == [
                    "replica-1/stop", "replica-1/start", "replica-2/stop", "replica-2/start", "replica-1/healthy",
                    "replica-2/healthy", "replica-3/stop", "replica-3/start",
                ])
            #expect(scene.world.askedSteps.last == "replica-5/healthy")
        }
    }

    @Test func `an undo brings the previous release back where this one went, last first`() async throws {
        try await Scene.with { scene in
            var failing = with([
                "names": .list(["blue", "green", "red"]),
                "health": .map(["run": "test $SHIPIT_TARGET_VERSION = 1.0.0 || test $SHIPIT_INSTANCE_NAME != green"]),
                "healthy-deadline": "3s",
            ])
            failing["instances"] = nil
            let context = try scene.context(failing, previous: "1.0.0")
            #expect(await error { () throws(ActionError) in _ = try await action.perform(context) } != nil)
            let before = log(scene).count
            try await action.undo(try scene.context(failing, part: .undo, previous: "1.0.0"))
            #expect(
                Array(log(scene).dropFirst(before)) == [
                    "stop green", "start green 2 8101 1.0.0", "stop blue", "start blue 1 8100 1.0.0",
                ])
        }
    }

    @Test func `an undo after a success takes all of them back`() async throws {
        try await Scene.with { scene in
            _ = try await action.perform(try scene.context(inputs, previous: "1.0.0"))
            try await action.undo(try scene.context(inputs, part: .undo, previous: "1.0.0"))
            for replica in 1...3 { #expect(scene.text("state/replica-\(replica)") == "1.0.0\n") }
        }
    }

    @Test func `an undo that is killed goes on where it stopped`() async throws {
        try await Scene.with { scene in
            _ = try await action.perform(try scene.context(inputs, previous: "1.0.0"))
            let before = log(scene).count
            scene.world.crash(.unrecorded("replica-2/start"))
            let undo = try scene.context(inputs, part: .undo, previous: "1.0.0")
            #expect(await error { () throws(ActionError) in try await action.undo(undo) } == .stopped("crash"))
            try await action.undo(undo)
            #expect(log(scene).count == before + 6)
        }
    }

    @Test func `undoing a first deployment only stops`() async throws {
        try await Scene.with { scene in
            _ = try await action.perform(try scene.context(inputs))
            let before = log(scene).count
            try await action.undo(try scene.context(inputs, part: .undo))
            #expect(Array(log(scene).dropFirst(before)) == ["stop replica-3", "stop replica-2", "stop replica-1"])
            #expect(scene.names("state").isEmpty)
        }
    }

    @Test func `an undo of what never touched anything does nothing`() async throws {
        try await Scene.with { scene in
            let bad = try scene.context(with(["instances": "none"]), previous: "1.0.0")
            #expect(await error { () throws(ActionError) in _ = try await action.perform(bad) } != nil)
            try await action.undo(try scene.context(inputs, part: .undo, previous: "1.0.0"))
            #expect(log(scene).isEmpty)
        }
    }

    @Test func `an old process that survives its stop is pointed out`() async throws {
        try await Scene.with { scene in
            try scene.write("state/replica-1", "1.0.0\n")
            _ = try await action.perform(try scene.context(with(["instances": "1", "stop": "true"])))
            #expect(scene.world.notes.contains { $0.contains("still passes its health check after its stop command") })
        }
    }

    @Test func `the preview names every instance, its port and its commands`() async throws {
        try await Scene.with { scene in
            let context = try scene.context(
                with([
                    "instances": "2", "start": .list(["ops/start", "--port", "${{ instance.port }}"]),
                    "stop": .list(["ops/stop", "${{ instance.name }}"]),
                ]))
            #expect(
                try await action.preview(context) == [
                    "replica-1 (port 8100): ops/stop replica-1", "replica-1 (port 8100): ops/start --port 8100",
                    "wait until replica-1 passed for 50ms, at most 5s",
                    "replica-2 (port 8101): ops/stop replica-2", "replica-2 (port 8101): ops/start --port 8101",
                    "wait until replica-2 passed for 50ms, at most 5s",
                ])
            #expect(scene.world.started.isEmpty)
        }
    }

    @Test func `the port may come from the environment's vars`() async throws {
        try await Scene.with { scene in
            var fewer = inputs
            fewer["base-port"] = nil
            _ = try await action.perform(try scene.context(fewer, vars: ["base-port": "9000"]))
            #expect(log(scene).contains("start replica-2 2 9001 2.0.0"))
        }
    }

    @Test(arguments: [
        ("instances", "0"), ("instances", "many"), ("max-parallel", "0"), ("base-port", "65535"),
        ("min-healthy-time", "10"), ("healthy-deadline", "50ms"), ("driver", "systemd"), ("health", "http://x"),
    ])
    func `inputs that cannot work are refused before anything is touched`(input: String, value: String) async throws {
        try await Scene.with { scene in
            let context = try scene.context(with([input: .text(Template(literal: value))]))
            let failure = await error { () throws(ActionError) in _ = try await action.perform(context) }
            guard case .badInput(input, _) = failure else {
                Issue.record("\(input): \(value) was taken")
                return
            }
            #expect(scene.world.started.isEmpty)
        }
    }

    @Test func `real servers are replaced and stay when the stage is over`() async throws {
        try await Scene.with { scene in
            try scene.write("server.py", Self.server)
            let base = Int.random(in: 20_000..<30_000)
            let real: [String: InputValue] = [
                "instances": "2", "base-port": .text(Template(literal: String(base))),
                "stop":
                    "if [ -e pid.$SHIPIT_INSTANCE_PORT ]; then kill -9 $(cat pid.$SHIPIT_INSTANCE_PORT) || true; fi",
                "start": """
                python3 server.py $SHIPIT_INSTANCE_PORT $SHIPIT_TARGET_VERSION > server.log 2>&1 &
                echo $! > pid.$SHIPIT_INSTANCE_PORT
                """,
                "health": .map([
                    "http": "http://127.0.0.1:${{ instance.port }}/health", "json": .map(["version": "/^[0-9.]+$/"]),
                ]),
                "min-healthy-time": "200ms", "healthy-deadline": "20s",
            ]
            defer {
                for port in [base, base + 1] {
                    if let pid = scene.text("pid.\(port)").flatMap({ Int32($0.prefix { $0 != "\n" }) }) { end(pid) }
                }
            }
            _ = try await action.perform(try scene.context(real, version: "1.0.0"))
            _ = try await action.perform(try scene.context(real, number: 2))
            for port in [base, base + 1] {
                let answer = await TestServices(
                    world: scene.world, run: "run-1", attempt: AttemptID(stage: "stage", number: 2)
                ).measure(
                    "http",
                    ResolvedProbe(
                        subject: .text("http://127.0.0.1:\(port)/"),
                        fields: ["json": .map(["version": .text("2.0.0")])], directory: "/"))
                #expect(answer.verdict == .passed, "\(answer)")
            }
        }
    }

    private static let server = """
        import http.server, json, sys

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = json.dumps({"version": sys.argv[2]}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
        """
}
