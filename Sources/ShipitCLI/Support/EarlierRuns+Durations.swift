import ShipitCore
import ShipitEngine

extension EarlierRuns {
    private static let looked = 50
    private static let counted = 20

    /// The last runs of a pipeline in an environment that have ended, dry-runs not counted: what tells how long things take.
    func states(of pipeline: String, in environment: String) throws -> [RunState] {
        let records = try store.runs(matching: nil, environment: environment, limit: Self.looked)
        let alike = records.filter {
            $0.created.pipeline == pipeline && !$0.created.dryRun && $0.summary.outcome != nil
        }
        return try alike.prefix(Self.counted).map { try RunReading($0, in: store).state }
    }
}
