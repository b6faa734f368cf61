import Testing

@Suite(.serialized, .timeLimit(.minutes(2)), .needsBinaries)
struct OrderTests {
    static let diamond = """
        shipit: 1
        name: deploy
        stages:
          last:
            needs: [left, right]
            run: echo last >> effects.log
          left:
            needs: [first]
            run: touch left.here; ops/await right.here; echo left >> effects.log
          right:
            needs: [first]
            run: touch right.here; ops/await left.here; echo right >> effects.log
          first:
            run: echo first >> effects.log
        """

    @Test func `a diamond runs in the order of its needs, and its two sides at the same time`() async throws {
        let project = try await ScratchProject(Self.diamond)

        try await project.shipit("deploy", "v1.0.0", "--jobs", "2").exits(0)

        #expect(project.effects.count == 4)
        #expect(project.effects.first == "first")
        #expect(Set(project.effects) == ["first", "left", "right", "last"])
        #expect(project.effects.last == "last")
    }

    @Test func `with one job no two stages run at once`() async throws {
        let project = try await ScratchProject(
            """
            shipit: 1
            name: deploy
            stages:
              a: {run: "mkdir busy; sleep 0.2; echo a >> effects.log; rmdir busy"}
              b: {run: "mkdir busy; sleep 0.2; echo b >> effects.log; rmdir busy"}
              c: {run: "mkdir busy; sleep 0.2; echo c >> effects.log; rmdir busy"}
            """)

        try await project.shipit("deploy", "v1.0.0", "--jobs", "1").exits(0)

        #expect(project.effects.sorted() == ["a", "b", "c"])
    }

    @Test func `for-each runs once for each item, and scripts read which`() async throws {
        let project = try await ScratchProject(
            """
            shipit: 1
            name: deploy
            stages:
              services:
                for-each: [community, marketplace, academy]
                max-parallel: 1
                run: echo "$SHIPIT_ITEM" >> effects.log
              words:
                needs: [services]
                for-each: [one two]
                run: [sh, -c, 'echo "$1" >> effects.log', sh, "${{ item }}"]
            """)

        try await project.shipit("deploy", "v1.0.0").exits(0)

        #expect(project.effects.prefix(3).sorted() == ["academy", "community", "marketplace"])
        #expect(project.effects.last == "one two")
        #expect(try await project.state(of: "services[academy]")["state"] == "succeeded")
    }

    @Test func `a pipeline is found by its name, an environment by its own, and variables by --set`() async throws {
        let project = try await ScratchProject(
            nil,
            files: [
                "pipelines/web.yaml": """
                shipit: 1
                name: web
                environments:
                  staging: {vars: {replicas: 2, base-port: 8100}}
                  production: {vars: {replicas: 4, base-port: 8200}}
                stages:
                  show: {run: 'echo "$SHIPIT_VAR_replicas $SHIPIT_VAR_base_port" >> effects.log'}
                """
            ])

        try await project.shipit("deploy", "v1.0.0", "--pipeline", "web", "--env", "staging").exits(0)
        try await project.shipit(
            "deploy", "v1.0.0", "--pipeline", "web", "--env", "production", "--set", "replicas=7"
        ).exits(0)

        #expect(project.effects == ["2 8100", "7 8200"])
    }

    @Test func `with several environments and nobody to ask, the environment must be named`() async throws {
        let project = try await ScratchProject(
            """
            shipit: 1
            name: deploy
            environments: {staging: {}, production: {}}
            stages: {a: {run: echo a >> effects.log}}
            """)

        try await project.shipit("deploy", "v1.0.0").exits(2).says("staging", "production", "--env")

        #expect(project.effects.isEmpty)
    }

    @Test func `shipit works from a folder below the project, and with -C from anywhere`() async throws {
        let project = try await ScratchProject(
            """
            shipit: 1
            name: deploy
            stages: {a: {run: pwd -P >> effects.log}}
            """,
            files: ["deep/below/file": ""])

        try await project.shipit("deploy", "v1.0.0", folder: project.path("deep/below")).exits(0)
        try await project.shipit("-C", project.root, "deploy", "v1.0.0", "--again", folder: "/").exits(0)

        #expect(Set(project.effects).count == 1)
        #expect(project.effects.count == 2)
        #expect(project.effects.first?.hasSuffix("/project") == true)
    }
}
