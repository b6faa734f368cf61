import Crypto
import ShipitEngine

/// SHA-256 in hexadecimal digits.
enum Digest {
    static func file(_ path: String, stop: StopFlag) throws(ActionError) -> String {
        var hash = SHA256()
        try Disk.read(path) { (piece) throws(ActionError) in
            try stop.check()
            hash.update(bufferPointer: piece)
        }
        return hexadecimal(hash.finalize())
    }

    static func text(_ text: String) -> String { hexadecimal(SHA256.hash(data: Array(text.utf8))) }

    private static func hexadecimal(_ digest: SHA256Digest) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
