public import ShipitCore
public import ShipitEngine

/// Looks whether something listens on a TCP port of this machine.
public struct PortProbe: Probe {
    public init() {}

    public let description = ProbeDescription(
        name: "port", help: "Look whether something listens on a TCP port of this machine.", subject: .number,
        fields: [
            FieldDescription(
                "listening", .boolean, fallback: "yes", help: "Whether something must; no: it must be free."),
            FieldDescription(
                "address", .text, fallback: "any", help: "The address that it must listen on, such as 127.0.0.1."),
        ], samples: true)

    public func measure(_ request: ResolvedProbe) async -> Measurement {
        await request.onOwnThread { () throws(BadField) in
            let fields = Fields(request)
            let wanted = try fields.boolean("listening") ?? true
            let address = try fields.text("address")
            guard let port = UInt16(try request.subjectText("port", "a port")), port > 0 else {
                throw BadField("port", "must be from 1 to 65535")
            }
            let tables = ["/proc/net/tcp", "/proc/net/tcp6"].compactMap { ProcFiles.lines($0) }
            guard !tables.isEmpty else {
                return Measurement(.noAnswer("/proc/net/tcp cannot be read"), evidence: "port \(port)")
            }
            let found = Set(tables.joined().compactMap { Self.listener($0, port) }).sorted()
            let evidence =
                "port \(port): "
                + (found.isEmpty ? "nobody listens" : "somebody listens on \(found.joined(separator: ", "))")
            let isThere =
                address.map { found.contains($0) || found.contains("0.0.0.0") || found.contains("::") } ?? !found
                .isEmpty
            var judgement = Judgement()
            judgement.measured("listening", isThere ? 1 : 0)
            if wanted, !isThere {
                judgement.miss("listening", "nobody listens on port \(port)\(address.map { " of \($0)" } ?? "")")
            }
            if !wanted, isThere { judgement.miss("listening", "port \(port) is taken, expected free") }
            return judgement.measurement(number: isThere ? 1 : 0, evidence: evidence)
        }
    }

    /// `  0: 0100007F:1F90 00000000:0000 0A …`: the address in the machine's byte order, then the state; 0A listens.
    private static func listener(_ line: Substring, _ port: UInt16) -> String? {
        let fields = line.split(separator: " ")
        guard fields.count > 3, fields[3] == "0A" else { return nil }
        let local = fields[1].split(separator: ":")
        guard local.count == 2, UInt16(local[1], radix: 16) == port else { return nil }
        let bytes = stride(from: 0, to: local[0].utf8.count, by: 2).compactMap { offset -> UInt8? in
            let start = local[0].index(local[0].startIndex, offsetBy: offset)
            return UInt8(local[0][start..<local[0].index(start, offsetBy: 2)], radix: 16)
        }
        if bytes.count == 4 { return bytes.reversed().map(String.init).joined(separator: ".") }
        guard bytes.count == 16 else { return nil }
        if bytes.allSatisfy({ $0 == 0 }) { return "::" }
        // An IPv4 address in IPv6's clothes, and the machine itself.
        if bytes[..<8].allSatisfy({ $0 == 0 }), bytes[8..<12].elementsEqual([0, 0, 255, 255]) {
            return bytes[12...].reversed().map(String.init).joined(separator: ".")
        }
        if bytes[..<12].allSatisfy({ $0 == 0 }),
            bytes[12...].elementsEqual([0, 0, 0, 1]) || bytes[12...].elementsEqual([1, 0, 0, 0])
        {
            return "::1"
        }
        return String(local[0])
    }
}
