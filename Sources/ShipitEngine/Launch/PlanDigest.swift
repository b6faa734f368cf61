internal import Crypto
internal import Foundation
public import ShipitCore

/// The digest of a plan: what approvals sign, what a resumed run is held to.
public enum PlanDigest {
    /// `sha256:` and 64 hexadecimal digits over what of the plan decides anything (`Plan.digested`), as JSON with sorted keys.
    public static func of(_ plan: Plan) -> String { digest(plan.digested) }

    /// The same of what a check asks: with the same digest, an answer is one to the same question.
    public static func ofQuestion(_ check: Check) -> String {
        digest(Check(name: check.name, timeout: check.timeout, probe: check.probe, blocks: check.blocks))
    }

    private static func digest(_ value: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let bytes = try? encoder.encode(value) else {
            preconditionFailure("plans and checks are made of texts, numbers and lists, which always encode")
        }
        return "sha256:"
            + SHA256.hash(data: bytes).map { byte in
                let digits = String(byte, radix: 16)
                return digits.count == 1 ? "0" + digits : digits
            }.joined()
    }
}

extension RunID {
    /// An id for a run that starts now: the UTC minute, then four characters that nobody confuses.
    public static func make(at now: Instant, using generator: inout some RandomNumberGenerator) -> RunID {
        let alphabet = Array("23456789abcdefghjkmnpqrstuvwxyz")
        let letters = (0..<4).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &generator)] }
        let time = now.description.utf8.filter { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        let digits = String(decoding: time, as: UTF8.self)
        return RunID("\(digits.prefix(8))-\(digits.dropFirst(8).prefix(4))-\(String(letters))")
    }
}
