public import ShipitCore
public import ShipitEngine

/// Asks how much memory this machine has left.
public struct MemoryProbe: Probe {
    public init() {}

    public let description = ProbeDescription(
        name: "memory", help: "Ask how much memory this machine has left.", subject: .choice(["machine"]),
        fields: [
            FieldDescription("available", .condition(.size), help: "What programs could still get, such as \"> 1GB\"."),
            FieldDescription("used", .condition(.ratio), help: "The share that they could not, such as \"< 90%\"."),
            FieldDescription("swap", .condition(.ratio), help: "The share of swap space that is used."),
        ], samples: true)

    public func measure(_ request: ResolvedProbe) async -> Measurement {
        await request.onOwnThread { () throws(BadField) in
            let fields = Fields(request)
            let availableLimit = try fields.limit("available", in: .size)
            let usedLimit = try fields.limit("used", in: .ratio)
            let swapLimit = try fields.limit("swap", in: .ratio)
            guard try request.subjectText("memory", "machine") == "machine" else {
                throw BadField("memory", "must be machine")
            }
            var facts: [Substring: Double] = [:]
            for line in ProcFiles.lines("/proc/meminfo") ?? [] {
                let words = line.split(separator: " ")
                if words.count >= 2, let kibibytes = Double(words[1]) { facts[words[0].dropLast()] = kibibytes * 1024 }
            }
            guard let total = facts["MemTotal"], let available = facts["MemAvailable"], total > 0 else {
                return Measurement(.noAnswer("/proc/meminfo cannot be read"), evidence: "memory")
            }
            let used = (total - available) / total
            let swap = facts["SwapTotal"].flatMap { all in
                all > 0 ? facts["SwapFree"].map { (all - $0) / all } : 0
            }
            var judgement = Judgement()
            judgement.expect("available", availableLimit, available, "there are", Words.bytes, after: " available")
            judgement.expect("used", usedLimit, used, "memory is", Words.ratio, after: " used")
            judgement.expect("swap", swapLimit, swap, "swap is", Words.ratio, after: " used")
            let asksShare = usedLimit != nil && availableLimit == nil
            return judgement.measurement(
                number: asksShare ? used : available,
                evidence:
                    "memory: \(Words.bytes(available)) of \(Words.bytes(total)) available, \(Words.ratio(used)) used")
        }
    }
}
