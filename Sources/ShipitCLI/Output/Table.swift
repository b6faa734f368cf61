/// Rows whose columns stand below one another; the last column is as long as it likes.
struct Table {
    private var rows: [[String]] = []
    private let indent: String

    init(_ header: [String] = [], indent: String = "") {
        self.indent = indent
        if !header.isEmpty { rows.append(header) }
    }

    mutating func add(_ cells: String...) { rows.append(cells) }

    /// A line a row, each ended, without spaces at its end.
    var text: String {
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in
            rows.map { $0.indices.contains(column) ? TextWidth.of($0[column]) : 0 }.max() ?? 0
        }
        return rows.map { row in
            var line = indent
            for (column, cell) in row.enumerated() {
                line += column == row.count - 1 ? cell : TextWidth.padded(cell, to: widths[column]) + "  "
            }
            while line.last == " " { line.removeLast() }
            return line + "\n"
        }.joined()
    }
}
