import ShipitCore
import Testing

@Suite(.timeLimit(.minutes(1)))
struct `Hosts in batches` {
    private func hosts(_ count: Int) -> [Host] { (1...count).map { Host(name: "h\($0)", address: "h\($0)") } }

    private func sizes(_ count: Int, _ sizes: BatchSize...) -> [Int] {
        BatchSize.batches(of: hosts(count), sizes).map(\.count)
    }

    @Test func `each size is one batch, and the last is repeated`() {
        #expect(sizes(8, .count(1), .percent(25), .percent(100)) == [1, 2, 5])
        #expect(sizes(8, .count(1)) == [1, 1, 1, 1, 1, 1, 1, 1])
        #expect(sizes(7, .count(1), .count(3)) == [1, 3, 3])
        #expect(sizes(10, .percent(25)) == [2, 2, 2, 2, 2])
        #expect(sizes(5) == [5])
    }

    @Test func `a percentage is of all hosts, rounded down, and at least one`() {
        #expect(sizes(3, .percent(1)) == [1, 1, 1])
        #expect(sizes(7, .percent(50)) == [3, 3, 1])
        #expect(sizes(1, .count(1), .percent(25), .percent(100)) == [1])
    }

    @Test func `every host is in one batch, in the order of the group`() {
        for count in 1...40 {
            let batches = BatchSize.batches(of: hosts(count), [.count(2), .percent(33)])
            #expect(batches.flatMap(\.self) == hosts(count))
        }
    }

    @Test func `a destination is written as it was read`() {
        #expect(Host(name: "a", user: "deploy", address: "10.0.0.1", port: 2222).destination == "deploy@10.0.0.1:2222")
        #expect(Host(name: "a", address: "2001:db8::1", port: 22).destination == "[2001:db8::1]:22")
    }

    @Test func `how a host ended is kept as words and read again`() {
        let ends: [HostEnd] = [
            .succeeded, .exited(0), .exited(255), .timedOut, .unreachable("Connection refused"), .unreachable(""),
            .unknown("the connection was lost: bye"),
        ]
        for end in ends { #expect(HostEnd(end.words) == end) }
        for words in ["", "exited with x", "fine"] { #expect(HostEnd(words) == nil) }
    }

    // MARK: Planning

    private func plan(_ stage: Stage, hosts: [String: [Host]]) throws(PlanError) -> PlannedStage {
        let pipeline = Pipeline(
            name: "deploy", environments: [Environment(name: "production", hosts: hosts, sshConfig: "ops/ssh")],
            stages: [stage])
        return try Planner(pipeline, catalog: Catalog(actions: [], probes: [])).plan(
            .sample, in: "production", previous: nil
        ).stages[0]
    }

    @Test func `a plan holds the hosts of its environment`() throws {
        let choice = HostChoice(group: "web", batches: [.count(1)], maxFailures: 2, maxParallel: 5)
        let stage = Stage(name: "a", perform: .script("true"), hosts: choice)
        #expect(
            try plan(stage, hosts: ["web": hosts(2)]).hosts
                == HostOrder(
                    group: "web", batches: hosts(2).map { [$0] }, maxFailures: 2, maxParallel: 5, sshConfig: "ops/ssh"))
    }

    @Test func `a group that the environment lacks is refused, unless the stage is left out`() throws {
        let never = StageCondition.equal(Template(literal: "a"), Template(literal: "b"))
        let choice = HostChoice(group: "web")
        #expect(throws: PlanError.missingHosts(group: "web", environment: "production", stage: "a")) {
            try plan(Stage(name: "a", perform: .script("true"), hosts: choice), hosts: [:])
        }
        let skipped = Stage(name: "a", perform: .script("true"), condition: never, hosts: choice)
        #expect(try plan(skipped, hosts: [:]).hosts == nil)
    }
}
