import Foundation
import ShipitCore
import Testing

@testable import ShipitCLI

@Suite(.timeLimit(.minutes(3)))
struct TerminalTests {
    @Test func `a live block is drawn only where there is a terminal that can move its cursor`() {
        let xterm = ["TERM": "xterm-256color", "LANG": "en_US.UTF-8"]
        #expect(Terminal.style(environment: xterm, isTerminal: true) == .init(color: true, unicode: true))
        #expect(Terminal.style(environment: xterm, isTerminal: false) == nil)
        #expect(Terminal.style(environment: [:], isTerminal: true) == nil)
        #expect(Terminal.style(environment: ["TERM": "dumb"], isTerminal: true) == nil)
        for (value, isLive) in [("true", false), ("1", false), ("", true), ("false", true)] {
            let style = Terminal.style(environment: xterm.merging(["CI": value]) { $1 }, isTerminal: true)
            #expect((style != nil) == isLive)
        }
    }

    @Test func `colours and symbols are what the caller's environment bears`() {
        func style(_ more: [String: String]) -> Terminal.Style? {
            Terminal.style(environment: ["TERM": "xterm"].merging(more) { $1 }, isTerminal: true)
        }
        #expect(style(["NO_COLOR": "1"])?.color == false)
        #expect(style(["NO_COLOR": ""])?.color == true)
        #expect(style([:])?.unicode == false)
        #expect(style(["LANG": "C.utf8"])?.unicode == true)
        #expect(style(["LC_ALL": "C", "LANG": "C.UTF-8"])?.unicode == false)
        #expect(style(["LC_ALL": "", "LANG": "C.UTF-8"])?.unicode == true)
    }

    @Test func `a block is drawn over the one before it with one write`() {
        let size = Terminal.Size(width: 20, height: 10)
        var painter = TerminalPainter()
        func line(_ text: String) -> StyledLine { StyledLine(text: text, width: text.count) }
        #expect(painter.frame([line("a"), line("bb")], size: size) == "a\u{1B}[K\nbb\u{1B}[K\n\u{1B}[J")
        #expect(painter.frame([line("c")], size: size) == "\r\u{1B}[2Ac\u{1B}[K\n\u{1B}[J")
        #expect(
            painter.frame([line("d")], size: size, above: "note") == "\r\u{1B}[1Anote\u{1B}[K\nd\u{1B}[K\n\u{1B}[J")
    }

    @Test func `after every frame only the newest block stands on the screen, and what was said above it`() {
        var painter = TerminalPainter()
        var screen = Screen()
        let style = Terminal.Style(color: false, unicode: true)
        let size = Terminal.Size(width: 70, height: 12)
        var said: [String] = ["$ shipit deploy v1.15.2"]
        screen.write(said[0] + "\n")
        for (number, story) in [Story.running(), .paused(), .undoFailed(), .refused(), .rolledBack()].enumerated() {
            let lines = LiveBlock.lines(.init(view: story.view), size: size, style: style, now: story.now)
            let above = number % 2 == 1 ? "word \(number)" : nil
            if let above { said.append(above) }
            screen.write(painter.frame(lines, size: size, above: above))
            #expect(screen.text == said + lines.map(\.text))
        }
        #expect(screen.unknown.isEmpty)
    }

    @Test func `lines that a narrower window has wrapped are drawn over, too`() {
        var painter = TerminalPainter()
        let wide = StyledLine(text: String(repeating: "x", count: 50), width: 50)
        _ = painter.frame([wide, StyledLine(text: "y", width: 1)], size: .init(width: 80, height: 10))
        #expect(painter.frame([], size: .init(width: 20, height: 10)) == "\r\u{1B}[4A\u{1B}[J")
    }

    @Test func `what is no terminal has the size of a VT100`() throws {
        let pipe = Pipe()
        #expect(
            Terminal.size(of: pipe.fileHandleForWriting.fileDescriptor) == Terminal.Size(width: 80, height: 24))
    }

    @Test func `a terminal's own size is used`() throws {
        let terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY)
        try #require(terminal >= 0)
        defer { close(terminal) }
        var size = winsize(ws_row: 33, ws_col: 101, ws_xpixel: 0, ws_ypixel: 0)
        try #require(ioctl(terminal, UInt(TIOCSWINSZ), &size) == 0)
        #expect(Terminal.size(of: terminal) == Terminal.Size(width: 101, height: 33))
    }
}
