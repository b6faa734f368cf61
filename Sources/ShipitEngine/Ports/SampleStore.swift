public import ShipitCore

/// Where the monitor's samples are kept, all of them, beside the journal. Calls are synchronous: when one returns, it is
/// durable. What is read while a run is driven is whole up to the last call.
public protocol SampleStore: Sendable {
    /// Keeps samples after those that are there, in one transaction, provided that `epoch` is the environment's newest.
    func keep(_ samples: [RecordedSample], of run: RunID, epoch: Epoch) throws(StoreError)

    /// In the order in which they were kept, without the first `count`.
    func samples(of run: RunID, after count: Int64) throws(StoreError) -> [RecordedSample]
}

extension SampleStore {
    /// All of them, in the order in which they were kept.
    public func samples(of run: RunID) throws(StoreError) -> [RecordedSample] { try samples(of: run, after: 0) }
}
