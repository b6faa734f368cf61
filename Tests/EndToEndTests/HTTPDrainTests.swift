import Foundation
import Testing

/// The plugin http-drain, against HAProxy and nginx.
@Suite(.serialized, .timeLimit(.minutes(5)), .needsBinaries, .needsDrain, .needs("curl", "python3"))
struct HTTPDrainTests {
    private func project(_ inputs: String, wait: String = "20s", work: String = "true") async throws -> ScratchProject {
        let project = try await ScratchProject(
            """
            shipit: 1
            name: deploy
            stages:
              drain: {uses: http-drain/drain, with: {\(inputs), wait: \(wait)}, timeout: 40s}
              work: {needs: [drain], run: '\(work)'}
              return: {needs: [work], uses: http-drain/return, with: {\(inputs)}}
            """)
        try ShippedPlugin.put("http-drain", into: project)
        return project
    }

    private static func inputs(_ admin: String) -> String { "admin: \"\(admin)\", server: be/web1" }

    private static func inputs(_ nginx: LoadBalancer) -> String {
        let folder = nginx.folder
        return
            "upstream: \(folder)/upstream, server: \"127.0.0.1:\(nginx.servers[0])\", pid: \(folder)/pid, reload: \(nginx.reload)"
    }

    /// A stage that asks for answers and keeps which servers gave them.
    private static func looking(_ balancer: LoadBalancer) -> String {
        "for n in 1 2 3 4 5 6; do curl -s http://127.0.0.1:\(balancer.front)/ >> seen.log; done"
    }

    // MARK: HAProxy

    @Test(.needs("haproxy")) func `a server of HAProxy gets nothing while it is out, and is brought back`() async throws
    {
        let balancer = try await LoadBalancer(.haproxy)
        for admin in [balancer.admin, balancer.unixAdmin] {
            let project = try await project(Self.inputs(admin), work: Self.looking(balancer))
            try await project.shipit("deploy", "v1.0.0", "--dry-run").exits(0).says("from serving to drained")
            #expect(try await balancer.adminState() == 0)
            try await project.shipit("deploy", "v1.0.0").exits(0)
            #expect(Set((project.read("seen.log") ?? "").split(separator: "\n")) == ["\(balancer.servers[1])"])
            #expect(try await Set(balancer.answers(6)).count == 2)
        }
    }

    @Test(.needs("haproxy")) func `it waits until the connections of HAProxy's server are gone`() async throws {
        let balancer = try await LoadBalancer(.haproxy)
        let request = try await balancer.hold()
        let project = try await project(Self.inputs(balancer.admin), work: "echo work >> effects.log")
        let deploy = try project.start("deploy", "v1.0.0")
        try await eventually("HAProxy drains it") { try await balancer.adminState() == 8 }
        #expect(deploy.poll() == nil && project.effects == [])
        try balancer.letGo()
        try await project.finish(deploy).exits(0)
        #expect(project.effects == ["work"])
        #expect(try await project.state(of: "drain")["outputs"]["drained"] == "1")
        #expect(try await request.ending(within: .seconds(5)) == .code(0))
        #expect(request.standardOutput == "\(balancer.servers[0])\n")
    }

    @Test(.needs("haproxy")) func `where they don't go in time, or a later stage fails, HAProxy has its server back`()
        async throws
    {
        let balancer = try await LoadBalancer(.haproxy)
        let failing = try await project(Self.inputs(balancer.admin), work: "false")
        try await failing.shipit("deploy", "v1.0.0").exits(4)
        #expect(try await balancer.adminState() == 0)
        let request = try await balancer.hold()
        let late = try await project(Self.inputs(balancer.admin), wait: "1s")
        try await late.shipit("deploy", "v1.0.0").exits(4).says("1 connections of be/web1 of HAProxy were still open")
        #expect(try await balancer.adminState() == 0)
        try balancer.letGo()
        _ = try await request.ending(within: .seconds(5))
    }

    @Test(.needs("haproxy")) func `after a power cut it goes on, and is still undone to how it was at first`()
        async throws
    {
        let balancer = try await LoadBalancer(.haproxy)
        _ = try await balancer.hold()
        let project = try await project(Self.inputs(balancer.admin), work: "false")
        let deploy = try project.start("deploy", "v1.0.0")
        try await eventually("HAProxy drains it") { try await balancer.adminState() == 8 }
        try await project.killNow(deploy)
        try await project.killSupervisor()
        try balancer.letGo()
        try await project.shipit("resume").exits(4)
        #expect(try await balancer.adminState() == 0)
    }

    @Test(.needs("haproxy")) func `what somebody else has taken out of HAProxy stays out`() async throws {
        let balancer = try await LoadBalancer(.haproxy)
        _ = try await balancer.ask("set server be/web1 state maint")
        let refused = try await project(Self.inputs(balancer.admin))
        try await refused.shipit("deploy", "v1.0.0").exits(4).says("in maintenance")
        #expect(try await balancer.adminState() == 1)
        _ = try await balancer.ask("set server be/web1 state drain")
        let drained = try await project(Self.inputs(balancer.admin), work: "false")
        try await drained.shipit("deploy", "v1.0.0").exits(4)
        #expect(try await balancer.adminState() == 8)
    }

    @Test(.needs("haproxy")) func `a server that HAProxy doesn't know, and no HAProxy at all, are told apart`()
        async throws
    {
        let balancer = try await LoadBalancer(.haproxy)
        let unknown = try await project("admin: \"\(balancer.admin)\", server: be/web9")
        try await unknown.shipit("deploy", "v1.0.0").exits(4).says("has no server \"web9\"", "inputs are wrong")
        let injected = try await project("admin: \"\(balancer.admin)\", server: \"be/web1 state maint; disable\"")
        try await injected.shipit("deploy", "v1.0.0").exits(4).says("must be BACKEND/SERVER")
        let gone = try await project("admin: \"tcp://127.0.0.1:\(try FreePorts.row(of: 1))\", server: be/web1")
        try await gone.shipit("deploy", "v1.0.0").exits(4).says("Connection refused", "exited with 75")
    }

    // MARK: nginx

    @Test(.needs("nginx")) func `a server of nginx gets nothing while it is out, and is brought back`() async throws {
        let balancer = try await LoadBalancer(.nginx)
        let before = balancer.upstream
        let project = try await project(
            Self.inputs(balancer), work: Self.looking(balancer) + "; cp \(balancer.folder)/upstream between.log")
        try await project.shipit("deploy", "v1.0.0").exits(0)
        #expect(Set((project.read("seen.log") ?? "").split(separator: "\n")) == ["\(balancer.servers[1])"])
        #expect(
            project.read("between.log")?.hasPrefix("server 127.0.0.1:\(balancer.servers[0]) max_fails=0 down; # one\n")
                == true)
        #expect(balancer.upstream == before)
        #expect(try await Set(balancer.answers(6)).count == 2)
    }

    @Test(.needs("nginx")) func `it waits until the connections of nginx's server are gone`() async throws {
        let balancer = try await LoadBalancer(.nginx)
        let request = try await balancer.hold()
        let project = try await project(Self.inputs(balancer), work: "echo work >> effects.log")
        let deploy = try project.start("deploy", "v1.0.0")
        try await eventually("nginx has it out") { balancer.upstream.contains(" down; # one\n") }
        #expect(deploy.poll() == nil && project.effects == [])
        try balancer.letGo()
        try await project.finish(deploy).exits(0)
        #expect(project.effects == ["work"])
        #expect(try await request.ending(within: .seconds(5)) == .code(0))
    }

    @Test(.needs("nginx")) func `a failure, and a reload that nginx refuses, leave the file as it was`() async throws {
        let balancer = try await LoadBalancer(.nginx)
        let before = balancer.upstream
        let failing = try await project(Self.inputs(balancer), work: "false")
        try await failing.shipit("deploy", "v1.0.0").exits(4)
        #expect(balancer.upstream == before)
        #expect(try await Set(balancer.answers(6)).count == 2)
        // Both out is what nginx refuses.
        let only = before.replacingOccurrences(of: "  server", with: "#  server")
        try only.write(toFile: balancer.folder + "/upstream", atomically: true, encoding: .utf8)
        let refused = try await project(
            Self.inputs(balancer).replacingOccurrences(of: "reload: [", with: "reload: [false, "))
        try await refused.shipit("deploy", "v1.0.0").says("ended badly")
        #expect(balancer.upstream.contains("not reloaded yet"))
    }
}
