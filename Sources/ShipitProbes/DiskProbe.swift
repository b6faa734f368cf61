public import ShipitCore
public import ShipitEngine

#if canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Asks how full the file system is that holds a path: in the figures of `df`, what is reserved for root not counted.
public struct DiskProbe: Probe {
    public init() {}

    public let description = ProbeDescription(
        name: "disk", help: "Ask how full the file system of a path is.", subject: .path,
        fields: [
            FieldDescription("free", .condition(.size), help: "How much is free, such as \"> 20GB\"."),
            FieldDescription("used", .condition(.ratio), help: "Which share is used, such as \"< 80%\"."),
        ], samples: true)

    public func measure(_ request: ResolvedProbe) async -> Measurement {
        guard let path = request.subject.text, !path.isEmpty else {
            return BadField("disk", "must be a path").measurement
        }
        let late = Measurement(.noAnswer("timed out after \(Words.span(request.timeout))"), evidence: path)
        return await onThread(within: request.timeout, otherwise: late) {
            do throws(BadField) {
                return try Self.look(at: path, request)
            } catch {
                return error.measurement
            }
        }.masked(request.secretValues)
    }

    private static func look(at path: String, _ request: ResolvedProbe) throws(BadField) -> Measurement {
        let fields = Fields(request)
        let freeLimit = try fields.limit("free", in: .size)
        let usedLimit = try fields.limit("used", in: .ratio)
        var facts = statvfs()
        guard statvfs(path.hasPrefix("/") ? path : "\(request.directory)/\(path)", &facts) == 0 else {
            return Measurement(.noAnswer("\(path): \(errnoWords(errno))"), evidence: path)
        }
        let block = Double(facts.f_frsize)
        let free = Double(facts.f_bavail) * block
        let taken = Double(facts.f_blocks - facts.f_bfree) * block
        let used = taken + free > 0 ? taken / (taken + free) : 0
        let evidence = "\(path): \(Words.bytes(free)) free, \(Words.ratio(used)) used"
        var judgement = Judgement()
        judgement.expect("free", freeLimit, free, "\(path) has", Words.bytes, after: " free")
        judgement.expect("used", usedLimit, used, "\(path) is", Words.ratio, after: " used")
        return judgement.measurement(number: usedLimit != nil && freeLimit == nil ? used : free, evidence: evidence)
    }
}
