import Foundation
import ShipitCore
import ShipitEngine
import ShipitProcesses
import SupervisorProtocol
import Testing

@Suite("Control groups", .timeLimit(.minutes(3)), .needsControlGroups)
struct ControlGroupTests {
    let fixture: SupervisorFixture
    let processes: LocalProcesses
    let tag = "r1/group/\(UInt64.random(in: 0 ... .max))"

    init() throws {
        fixture = try SupervisorFixture()
        processes = fixture.processes()
    }

    private func request(_ text: String, _ name: String) -> CommandRequest {
        var request = fixture.script(text, key: "\(tag)/\(name)")
        request.killAfter = .milliseconds(100)
        return request
    }

    private func run(_ name: String, _ text: String) async throws -> CommandEnd {
        try await processes.run(CommandKey("\(tag)/\(name)"), request(text, name))
    }

    private func groups() throws -> [String] {
        try fixture.ledger().groups.filter { FileManager.default.fileExists(atPath: $0) }
    }

    private func pid(in file: String) async throws -> Int32 {
        try await fixture.wait { fixture.read(file)?.hasSuffix("\n") == true }
        return try #require(fixture.read(file).flatMap { Int32($0.dropLast()) })
    }

    @Test func `a command starts in a group of its own, which the next one has again and which is gone in the end`()
        async throws
    {
        for number in 1...3 {
            #expect(try await run("\(number)", "grep ^0:: /proc/self/cgroup; sleep 1000 &") == .exited(0))
            let output = try await processes.output(of: CommandKey("\(tag)/\(number)"), limit: 1000).out
            let group = try #require(try fixture.ledger().entries["\(tag)/\(number)"]?.group)
            #expect(output.hasSuffix((group as NSString).lastPathComponent + "\n"))
        }
        #expect(try await run("4", "exit 0") == .exited(0))
        #expect(try await run("5", "exit 0") == .exited(0))
        let entries = try fixture.ledger().entries
        #expect(entries["\(tag)/4"]?.group == entries["\(tag)/5"]?.group)
        try await processes.finish()
        #expect(try fixture.ledger().groups.count >= 1)
        #expect(try groups() == [])
    }

    @Test func `a stray without a tag goes with its command while others run`() async throws {
        async let other = run("other", "while [ ! -e go ]; do sleep 0.01; done")
        let text = """
            (env -i setsid sh -c 'trap "" TERM; echo $$ > stray; while :; do sleep 0.05; done' >/dev/null 2>&1 &)
            while [ ! -s stray ]; do sleep 0.01; done
            """
        #expect(try await run("one", text) == .exited(0))
        let stray = try await pid(in: "stray")
        #expect(!SupervisorFixture.isAlive(stray))
        try "".write(toFile: fixture.work + "/go", atomically: true, encoding: .utf8)
        #expect(try await other == .exited(0))
        try await processes.finish()
    }

    @Test func `a service that may stay leaves the group, whatever it gave away`() async throws {
        var starting = request(
            "(env -i setsid sh -c 'echo $$ > service; exec sleep 1000' >/dev/null 2>&1 &)"
                + "\nwhile [ ! -s service ]; do sleep 0.01; done", "s")
        starting.leavesRunning = true
        async let other = run("other", "while [ ! -e go ]; do sleep 0.01; done")
        #expect(try await processes.run(CommandKey("\(tag)/s"), starting) == .exited(0))
        let service = try await pid(in: "service")
        defer { kill(service, SIGKILL) }
        let membership = try String(contentsOfFile: "/proc/\(service)/cgroup", encoding: .utf8)
        #expect(!membership.contains("shipit-"))
        #expect(try fixture.ledger().entries["\(tag)/s"]?.left.map(\.pid) == [service])
        try "".write(toFile: fixture.work + "/go", atomically: true, encoding: .utf8)
        #expect(try await other == .exited(0))
        try await processes.finish()
        #expect(SupervisorFixture.isAlive(service))
        #expect(try groups() == [])
    }

    @Test func `the next supervisor ends what lives in the group of a dead one's command, and removes it`() async throws
    {
        let text = """
            (env -i setsid sh -c 'trap "" TERM; echo $$ > stray; while :; do sleep 0.05; done' >/dev/null 2>&1 &)
            while [ ! -s stray ]; do sleep 0.01; done
            echo $$ > leader
            exec sleep 1000
            """
        let end = Task { try await run("a", text) }
        let (leader, stray) = (try await pid(in: "leader"), try await pid(in: "stray"))
        let supervisor = try #require(fixture.supervisorPID())
        // The command itself goes first: then nothing but the group tells whose the stray is.
        kill(leader, SIGSTOP)
        kill(supervisor, SIGKILL)
        kill(leader, SIGKILL)
        #expect(try await end.value == .unknown)
        #expect(!SupervisorFixture.isAlive(stray))
        try await processes.finish()
        #expect(try groups() == [])
    }

    @Test func `groups below the group and flights out of it help nobody`() async throws {
        try #require(getuid() == 0, "only root may move processes between groups")
        let text = """
            here=$(awk '$9 == "-" && $10 == "cgroup2" || $8 == "-" && $9 == "cgroup2" {print $5}' /proc/self/mountinfo | tail -1)
            own=$here$(sed -n 's/^0:://p' /proc/self/cgroup)
            mkdir -p $own/deep/deeper
            (setsid sh -c "echo \\$\\$ > $own/deep/deeper/cgroup.procs; echo \\$\\$ > deep; exec sleep 1000" &)
            (setsid sh -c "echo \\$\\$ > $here/cgroup.procs; echo \\$\\$ > flown; exec sleep 1000" &)
            while [ ! -s deep ] || [ ! -s flown ]; do sleep 0.01; done
            """
        #expect(try await run("a", text) == .exited(0))
        #expect(!SupervisorFixture.isAlive(try await pid(in: "deep")))
        #expect(!SupervisorFixture.isAlive(try await pid(in: "flown")))
        try await processes.finish()
        #expect(try groups() == [])
    }

    @Test func `where no groups can be made, trees are swept`() async throws {
        try #require(getuid() == 0, "only root may mount")
        let folder = try #require(ControlGroups.folder)
        let supervisor = try fixture.wrapper(
            "confined-supervisor",
            "exec unshare -m sh -c 'mount --bind \"$1\" \"$1\" && mount -o remount,ro,bind \"$1\" && shift && exec \"$@\"' "
                + "sh '\(folder)' '\(SupervisorFixture.supervisorPath)' \"$@\"")
        let processes = fixture.processes(supervisorPath: supervisor)
        let end = try await processes.run(CommandKey("\(tag)/a"), request("sleep 1000 & exit 3", "a"))
        #expect(end == .exited(3))
        #expect(SupervisorFixture.alive(tagged: "\(tag)/a") == [])
        #expect(try fixture.ledger().groups == [])
        try await processes.finish()
    }
}

enum ControlGroups {
    /// The folder of this process's group.
    static let folder: String? = {
        guard let mounts = FileManager.default.contents(atPath: "/proc/self/mountinfo"),
            let membership = FileManager.default.contents(atPath: "/proc/self/cgroup")
        else { return nil }
        return ControlGroupPlace.folder(mounts: Array(mounts), membership: Array(membership))
    }()

    /// Whether this user can make groups there.
    static let areUsable: Bool = {
        guard let folder else { return false }
        let trial = "\(folder)/shipit-trial-\(getpid())"
        guard mkdir(trial, 0o755) == 0 else { return false }
        defer { rmdir(trial) }
        return access(trial + "/cgroup.kill", W_OK) == 0
    }()

    private static let variables = ProcessInfo.processInfo.environment
    static let areRequired =
        variables["SHIPIT_TEST_REQUIRE"] == "all" && variables["SHIPIT_TEST_CGROUPS"] != "none"
}

extension Trait where Self == ConditionTrait {
    static var needsControlGroups: Self {
        .enabled(
            if: ControlGroups.areUsable || ControlGroups.areRequired,
            "no cgroup v2 hierarchy is mounted in which this user may make groups")
    }
}
