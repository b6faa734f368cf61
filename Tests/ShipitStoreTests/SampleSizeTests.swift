import Foundation
import ShipitCore
import ShipitEngine
import Testing

@testable import ShipitStore

@Suite(.timeLimit(.minutes(3)))
struct SampleSizeTests {
    @Test func `a day of samples every five seconds from ten sources takes less than 20 MB`() throws {
        let scratch = try ScratchFolder()
        let store = try SQLiteStore(folder: scratch.state)
        let epoch = try store.begin(Sample.run("r1"))
        let beats = 24 * 3600 / 5
        for first in stride(from: 0, to: beats, by: 480) {
            try store.keep((first..<first + 480).flatMap(Self.beat), of: "r1", epoch: epoch)
        }
        let files = try FileManager.default.contentsOfDirectory(atPath: scratch.state).filter {
            $0.hasPrefix("journal.db")
        }
        let size = try files.reduce(0) { sum, name in
            let attributes = try FileManager.default.attributesOfItem(atPath: "\(scratch.state)/\(name)")
            return try sum + #require(attributes[.size] as? Int)
        }
        print("a day of samples from ten sources: \(Double(size) / 1e6) MB")
        #expect(size < 20_000_000)
        #expect(try store.samples(of: "r1").count == beats * 10)
    }

    private static func beat(_ number: Int) -> [RecordedSample] {
        (0..<10).map { source in
            let at = Sample.start + .seconds(Int64(number) * 5) + .milliseconds(Int64(source) * 37)
            let kind = ShipitCore.Sample.Kind.good(seconds: 0.1 + Double(number % 97) / 3000, number: nil)
            return RecordedSample(
                source: "source-\(source)", sample: ShipitCore.Sample(at: at, kind: kind), standings: "ppp")
        }
    }
}
