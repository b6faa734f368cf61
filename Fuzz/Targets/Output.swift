import ShipitEngine
import ShipitProcesses

/// Whatever a crash left of a run's output can be read to its end.
@Sendable func checkOutput(_ bytes: [UInt8]) throws {
    let folder = try ScratchFolder()
    try folder.write(Array(bytes.dropFirst(16)), to: "output.log")
    // The ring of the first command's standard output: its header, and something.
    try folder.write(Array(bytes.prefix(16)) + bytes, to: "output-1-1.ring")
    let log = OutputLog(folder: folder.path)
    var position = OutputLog.Position.start
    for _ in 0...bytes.count {
        let page = try log.chunks(from: position)
        position = page.next
        if page.isLast { break }
    }
    let rest = try log.chunks(from: position)
    try expect(rest.isLast, "the end is never reached")
    try expect(rest.chunks.allSatisfy { $0.bytes.isEmpty || $0.stream == .note }, "the end is read twice")
    for lines in [0, 1, 3] { _ = try log.tail(lines: lines) }
}

/// Nothing that a command prints does anything to a terminal, and how it arrives makes no difference.
@Sendable func checkTerminal(_ bytes: [UInt8]) throws {
    for colours in [false, true] {
        let whole = SafeText.text(of: bytes, colours: colours)
        var text = SafeText(colours: colours)
        let pieced = pieces(of: bytes, longest: 5).map { text.append($0) }.joined() + text.finish()
        try expect(
            whole.unicodeScalars.elementsEqual(pieced.unicodeScalars),
            "\(bytes) in pieces is \(pieced.debugDescription)")
        try expectHarmless(colours ? String(whole.replacing(/\u{1b}\[[0-9;:]*m/, with: "")) : whole)
    }
}

/// Nothing stands in it that could steer a terminal or turn the reading direction.
func expectHarmless(_ text: String) throws {
    for scalar in text.unicodeScalars {
        let isHarmful =
            scalar.properties.generalCategory == .control && scalar != "\n" && scalar != "\t"
            || scalar.properties.isBidiControl || scalar == "\u{2028}" || scalar == "\u{2029}"
        try expect(!isHarmful, "U+\(String(scalar.value, radix: 16)) stands in \(text.debugDescription)")
    }
}
