public import ShipitCore
public import ShipitEngine

/// Looks at a container, by `docker`.
public struct DockerProbe: Probe {
    public init() {}

    public let description = ProbeDescription(
        name: "docker", help: "Look at a container, by docker.", subject: .text,
        fields: [
            FieldDescription("state", .text, fallback: "running", help: "The state it must be in."),
            FieldDescription("health", .text, help: "What its health check must say, such as healthy."),
            FieldDescription("image", .textOrPattern, help: "What its image must be called, or /regex/."),
            FieldDescription("restarts", .condition(.count), help: "A condition on how often it was restarted."),
        ], samples: true)

    public func measure(_ request: ResolvedProbe) async -> Measurement {
        await request.asked { () async throws(BadField) in
            let fields = Fields(request)
            let state = try fields.text("state") ?? "running"
            let health = try fields.text("health")
            let image = try fields.pattern("image")
            let restarts = try fields.limit("restarts", in: .count)
            let name = try request.subjectText("docker", "a container")
            guard !name.hasPrefix("-") else { throw BadField("docker", "must be a container") }
            let result: ChildProcess.Result
            switch await request.run(["docker", "container", "inspect", name]) {
            case .failure(let trouble): return Measurement(.noAnswer(trouble.reason), evidence: name)
            case .success(let ended): result = ended
            }
            guard result.isSuccess else { return Measurement(.noAnswer(result.complaint), evidence: name) }
            guard case .list(let found)? = JSONValue(parsing: result.standardOutput), found.count == 1 else {
                return Measurement(.noAnswer("docker printed no description of one container"), evidence: name)
            }
            func value(_ path: String) throws(BadField) -> JSONValue? { try JSONPath(path).value(in: found[0]) }
            let isIn = try value("State.Status")?.words
            let says = try value("State.Health.Status")?.words
            let called = try value("Config.Image")?.words
            let again = try value("RestartCount")?.number
            var judgement = Judgement()
            if isIn != state { judgement.miss("state", "it is \(isIn ?? "in no known state"), expected \(state)") }
            if let health, says != health {
                judgement.miss("health", "its health is \(says ?? "not checked"), expected \(health)")
            }
            if let image, !(called.map(image.matches) ?? false) {
                judgement.miss("image", "its image is \(called ?? "unknown"), expected \(image.words)")
            }
            judgement.expect(
                "restarts", restarts, again, "it was restarted", { Words.rounded($0, digits: 0) }, after: " times")
            let seen = [isIn, says, called].compactMap(\.self).joined(separator: ", ")
            return judgement.measurement(
                number: restarts != nil ? again : isIn == state ? 1 : 0, evidence: "\(name): \(seen)")
        }
    }
}
