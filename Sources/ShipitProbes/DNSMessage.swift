/// A question to a name server and its answer, as they go over the wire (RFC 1035).
struct DNSMessage: Hashable, Sendable {
    struct Record: Hashable, Sendable {
        var type: UInt16
        /// Seconds for which it may be kept.
        var ttl: UInt32
        /// As people write it: an address, a name, a text.
        var text: String
    }

    /// 0: well; 3: there is no such name.
    var code: UInt8
    /// The rest must be asked for over TCP.
    var isTruncated: Bool
    var records: [Record]

    static let types: [String: UInt16] = [
        "A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28, "SRV": 33, "CAA": 257,
    ]

    /// `nil` for what is no name.
    static func question(_ name: String, type: UInt16, id: UInt16) -> [UInt8]? {
        // Recursion desired, one question.
        var bytes: [UInt8] = [UInt8(id >> 8), UInt8(id & 255), 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        for (place, label) in labels.enumerated() {
            if label.isEmpty, place == labels.count - 1 { break }
            guard (1...63).contains(label.utf8.count), label.utf8.allSatisfy({ $0 > 32 && $0 < 127 }) else {
                return nil
            }
            bytes.append(UInt8(label.utf8.count))
            bytes += label.utf8
        }
        bytes += [0, UInt8(type >> 8), UInt8(type & 255), 0, 1]
        return bytes.count <= 12 + 255 + 4 ? bytes : nil
    }

    /// `nil` for what is no answer to the question with this id.
    init?(_ bytes: [UInt8], id: UInt16) {
        var reader = Reader(bytes: bytes)
        guard let found = reader.short(), found == id, let flags = reader.short(), flags & 0x8000 != 0,
            let questions = reader.short(), let answers = reader.short(), reader.skip(4)
        else { return nil }
        code = UInt8(flags & 15)
        isTruncated = flags & 0x0200 != 0
        records = []
        for _ in 0..<questions { guard reader.name() != nil, reader.skip(4) else { return nil } }
        for _ in 0..<answers {
            guard reader.name() != nil, let type = reader.short(), reader.skip(2), let ttl = reader.long(),
                let size = reader.short(), let text = reader.data(type, Int(size))
            else {
                // The end of a cut answer is no mistake of the server's.
                if isTruncated { return }
                return nil
            }
            records.append(Record(type: type, ttl: ttl, text: text))
        }
    }

    private struct Reader {
        let bytes: [UInt8]
        var place = 0

        mutating func byte() -> UInt8? {
            guard place < bytes.count else { return nil }
            defer { place += 1 }
            return bytes[place]
        }

        mutating func short() -> UInt16? {
            guard let high = byte(), let low = byte() else { return nil }
            return UInt16(high) << 8 | UInt16(low)
        }

        mutating func long() -> UInt32? {
            guard let high = short(), let low = short() else { return nil }
            return UInt32(high) << 16 | UInt32(low)
        }

        mutating func skip(_ count: Int) -> Bool {
            guard place + count <= bytes.count else { return false }
            place += count
            return true
        }

        /// A name, whose end may be said elsewhere. Every jump leads backwards, so there is no circle.
        mutating func name() -> String? {
            var labels: [String] = []
            var (at, lowest) = (place, place)
            var end: Int?
            var size = 0
            while true {
                guard at < bytes.count else { return nil }
                let length = Int(bytes[at])
                if length & 0xC0 == 0xC0 {
                    guard at + 1 < bytes.count else { return nil }
                    let target = (length & 0x3F) << 8 | Int(bytes[at + 1])
                    guard target < lowest else { return nil }
                    end = end ?? at + 2
                    (at, lowest) = (target, target)
                } else if length == 0 {
                    place = end ?? at + 1
                    return labels.isEmpty ? "." : labels.joined(separator: ".")
                } else {
                    size += length + 1
                    guard length < 64, size <= 255, at + 1 + length <= bytes.count else { return nil }
                    labels.append(String(decoding: bytes[(at + 1)..<(at + 1 + length)], as: UTF8.self))
                    at += 1 + length
                }
            }
        }

        mutating func data(_ type: UInt16, _ size: Int) -> String? {
            guard place + size <= bytes.count else { return nil }
            let end = place + size
            let data = Array(bytes[place..<end])
            var inside = self
            let text: String?
            switch type {
            case 1: text = size == 4 ? data.map(String.init).joined(separator: ".") : nil
            case 28: text = size == 16 ? Self.address(data) : nil
            case 2, 5, 12: text = inside.name()
            case 15: text = inside.short().flatMap { priority in inside.name().map { "\(priority) \($0)" } }
            case 16: text = Self.texts(data)
            case 33:
                guard let priority = inside.short(), let weight = inside.short(), let port = inside.short(),
                    let target = inside.name()
                else { return nil }
                text = "\(priority) \(weight) \(port) \(target)"
            case 6: text = inside.name().flatMap { first in inside.name().map { "\(first) \($0)" } }
            default: text = data.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
            }
            place = end
            return text
        }

        private static func texts(_ data: [UInt8]) -> String? {
            var text = ""
            var rest = data[...]
            while let count = rest.popFirst() {
                guard rest.count >= Int(count) else { return nil }
                text += String(decoding: rest.prefix(Int(count)), as: UTF8.self)
                rest = rest.dropFirst(Int(count))
            }
            return text
        }

        /// As RFC 5952 writes it: the longest run of zero groups, of two at least, left out.
        private static func address(_ data: [UInt8]) -> String {
            let groups = stride(from: 0, to: 16, by: 2).map { UInt16(data[$0]) << 8 | UInt16(data[$0 + 1]) }
            var best = 0..<0
            var start = 0
            while start < 8 {
                let end = groups[start...].firstIndex { $0 != 0 } ?? 8
                if end - start > max(1, best.count) { best = start..<end }
                start = max(end, start + 1)
            }
            func words(_ part: ArraySlice<UInt16>) -> String {
                part.map { String($0, radix: 16) }.joined(separator: ":")
            }
            return best.isEmpty
                ? words(groups[...]) : words(groups[..<best.lowerBound]) + "::" + words(groups[best.upperBound...])
        }
    }
}
