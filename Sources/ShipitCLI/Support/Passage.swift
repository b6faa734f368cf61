import ShipitCore

/// One deployment after the other: `deploy TAG --through staging,production`.
struct Passage {
    let environments: [String]

    init(_ list: String, besides environment: String?) throws(CommandFailure) {
        if environment != nil {
            throw CommandFailure(.usage, "--through names the environments already", hint: "leave --env out")
        }
        let names = list.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        guard !names.contains("") else {
            throw CommandFailure(
                .usage, "--through \(list): an environment has no name", hint: "write --through staging,production")
        }
        if let twice = names.enumerated().first(where: { names[..<$0.offset].contains($0.element) })?.element {
            throw CommandFailure(.usage, "--through names \(twice) twice")
        }
        environments = names
    }

    /// Stops at the first environment where it is no success, and says where.
    /// - Returns: the exit code of the last deployment.
    func go(
        _ wishes: Preparation.Wishes, _ project: Project, _ streams: Streams,
        deploy: (Preparation.Wishes, Interrupts) async throws -> Int32
    ) async throws -> Int32 {
        let release = try release(wishes, project, streams)
        var wishes = wishes
        // What `latest` is may change meanwhile, and what a tag names may, too.
        wishes.tag = release.tag
        wishes.commit = release.commit
        let interrupts = try Interrupts(clock: SystemClock())
        for (place, name) in environments.enumerated() {
            wishes.environment = name
            streams.progress("\(name), \(place + 1) of \(environments.count)\n")
            let code: Int32
            do {
                code = try await deploy(wishes, interrupts)
            } catch let failure as CommandFailure {
                var told = failure
                told.message = "\(stopped(at: place)): \(failure.message)"
                throw told
            }
            guard code == 0 else {
                streams.progress("\(stopped(at: place)), exit code \(code)\n")
                return code
            }
            if interrupts.hasCome, place + 1 < environments.count {
                streams.progress("interrupted: \(stopped(at: place + 1))\n")
                return 6
            }
        }
        return 0
    }

    /// What can be known of all of them is known before the first begins.
    private func release(
        _ wishes: Preparation.Wishes, _ project: Project, _ streams: Streams
    ) throws -> Release {
        var wishes = wishes
        var release: Release?
        for name in environments {
            wishes.environment = name
            if let release { (wishes.tag, wishes.commit) = (release.tag, release.commit) }
            release = try Preparation(wishes, project: project, streams: streams, mayAsk: false).release
        }
        guard let release else { preconditionFailure("a passage has an environment") }
        return release
    }

    /// `stopped at production; succeeded: staging; not begun: europe`.
    private func stopped(at place: Int) -> String {
        let parts = [("succeeded", environments[..<place]), ("not begun", environments[(place + 1)...])]
        return
            (["stopped at \(environments[place])"]
            + parts.filter { !$0.1.isEmpty }.map { "\($0.0): \($0.1.joined(separator: ", "))" }).joined(separator: "; ")
    }
}
