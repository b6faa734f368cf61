import Crypto
import ShipitEngine

/// Compares two SQLite files by their pages, without what SQLite keeps for itself in the header.
enum PageComparison {
    static func sameContent(_ left: String, _ right: String, stop: StopFlag) throws(ActionError) -> Bool {
        guard try Disk.size(left) == Disk.size(right) else { return false }
        return try digest(left, stop) == digest(right, stop)
    }

    private static func digest(_ path: String, _ stop: StopFlag) throws(ActionError) -> SHA256Digest {
        var hash = SHA256()
        var isFirst = true
        try Disk.read(path) { (piece) throws(ActionError) in
            try stop.check()
            guard isFirst else { return hash.update(bufferPointer: piece) }
            isFirst = false
            var bytes = Array(piece)
            // Journal mode, change counter, schema cookie, and the version that wrote last with its counter
            // (sqlite.org/fileformat2.html, 1.3).
            for range in [18..<20, 24..<28, 40..<44, 92..<100] where range.upperBound <= bytes.count {
                for index in range { bytes[index] = 0 }
            }
            hash.update(data: bytes)
        }
        return hash.finalize()
    }
}
