import ShipitCore
import ShipitEngine
import ShipitStore
import Testing

extension RunStoreContract {
    static let samples: [RunStoreContract] = [
        RunStoreContract("samples are read as they were kept, in their order, while the run goes on") { open in
            let store = try open()
            let epoch = try store.begin(Sample.run("r1"))
            let kept = (0..<5).map(recorded)
            try store.keep(Array(kept[..<2]), of: "r1", epoch: epoch)
            #expect(try open().samples(of: "r1") == Array(kept[..<2]))
            try store.keep(Array(kept[2...]), of: "r1", epoch: epoch)
            #expect(try open().samples(of: "r1") == kept)
            #expect(try open().samples(of: "r1", after: 2) == Array(kept[2...]))
            #expect(try open().samples(of: "r1", after: 5).isEmpty)
        },
        RunStoreContract("samples of one run are not another's") { open in
            let store = try open()
            let epoch = try store.begin(Sample.run("r1"))
            let other = try store.begin(Sample.run("r2", environment: "staging"))
            try store.keep([recorded(0)], of: "r1", epoch: epoch)
            try store.keep([recorded(1)], of: "r2", epoch: other)
            #expect(try store.samples(of: "r1") == [recorded(0)])
            #expect(try store.samples(of: "r2") == [recorded(1)])
            #expect(try store.samples(of: "nosuch").isEmpty)
        },
        RunStoreContract("an engine that was overtaken keeps no samples") { open in
            let store = try open()
            let old = try store.begin(Sample.run("r1"))
            _ = try store.takeLock(environment: "production", run: "r1", holder: .current())
            #expect { try store.keep([recorded(0)], of: "r1", epoch: old) } throws: { error in
                if case StoreError.fenced = error { true } else { false }
            }
            #expect(try store.samples(of: "r1").isEmpty)
        },
    ]

    private static func recorded(_ number: Int) -> RecordedSample {
        let kinds: [ShipitCore.Sample.Kind] = [
            .good(seconds: 0.0123, number: nil), .error, .noData, .good(seconds: nil, number: -4.5),
            .good(seconds: nil, number: nil),
        ]
        let sample = ShipitCore.Sample(at: Sample.start + .seconds(Int64(number)), kind: kinds[number])
        return RecordedSample(source: "api", sample: sample, standings: "pn")
    }
}
