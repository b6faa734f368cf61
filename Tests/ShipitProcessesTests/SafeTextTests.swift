import ShipitProcesses
import Testing

@Suite("Bytes shown as text", .timeLimit(.minutes(3)))
struct SafeTextTests {
    @Test(
        arguments: [
            ("plain é 🚢\ttext\n", "plain é 🚢\ttext\n"), ("clear \u{1b}[2J screen", "clear \\x1b[2J screen"),
            ("title \u{1b}]0;x\u{7}", "title \\x1b]0;x\\x07"), ("red \u{1b}[31;1mword\u{1b}[0m", "red word"),
            ("dos\r\nline", "dos\nline"), ("10%\r20%\r", "10%\n20%\n"), ("c1 \u{9b}31m", "c1 \\u{9b}31m"),
            ("turn \u{202e}around", "turn \\u{202e}around"), ("nul \0", "nul \\x00"),
            ("mark \u{61c}", "mark \\u{61c}"),
            ("cursor \u{1b}[10A", "cursor \\x1b[10A"), ("no colour \u{1b}[>4m", "no colour \\x1b[>4m"),
        ])
    func `nothing of it reaches the terminal as a command`(text: String, shown: String) {
        #expect(SafeText.text(of: text.utf8) == shown)
    }

    @Test func `what is not UTF-8 is shown byte by byte`() {
        #expect(SafeText.text(of: [0x61, 0xff, 0xc3, 0x28, 0xe2, 0x82]) == "a\\xff\\xc3(\\xe2\\x82")
        // Surrogates and overlong forms are no characters.
        #expect(SafeText.text(of: [0xed, 0xa0, 0x80, 0xc0, 0xaf]) == "\\xed\\xa0\\x80\\xc0\\xaf")
    }

    @Test func `colours may stay, and are taken back at the end`() {
        #expect(SafeText.text(of: "\u{1b}[31mred".utf8, colours: true) == "\u{1b}[31mred\u{1b}[0m")
    }

    @Test func `every way to cut the bytes gives the same text`() {
        let bytes = Array("é🚢\r\n\u{1b}[1m\u{1b}[2Jx\r".utf8) + [0xe2, 0x82]
        for colours in [false, true] {
            let whole = SafeText.text(of: bytes, colours: colours)
            for first in 0...bytes.count {
                for second in first...bytes.count {
                    var text = SafeText(colours: colours)
                    let shown =
                        text.append(bytes[..<first]) + text.append(bytes[first..<second])
                        + text.append(bytes[second...])
                        + text.finish()
                    #expect(shown == whole)
                }
            }
        }
    }
}
