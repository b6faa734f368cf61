import Crypto
import Foundation
import ShipitCore

/// SHA-256 over a list of fields, each with its length, so that no two lists give the same bytes.
struct Seal {
    private var hash = SHA256()

    mutating func add(_ number: Int64) {
        withUnsafeBytes(of: number.bigEndian) { hash.update(bufferPointer: $0) }
    }

    mutating func add(_ text: String) {
        var text = text
        text.withUTF8 { bytes in
            add(Int64(bytes.count))
            hash.update(bufferPointer: UnsafeRawBufferPointer(bytes))
        }
    }

    mutating func add(_ bytes: Data) {
        add(Int64(bytes.count))
        hash.update(data: bytes)
    }

    func value() -> Data { Data(hash.finalize()) }

    /// An event's place in the chain: it changes with the event and with every one before it.
    static func event(previous: Data, sequence: Int64, at: Int64, version: Int64, body: String) -> Data {
        var seal = Seal()
        seal.add(previous)
        seal.add(sequence)
        seal.add(at)
        seal.add(version)
        seal.add(body)
        return seal.value()
    }

    static func text(_ text: String) -> Data {
        var seal = Seal()
        seal.add(text)
        return seal.value()
    }
}

/// The form of everything kept as JSON: one way to write each value, so that it can be compared and hashed.
package enum StoredJSON {
    package static func encode(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // A measured infinity must not stop the journal.
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    package static func decode<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
        try decoder().decode(type, from: Data(text.utf8))
    }

    static func decoder() -> JSONDecoder {
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return decoder
    }
}
