import Foundation
import GRDB
import ShipitCore
import ShipitEngine

/// A row of `locks`. It stays when the lock is given back, so that epochs only grow.
struct LockRow {
    /// `nil` until it is first saved.
    var number: Int64?
    var environment: String
    var run: RunID
    var epoch: Epoch
    /// Read only when somebody asks: an append never does.
    private let holderJSON: String
    var held: Bool
    var dirty: Bool

    /// All rows are looked at: one that is damaged may be the one that is looked for, and then every lock stays closed.
    static func fetch(_ environment: String, in database: Database) throws -> LockRow? {
        try fetchAll(in: database).first { $0.environment == environment }
    }

    static func fetchAll(in database: Database) throws -> [LockRow] {
        let statement = try database.cachedStatement(
            sql: "SELECT number, environment, run, epoch, holder, held, dirty, seal FROM locks")
        return try Row.fetchAll(statement).map(LockRow.init)
    }

    private init(_ row: Row) throws {
        number = try row.value("number")
        environment = try row.value("environment")
        run = RunID(try row.value("run"))
        epoch = Epoch(try row.value("epoch"))
        holderJSON = try row.value("holder")
        held = try row.value("held")
        dirty = try row.value("dirty")
        let stored: Data = try row.value("seal")
        guard seal == stored else {
            throw StoreError.failed("read the locks", cause: "a row of them is damaged; nothing was repaired")
        }
    }

    /// A new holder's.
    init(number: Int64?, environment: String, run: RunID, epoch: Epoch, holder: Holder, dirty: Bool) throws {
        self.number = number
        self.environment = environment
        self.run = run
        self.epoch = epoch
        holderJSON = try StoredJSON.encode(holder)
        held = true
        self.dirty = dirty
    }

    func holder() throws -> Holder { try StoredJSON.decode(Holder.self, holderJSON) }

    /// In the row that it was read from, or a new one.
    func save(in database: Database) throws {
        let statement = try database.cachedStatement(
            sql: """
                INSERT OR REPLACE INTO locks (number, environment, run, epoch, holder, held, dirty, seal)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                """)
        try statement.execute(arguments: [
            number, environment, run.text, epoch.number, holderJSON, held, dirty, seal,
        ])
    }

    private var seal: Data {
        var seal = Seal()
        seal.add(environment)
        seal.add(run.text)
        seal.add(epoch.number)
        seal.add(holderJSON)
        seal.add(held ? 1 : 0)
        seal.add(dirty ? 1 : 0)
        return seal.value()
    }
}
