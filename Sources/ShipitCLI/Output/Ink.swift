/// Puts a line together piece by piece, never wider than the terminal, in colours or without.
struct Ink {
    enum Colour: String {
        case plain = ""
        case dim = "2"
        case bold = "1"
        case red = "31"
        case green = "32"
        case yellow = "33"
        case cyan = "36"
    }

    private let room: Int
    private let style: Terminal.Style
    private var text = ""
    private(set) var width = 0

    init(width: Int, style: Terminal.Style) {
        // The last column stays free: a full line would wrap on some terminals.
        room = max(1, width - 1)
        self.style = style
    }

    /// - Parameter text: made safe already.
    mutating func add(_ piece: String, _ colour: Colour = .plain) {
        let fitting = TextWidth.cut(piece, to: room - width, mark: style.unicode ? "…" : "~")
        guard !fitting.isEmpty else { return }
        width += TextWidth.of(fitting)
        text += style.color && colour != .plain ? "\u{1B}[\(colour.rawValue)m\(fitting)\u{1B}[0m" : fitting
    }

    /// Up to a column, for what stands below one another.
    mutating func space(to column: Int) { add(String(repeating: " ", count: max(1, column - width))) }

    var line: StyledLine { StyledLine(text: text, width: width) }
}
