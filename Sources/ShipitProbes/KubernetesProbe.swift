public import ShipitCore
public import ShipitEngine

/// Looks at a workload of a cluster, by `kubectl`.
public struct KubernetesProbe: Probe {
    public init() {}

    public let description = ProbeDescription(
        name: "kubernetes", help: "Look at a workload of a cluster, such as deployment/web, by kubectl.",
        subject: .text,
        fields: [
            FieldDescription("namespace", .text, fallback: "the context's", help: "The namespace that it is in."),
            FieldDescription(
                "context", .text, fallback: "the current one", help: "The context of kubectl's configuration."),
            FieldDescription(
                "ready", .condition(.ratio), fallback: ">= 100%", help: "A condition on the share that is ready."),
            FieldDescription("image", .textOrPattern, help: "What one of its images must be called, or /regex/."),
        ], samples: true)

    public func measure(_ request: ResolvedProbe) async -> Measurement {
        await request.asked { () async throws(BadField) in
            let fields = Fields(request)
            let namespace = try fields.text("namespace")
            let context = try fields.text("context")
            let ready = try fields.limit("ready", in: .ratio, otherwise: ">= 100%")
            let image = try fields.pattern("image")
            let name = try request.subjectText("kubernetes", "KIND/NAME")
            guard !name.hasPrefix("-"), name.split(separator: "/").count == 2 else {
                throw BadField("kubernetes", "must be KIND/NAME, such as deployment/web")
            }
            var argv = [
                "kubectl", "get", name, "-o", "json", "--request-timeout=\(max(1, Int(request.timeout.seconds)))s",
            ]
            if let namespace { argv += ["--namespace=\(namespace)"] }
            if let context { argv += ["--context=\(context)"] }
            let result: ChildProcess.Result
            switch await request.run(argv) {
            case .failure(let trouble): return Measurement(.noAnswer(trouble.reason), evidence: name)
            case .success(let ended): result = ended
            }
            guard result.isSuccess else { return Measurement(.noAnswer(result.complaint), evidence: name) }
            guard let found = JSONValue(parsing: result.standardOutput), case .object = found else {
                return Measurement(.noAnswer("kubectl printed no JSON"), evidence: name)
            }
            let (isReady, wanted) = try Self.counts(found)
            var images: [String] = []
            for path in ["spec.template.spec.containers", "spec.containers"] {
                guard case .list(let containers)? = try JSONPath(path).value(in: found) else { continue }
                for container in containers {
                    if let image = try JSONPath("image").value(in: container) { images.append(image.words) }
                }
            }
            let share = isReady.flatMap { isReady in wanted.flatMap { $0 > 0 ? isReady / $0 : nil } }
            var judgement = Judgement()
            judgement.expect("ready", ready, share, "ready are", Words.ratio)
            if let image, !images.contains(where: image.matches) {
                judgement.miss(
                    "image", "its images are \(Words.excerpt(images.joined(separator: ", "))), expected \(image.words)")
            }
            func count(_ value: Double?) -> String { value.map { Words.rounded($0, digits: 0) } ?? "?" }
            return judgement.measurement(
                number: share,
                evidence:
                    "\(name): \(count(isReady)) of \(count(wanted)) ready, \(Words.excerpt(images.joined(separator: ", ")))"
            )
        }
    }

    /// How many are ready and how many should be. A rollout that the controller has not seen yet is ready with nothing.
    private static func counts(_ found: JSONValue) throws(BadField) -> (ready: Double?, wanted: Double?) {
        func number(_ path: String) throws(BadField) -> Double? { try JSONPath(path).value(in: found)?.number }
        if try JSONPath("kind").value(in: found) == .text("Pod") {
            guard case .list(let containers)? = try JSONPath("status.containerStatuses").value(in: found) else {
                return (0, 1)
            }
            let ready = try containers.count { container throws(BadField) in
                try JSONPath("ready").value(in: container) == .boolean(true)
            }
            return (Double(ready), Double(containers.count))
        }
        if let wanted = try number("status.desiredNumberScheduled") {
            return (try number("status.numberReady") ?? 0, wanted)
        }
        guard let wanted = try number("spec.replicas") else { return (nil, nil) }
        if let seen = try number("status.observedGeneration"), let made = try number("metadata.generation"), seen < made
        {
            return (0, wanted)
        }
        let ready = try number("status.readyReplicas") ?? 0
        let updated = try number("status.updatedReplicas")
        return (min(ready, updated ?? ready), wanted)
    }
}
