import Testing

/// Engines killed at moments that nobody chose, over whole runs: each effect once, and the same end.
@Suite(.serialized, .timeLimit(.minutes(2)), .needsBinaries)
struct ManyKillsTests {
    /// Drives a run to its end with engines that live for a moment only.
    static func drive(_ project: ScratchProject, seed: UInt64) async throws -> Shipit {
        var moments = Moments(state: seed)
        var arguments = ["deploy", "v1.0.0"]
        for _ in 0..<12 {
            let engine = try ChildProcess(
                [try Binaries.shipit()] + arguments, folder: project.root, variables: project.variables,
                output: project.nextOutput())
            try await Task.sleep(for: .milliseconds(moments.next()))
            try await project.killNow(engine)
            let runs = try await project.shipit("runs", "--output", "json").json.items
            arguments = runs.isEmpty ? ["deploy", "v1.0.0"] : ["resume", "latest"]
        }
        return try await project.run(arguments)
    }

    /// Milliseconds, reproducible: a linear congruence is random enough.
    struct Moments {
        var state: UInt64

        mutating func next() -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return 30 + Int(state >> 33) % 170
        }
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `a run that succeeds does so once`(_ seed: UInt64) async throws {
        let project = try await ScratchProject(
            """
            shipit: 1
            name: deploy
            stages:
              a: {run: "echo a >> effects.log; sleep 0.1"}
              b: {needs: [a], run: "echo b >> effects.log; sleep 0.1"}
              c: {needs: [a], run: "echo c >> effects.log; sleep 0.1"}
              d:
                needs: [b, c]
                run: 'echo "d $SHIPIT_ATTEMPT" >> effects.log; sleep 0.1; test "$SHIPIT_ATTEMPT" = 2'
                retry: {attempts: 3, delay: 100ms}
                finally: echo finally >> effects.log
            """)

        try await Self.drive(project, seed: seed).exits(0)

        #expect(project.effects.sorted() == ["a", "b", "c", "d 1", "d 2", "finally"])
        #expect(project.effects.suffix(3) == ["d 1", "d 2", "finally"])
        try await project.untilNoProcess()
    }

    @Test(arguments: [4, 5, 6] as [UInt64])
    func `a run that fails is undone once`(_ seed: UInt64) async throws {
        let project = try await ScratchProject(
            """
            shipit: 1
            name: deploy
            stages:
              a: {run: "echo a >> effects.log; sleep 0.1", rollback: {run: "echo undo-a >> effects.log; sleep 0.1"}}
              b: {needs: [a], run: "echo b >> effects.log; sleep 0.1", rollback: {run: "echo undo-b >> effects.log; sleep 0.1"}}
              c: {needs: [b], run: "echo c >> effects.log; exit 1", rollback: {run: "echo undo-c >> effects.log; sleep 0.1"}}
            """)

        try await Self.drive(project, seed: seed).exits(4)

        #expect(project.effects == ["a", "b", "c", "undo-c", "undo-b", "undo-a"])
        try await project.untilNoProcess()
    }

    @Test(arguments: [7, 8] as [UInt64])
    func `a restart of instances does each step once`(_ seed: UInt64) async throws {
        let (project, port) = try await ServiceTests.fleet()

        try await Self.drive(project, seed: seed).exits(0)

        #expect(try await ServiceTests.versions(project, port) == ["1.0.0", "1.0.0", "1.0.0"])
        let steps = project.effects
        #expect(steps.count == 6 && Set(steps).count == 6, "\(steps)")
        try await ServiceTests.expectOnlyServers(project)
    }
}
