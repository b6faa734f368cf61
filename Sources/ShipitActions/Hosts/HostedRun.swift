import ShipitCore
import ShipitEngine

/// A command of a stage with `on:`, on each of its hosts: batch after batch, the hosts of a batch side by side.
///
/// Each host is a durable step, and its command has a key of its own. So an attempt that is taken up again re-attaches to what
/// still runs, and comes back to no host that is through.
struct HostedRun: Sendable {
    let context: ActionContext
    let work: HostWork
    let command: Command

    private var order: HostOrder { work.order }

    /// The batches that are this part's to do. Undoing begins with the batch that was last; undone and put right is where the
    /// command may have begun, and nowhere else.
    var batches: [[Host]] {
        let batches: [[Host]]
        switch context.attempt.part {
        case _ where work.isVerification: batches = order.batches
        case .perform: batches = order.batches
        case .finally: batches = touched(order.batches)
        // Asked from here.
        case .rollbackCheck: batches = []
        case .undo: batches = touched(order.batches.reversed())
        }
        return batches.map { $0.filter { !work.through.contains($0.name) } }.filter { !$0.isEmpty }
    }

    private func touched(_ batches: [[Host]]) -> [[Host]] {
        batches.map { $0.filter { work.touched.contains($0.name) } }
    }

    /// What is put right is put right wherever it can be; and a question is put to all.
    private var stopsAtFailures: Bool { context.attempt.part == .perform && !work.isVerification }

    func perform() async throws(ActionError) -> [String: String] {
        var report = HostReport(command: command.name, work: work)
        for batch in batches {
            if stopsAtFailures, report.mustStop {
                report.notBegun += batch
                continue
            }
            try await run(batch, &report)
        }
        if work.isVerification { return try report.answer() }
        if stopsAtFailures { try report.judge() } else { try report.judgeAll() }
        if let words = report.borneFailures { context.services.note(words) }
        return context.attempt.part == .perform ? report.outputs : [:]
    }

    private func run(_ batch: [Host], _ report: inout HostReport) async throws(ActionError) {
        var waiting = batch[...]
        var trouble: ActionError?
        await withTaskGroup(of: (Host, Result<HostEnd, ActionError>).self) { group in
            func startNext() {
                guard trouble == nil, !(stopsAtFailures && report.mustStop), let host = waiting.popFirst() else {
                    return
                }
                group.addTask {
                    do throws(ActionError) {
                        return (host, .success(try await run(host)))
                    } catch {
                        return (host, .failure(error))
                    }
                }
            }
            for _ in 0..<order.maxParallel { startNext() }
            while let (host, result) = await group.next() {
                switch result {
                case .success(let end): report.ends.append((host, end))
                case .failure(let error): trouble = trouble ?? error
                }
                startNext()
            }
        }
        if let trouble { throw trouble }
        report.notBegun += waiting
    }

    // MARK: One host

    private func run(_ host: Host) async throws(ActionError) -> HostEnd {
        if work.isVerification { return try await commandEnd(on: host) }
        let words = try await context.services.step(host.name) { () async throws(ActionError) in
            try await commandEnd(on: host).words
        }
        guard let end = HostEnd(words) else {
            throw .stopped("the journal does not say how \(host.name) ended: \(words)")
        }
        return end
    }

    private func commandEnd(on host: Host) async throws(ActionError) -> HostEnd {
        let ssh = ssh(to: host)
        let request = CommandRequest(
            argv: ssh.argv, environment: SSHCommand.environment(context.variables), directory: context.root,
            secrets: context.secretValues, killAfter: context.killAfter, input: script(for: host).text)
        try ssh.mark.prepare()
        let end = try await context.services.command(request, step: host.name)
        switch end {
        case .exited(0): return .succeeded
        case .exited(254): return try await said(by: host).hasSuffix(RemoteScript.code255) ? .exited(255) : .exited(254)
        case .exited(255): return try await lost(host, ssh)
        case .exited(let code): return .exited(code)
        case .timedOut: return .timedOut
        case .notStarted(let why): return .unreachable(why)
        case .signalled(let number):
            let words = "ssh was ended by signal \(number)"
            return ssh.mark.isReached ? .unknown(words) : .unreachable(words)
        case .ended, .unknown: return .unknown("nobody saw how its ssh ended")
        }
    }

    /// ssh's own 255: the host was never reached, or the connection was lost.
    private func lost(_ host: Host, _ ssh: SSHCommand) async throws(ActionError) -> HostEnd {
        let said = try await said(by: host)
        guard ssh.mark.isReached else { return .unreachable(ssh.trouble(said)) }
        let last = said.split(whereSeparator: \.isNewline).last.map { ": \($0.trimmingSpaces)" } ?? ""
        return .unknown("the connection was lost\(last)")
    }

    /// The end of what it printed on its standard error.
    private func said(by host: Host) async throws(ActionError) -> String {
        let output = try await context.services.output(step: host.name, limit: 4096)
        let text = Substring(decoding: output.standardError, as: UTF8.self)
        return text.trimmingSpaces
    }

    func ssh(to host: Host) -> SSHCommand {
        let number = order.hosts.firstIndex(of: host) ?? 0
        let kind = work.isVerification ? "verify-reached" : "reached"
        return SSHCommand(
            host: host, config: order.sshConfig.map { $0.hasPrefix("/") ? $0 : "\(context.root)/\($0)" },
            mark: ReachMark(path: "\(context.scratch)/\(kind)-\(number + 1)"))
    }

    private func script(for host: Host) -> RemoteScript {
        let step = work.isVerification ? "verify/\(host.name)" : host.name
        var variables = work.variables
        variables["SHIPIT_HOST"] = host.name
        // Not the key of the ssh that asks for it: where the host is this machine, the supervisor here would take the command
        // for one of its own that has escaped, and kill it unasked.
        let key = CommandKey(run: context.run, attempt: context.attempt, step: step).text + "@host"
        let isFirst = context.attempt.part == .perform && context.attempt.number == 1 && !work.isVerification
        return RemoteScript(
            command: command, variables: variables, workdir: work.workdir, killAfter: context.killAfter,
            tag: ("SHIPIT_HOST_KEY", "\(context.run)/\(context.attempt.stage)/\(host.name)"),
            own: ("SHIPIT_IDEMPOTENCY_KEY", key), mayFindRemains: !isFirst)
    }
}
