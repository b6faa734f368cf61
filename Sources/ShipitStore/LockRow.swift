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
    var holder: Holder
    var held: Bool
    var dirty: Bool

    /// All rows are looked at: one that is damaged may be the one that is looked for, and then every lock stays closed.
    static func fetch(_ environment: String, in database: Database) throws -> LockRow? {
        let statement = try database.cachedStatement(
            sql: "SELECT number, environment, run, epoch, holder, held, dirty, seal FROM locks")
        let rows = try Row.fetchAll(statement).map(LockRow.init)
        return rows.first { $0.environment == environment }
    }

    private init(_ row: Row) throws {
        let holderJSON: String = try row.value("holder")
        let sealed: Data = try row.value("seal")
        // A holder that cannot be read any more is as changed as one whose seal is another.
        if let holder = try? StoredJSON.decode(Holder.self, holderJSON) {
            self.init(
                number: try row.value("number"), environment: try row.value("environment"),
                run: RunID(try row.value("run")), epoch: Epoch(try row.value("epoch")), holder: holder,
                held: try row.value("held"), dirty: try row.value("dirty"))
            if seal(holderJSON) == sealed { return }
        }
        throw StoreError.failed("read the locks", cause: "a row of them is damaged; nothing was repaired")
    }

    init(
        number: Int64?, environment: String, run: RunID, epoch: Epoch, holder: Holder, held: Bool, dirty: Bool
    ) {
        self.number = number
        self.environment = environment
        self.run = run
        self.epoch = epoch
        self.holder = holder
        self.held = held
        self.dirty = dirty
    }

    /// In the row that it was read from, or a new one.
    func save(in database: Database) throws {
        let holderJSON = try StoredJSON.encode(holder)
        let statement = try database.cachedStatement(
            sql: """
                INSERT OR REPLACE INTO locks (number, environment, run, epoch, holder, held, dirty, seal)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                """)
        try statement.execute(arguments: [
            number, environment, run.text, epoch.number, holderJSON, held, dirty, seal(holderJSON),
        ])
    }

    private func seal(_ holderJSON: String) -> Data {
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
