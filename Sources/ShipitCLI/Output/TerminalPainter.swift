/// Draws a block of lines over the one it drew before. Pure but for its memory: it gives what is to be written, and one
/// frame is one write.
struct TerminalPainter: Sendable {
    /// The width of each line on the screen.
    private var drawn: [Int] = []

    /// - Parameters:
    ///   - lines: with colours or without; none wider than the terminal.
    ///   - above: a line that stays on the screen, above the block.
    mutating func frame(_ lines: [StyledLine], size: Terminal.Size, above: String? = nil) -> String {
        var text = ""
        // A terminal that became narrower has wrapped the lines: there are more rows to go up than there were lines.
        let rows = drawn.reduce(0) { $0 + max(1, ($1 + size.width - 1) / max(1, size.width)) }
        if rows > 0 { text += "\r\u{1B}[\(rows)A" }
        if let above { text += above + "\u{1B}[K\n" }
        for line in lines { text += line.text + "\u{1B}[K\n" }
        // What stood below and is not drawn over.
        text += "\u{1B}[J"
        drawn = lines.map(\.width)
        return text
    }
}

/// A line for the screen with its width, colours not counted.
struct StyledLine: Hashable, Sendable {
    var text: String
    var width: Int
}
