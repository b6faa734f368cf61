import GRDB
public import ShipitCore
public import ShipitEngine

extension SQLiteStore {
    public func keep(_ samples: [RecordedSample], of run: RunID, epoch: Epoch) throws(StoreError) {
        try write("keep the samples of \(run)") { database in
            guard let head = try RunHead.fetch(run, in: database) else { throw Self.unknown(run) }
            try self.requireLock(of: head.environment, by: run, in: epoch, database)
            let last = try Int64.fetchOne(
                database.cachedStatement(sql: "SELECT max(number) FROM samples WHERE run = ?"),
                arguments: [head.number])
            var number = last ?? 0
            let insert = try database.cachedStatement(
                sql: """
                    INSERT INTO samples (run, number, source, at, kind, seconds, value, standings)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                    """)
            for recorded in samples {
                number += 1
                let (kind, seconds, value) = SampleKind.stored(recorded.sample.kind)
                try insert.execute(arguments: [
                    head.number, number, recorded.source, recorded.sample.at.milliseconds, kind.rawValue, seconds,
                    value,
                    recorded.standings,
                ])
            }
        }
    }

    public func samples(of run: RunID, after count: Int64) throws(StoreError) -> [RecordedSample] {
        try read("read the samples of \(run)") { database in
            // One that an older shipit made, and nobody has written to since, has none.
            guard try database.tableExists("samples"), let head = try RunHead.fetch(run, in: database) else {
                return []
            }
            var samples: [RecordedSample] = []
            let rows = try Row.fetchCursor(
                database,
                sql: """
                    SELECT source, at, kind, seconds, value, standings FROM samples
                    WHERE run = ? AND number > ? ORDER BY number
                    """, arguments: [head.number, count])
            while let row = try rows.next() { samples.append(try Self.sample(row, of: run)) }
            return samples
        } ?? []
    }

    private static func sample(_ row: Row, of run: RunID) throws -> RecordedSample {
        let number: Int64 = try row.value(at: 2)
        guard let kind = SampleKind(rawValue: number) else {
            throw StoreError.failed("read the samples of \(run)", cause: "a row is damaged: there is no kind \(number)")
        }
        let at = Instant(milliseconds: try row.value(at: 1))
        let sample = Sample(at: at, kind: kind.sampleKind(seconds: try row.value(at: 3), value: try row.value(at: 4)))
        return RecordedSample(source: try row.value(at: 0), sample: sample, standings: try row.value(at: 5))
    }
}

/// Kinds of samples as numbers. Those that are stored never change their meaning.
private enum SampleKind: Int64 {
    case good = 0
    case error = 1
    case noData = 2

    /// SQLite knows no NaN and keeps none; it is no data, with or without it.
    static func stored(_ kind: Sample.Kind) -> (SampleKind, seconds: Double?, value: Double?) {
        switch kind {
        case .good(let seconds, let number): (.good, seconds, number)
        case .error: (.error, nil, nil)
        case .noData: (.noData, nil, nil)
        }
    }

    func sampleKind(seconds: Double?, value: Double?) -> Sample.Kind {
        switch self {
        case .good: .good(seconds: seconds, number: value)
        case .error: .error
        case .noData: .noData
        }
    }
}
