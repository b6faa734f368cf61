import Testing

@testable import ShipitCLI

@Suite(.timeLimit(.minutes(3)))
struct SafeTextTests {
    @Test func `colours are dropped and other control characters are shown`() {
        #expect(SafeText.line("\u{1B}[1;31mred\u{1B}[0m") == "red")
        #expect(SafeText.line("\u{1B}]0;title\u{7}") == "\\x1b]0;title\\x07")
        #expect(SafeText.line("\u{1B}[2J\u{9B}2J") == "\\x1b[2J\\x9b2J")
        #expect(SafeText.line("a\tb\nc\rd\u{7F}") == "a  b\\nc\\rd\\x7f")
    }

    @Test func `what would turn the reading direction is shown`() {
        #expect(SafeText.line("v1\u{202E}2.1") == "v1\\u{202e}2.1")
        #expect(SafeText.line("a\u{2028}b") == "a\\u{2028}b")
    }

    @Test func `harmless text stays as it is, in any script`() {
        for text in ["", "v1$(touch${IFS}pwned)", "Übergröße", "部署", "🚀 e\u{301}"] {
            #expect(SafeText.line(text) == text)
        }
    }

    @Test func `several lines become one where there is room for one`() {
        #expect(SafeText.joined("a\n\r\n  \nb\u{7}") == "a; b\\x07")
        #expect(SafeText.joined("") == "")
    }

    @Test func `an unfinished colour does no harm`() {
        #expect(SafeText.line("\u{1B}[31") == "\\x1b[31")
        #expect(SafeText.line("\u{1B}") == "\\x1b")
    }

    @Test func `of a line that is overwritten in place the newest part is shown`() {
        #expect(SafeText.outputLine("10 %\r50 %\r100 %\r") == "100 %")
        #expect(SafeText.outputLine("\r") == "")
    }

    @Test func `texts are cut by columns, not by characters`() {
        #expect(TextWidth.of("部署 ok") == 7)
        #expect(TextWidth.of("e\u{301}") == 1)
        #expect(TextWidth.cut("部署 ok", to: 7) == "部署 ok")
        #expect(TextWidth.cut("部署 ok", to: 4) == "部…")
        #expect(TextWidth.cut("abcdef", to: 4, mark: "~") == "abc~")
        #expect(TextWidth.cut("abcdef", to: 1) == "…")
        #expect(TextWidth.cut("abcdef", to: 0) == "")
        #expect(TextWidth.padded("部", to: 4) == "部  ")
        #expect(TextWidth.paddedLeft("7", to: 3) == "  7")
    }

    @Test func `words are quoted for a shell where they must be`() {
        #expect(ShellWord.line(["echo", "a b", "", "it's", "x=1", "$HOME"]) == "echo 'a b' '' 'it'\\''s' x=1 '$HOME'")
    }
}
