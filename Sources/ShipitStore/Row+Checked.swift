import GRDB
import ShipitEngine

/// A damaged page can put anything into any column, whatever the table declares. GRDB's subscripts end the process then; these
/// tell it.
extension Row {
    func value<Value: DatabaseValueConvertible & StatementColumnConvertible>(_ column: String) throws -> Value {
        do {
            return try decode(Value.self, forColumn: column)
        } catch {
            throw Self.damage(column)
        }
    }

    func value<Value: DatabaseValueConvertible & StatementColumnConvertible>(at index: Int) throws -> Value {
        do {
            return try decode(Value.self, atIndex: index)
        } catch {
            throw Self.damage(columnNames[columnNames.index(columnNames.startIndex, offsetBy: index)])
        }
    }

    private static func damage(_ column: String) -> StoreError {
        .failed(
            "read the journal", cause: "a row is damaged: its \(column) is no value of the kind; nothing was repaired")
    }
}
