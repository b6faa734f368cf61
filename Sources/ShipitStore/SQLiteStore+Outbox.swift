import GRDB
public import ShipitCore
public import ShipitEngine

extension SQLiteStore {
    public func outbox(of run: RunID) throws(StoreError) -> [OutboxNotice] {
        try read("read the outbox of \(run)") { database in
            // One that an older shipit made, and nobody has written to since, has none.
            guard try database.tableExists("outbox"), let head = try RunHead.fetch(run, in: database) else { return [] }
            let rows = try Row.fetchAll(
                database, sql: "SELECT \(OutboxRow.columns) FROM outbox WHERE run = ? ORDER BY sequence, source",
                arguments: [head.number])
            return try rows.map { try OutboxRow.notice($0, of: run) }
        } ?? []
    }

    public func takeNotice(of run: RunID?, at now: Instant) throws(StoreError) -> OutboxNotice? {
        // Senders look often and rarely find something: looking takes no lock from a writer.
        let isThere = try read("look into the outbox") { database in
            try Self.due(run, now, in: database) != nil
        }
        guard isThere == true else { return nil }
        let taken = try write("take a message of the outbox") { database -> OutboxNotice? in
            while let row = try Self.due(run, now, in: database) {
                let (number, id): (Int64, String) = (try row.value("run"), try row.value("id"))
                var message = try OutboxRow.notice(row, of: RunID(id))
                // Whoever tried it for the last time died before saying how that went.
                guard message.tries < NoticeTries.policy.attempts else {
                    message.trouble = message.trouble ?? "nobody knows whether the last try came through"
                    message.state = .undelivered
                    try Self.save(message, of: number, heldUntil: now, in: database)
                    continue
                }
                message.tries += 1
                message.nextTry = NoticeTries.next(after: message.tries, at: now) ?? now
                try Self.save(message, of: number, heldUntil: now + NoticeTries.hold, in: database)
                return message
            }
            return nil
        }
        return taken
    }

    /// The oldest that may be sent: none of the same source before it is open, and nobody has it.
    private static func due(_ run: RunID?, _ now: Instant, in database: Database) throws -> Row? {
        let statement = try database.cachedStatement(
            sql: """
                SELECT outbox.run, runs.id, \(OutboxRow.columns.split(separator: ", ").map { "outbox.\($0)" }.joined(separator: ", "))
                FROM outbox JOIN runs ON runs.number = outbox.run
                WHERE outbox.state = 0 AND outbox.next_at <= ? AND outbox.held_until <= ? AND (? IS NULL OR runs.id = ?)
                    AND NOT EXISTS (
                        SELECT 1 FROM outbox AS earlier
                        WHERE earlier.run = outbox.run AND earlier.source = outbox.source AND earlier.state = 0
                            AND earlier.sequence < outbox.sequence)
                ORDER BY outbox.at, outbox.run, outbox.sequence LIMIT 1
                """)
        let id = run?.text
        return try Row.fetchOne(statement, arguments: [now.milliseconds, now.milliseconds, id, id])
    }

    public func settle(_ notice: OutboxNotice, _ end: NoticeEnd, at now: Instant) throws(StoreError) {
        try write("say what became of a message of \(notice.run)") { database in
            guard let head = try RunHead.fetch(notice.run, in: database) else { throw Self.unknown(notice.run) }
            let stored = try Row.fetchOne(
                database,
                sql: "SELECT \(OutboxRow.columns) FROM outbox WHERE run = ? AND sequence = ? AND source = ?",
                arguments: [head.number, notice.notice.sequence, OutboxRow.stored(notice.notice.source)])
            guard let stored else {
                throw StoreError.failed("find a message of \(notice.run)", cause: "\(notice.key) is not in the outbox")
            }
            var message = try OutboxRow.notice(stored, of: notice.run)
            // Who was too slow has nothing to say about what another one is doing; but what is there is there.
            let isLatest = message.state == .open && message.tries == notice.tries
            guard isLatest || end == .delivered else { return }
            switch end {
            case .delivered: (message.state, message.trouble) = (.delivered, nil)
            case .failedForGood(let why): (message.state, message.trouble) = (.undelivered, why)
            case .failed(let why):
                message.trouble = why
                if let next = NoticeTries.next(after: message.tries, at: now) {
                    // Where news have come meanwhile, it is due already.
                    if message.nextTry >= notice.nextTry { message.nextTry = next }
                } else {
                    message.state = .undelivered
                }
            }
            try Self.save(message, of: head.number, heldUntil: now, in: database)
        }
    }

    private static func save(
        _ message: OutboxNotice, of run: Int64, heldUntil: Instant, in database: Database
    ) throws {
        try database.execute(
            sql: """
                UPDATE outbox SET state = ?, tries = ?, next_at = ?, held_until = ?, trouble = ?
                WHERE run = ? AND sequence = ? AND source = ?
                """,
            arguments: [
                message.state.rawValue, message.tries, message.nextTry.milliseconds, heldUntil.milliseconds,
                message.trouble, run, message.notice.sequence, OutboxRow.stored(message.notice.source),
            ])
    }
}
