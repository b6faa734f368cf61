public import ShipitCore
public import ShipitEngine

/// Sends echo requests to a host, by the system's `ping`.
public struct PingProbe: Probe {
    public init() {}

    public let description = ProbeDescription(
        name: "ping", help: "Send echo requests to a host, by ping.", subject: .text,
        fields: [
            FieldDescription("count", .number, fallback: "3", help: "How many to send, at most 100."),
            FieldDescription(
                "loss", .condition(.ratio), fallback: "== 0%", help: "A condition on the share that is lost."),
            FieldDescription("time", .condition(.time), help: "A condition on the mean time to the answer."),
        ], samples: true)

    public func measure(_ request: ResolvedProbe) async -> Measurement {
        await request.asked { () async throws(BadField) in
            let fields = Fields(request)
            let count = try fields.number("count") ?? 3
            let loss = try fields.limit("loss", in: .ratio, otherwise: "== 0%")
            let asksLoss = fields.contains("loss")
            let time = try fields.limit("time", in: .time)
            let host = try request.subjectText("ping", "a host")
            guard (1...100).contains(count) else { throw BadField("count", "must be from 1 to 100") }
            guard !host.hasPrefix("-") else { throw BadField("ping", "must be a host") }
            let result: ChildProcess.Result
            switch await request.run(["ping", "-n", "-q", "-i", "0.2", "-c", String(count), host], ["LC_ALL": "C"]) {
            case .failure(let trouble): return Measurement(.noAnswer(trouble.reason), evidence: host)
            case .success(let ended): result = ended
            }
            // "3 packets transmitted, 3 received, 0% packet loss" and "rtt min/avg/max/mdev = 0.02/0.03/0.04/0.01 ms"
            guard
                let match = result.output.firstMatch(
                    of: /([0-9]+) packets transmitted, ([0-9]+) (?:packets )?received/),
                let sent = Double(match.output.1), let back = Double(match.output.2), sent > 0
            else { return Measurement(.noAnswer(result.complaint), evidence: host) }
            let mean = result.output.firstMatch(of: /= [0-9.]+\/([0-9.]+)\//).flatMap { Double($0.output.1) }.map {
                $0 / 1000
            }
            let share = (sent - back) / sent
            let evidence =
                "\(host): \(Int(back)) of \(Int(sent)) came back"
                + (mean.map { ", \(Words.seconds($0)) on average" } ?? "")
            guard back > 0 else {
                return Measurement(.noAnswer("nothing came back"), figures: ["loss": 1], evidence: evidence)
            }
            var judgement = Judgement()
            judgement.expect("loss", loss, share, "lost are", Words.ratio)
            judgement.expect("time", time, mean, "took", Words.seconds)
            return judgement.measurement(seconds: mean, number: asksLoss ? share : mean, evidence: evidence)
        }
    }
}
