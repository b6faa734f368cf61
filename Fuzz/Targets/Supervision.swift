import SupervisorProtocol

/// A stream of bytes is cut into the same frames however it arrives, and what is read as a message is written as one.
@Sendable func checkMessages(_ bytes: [UInt8]) throws {
    var buffer = FrameBuffer()
    var frames: [[UInt8]] = []
    var isBroken = false
    for piece in pieces(of: bytes) where !isBroken {
        piece.withUnsafeBytes { buffer.append($0) }
        do throws(WireError) {
            while let frame = try buffer.next() { frames.append(Array(frame)) }
        } catch {
            isBroken = true
        }
    }
    let expected = naiveFrames(bytes)
    try expect(frames == expected, "\(frames) instead of \(expected)")
    for frame in frames + [bytes] {
        do {
            let request = try SupervisorRequest(frame: frame[...])
            try expect(
                try SupervisorRequest(frame: request.frame.dropFirst(4)) == request, "\(request) is read as another")
        } catch is WireError {}
        do {
            let reply = try SupervisorReply(frame: frame[...])
            try expect(try SupervisorReply(frame: reply.frame.dropFirst(4)) == reply, "\(reply) is read as another")
        } catch is WireError {}
    }
}

private func naiveFrames(_ bytes: [UInt8]) -> [[UInt8]] {
    var frames: [[UInt8]] = []
    var start = 0
    while bytes.count - start >= 4 {
        let length = (0..<4).reduce(0) { $0 + Int(bytes[start + $1]) * (1 << (8 * $1)) }
        guard length <= 32 << 20, start + 4 + length <= bytes.count else { break }
        frames.append(Array(bytes[start + 4..<start + 4 + length]))
        start += 4 + length
    }
    return frames
}

/// Any bytes are a ledger; a line is read as it was written, whatever texts stand in it; and a damaged line is none.
@Sendable func checkLedger(_ bytes: [UInt8]) throws {
    _ = Ledger(reading: bytes)
    var sealed: [UInt8] = []
    for line in bytes.split(separator: UInt8(ascii: "\n")) {
        // With a right checksum, so that what stands before it is looked at.
        let body = Array(String(decoding: line, as: UTF8.self).utf8)
        let whole = body + Array(" \(checksum(body))".utf8)
        sealed += whole + [UInt8(ascii: "\n")]
        guard let record = LedgerRecord(line: whole) else { continue }
        if case .ended(_, .notStarted(let reason), _, _) = record, reason.utf8.count > 256 { continue }
        try expect(LedgerRecord(line: record.line.dropLast()) == record, "\(record) is read as another")
    }
    let ledger = Ledger(reading: sealed)
    try expect(ledger.open.allSatisfy { ledger.key(of: $0.command.id) != nil }, "a command without a key")
    try checkWritten(bytes)
}

private func checkWritten(_ bytes: [UInt8]) throws {
    var input = Input(bytes)
    let id = UInt32(input.byte())
    let (key, tag) = (input.text(Int(input.byte() % 24)), input.text(Int(input.byte() % 24)))
    let command = AcceptedCommand(
        id: id, key: key, at: Int64(input.byte()), tag: tag, killAfterMilliseconds: 10_000,
        leavesRunning: input.byte() % 2 == 0, outputStart: Int64(input.byte()))
    let reason = input.text(200)
    let records: [LedgerRecord] = [
        .supervisor(pid: 7, startTime: Int64(id), bootID: tag), .accepted(command),
        .spawned(id: id, process: ProcessIdentity(pid: 42, startTime: 4711)),
        .ended(id: id, fate: .notStarted(reason), at: 5, outputEnd: 99),
    ]
    for record in records {
        let line = record.line
        try expect(line.count <= LedgerRecord.endedRoom, "a line of \(line.count) bytes")
        try expect(line.firstIndex(of: UInt8(ascii: "\n")) == line.count - 1, "\(record) is not one line")
        let found = LedgerRecord(line: line.dropLast())
        // A reason is kept short; it may lose its end, and no more.
        if reason.utf8.count <= 256 || found?.line != line {
            try expect(found == record, "\(record) is read as \(String(describing: found))")
        }
    }
    let ledger = Ledger(reading: records.flatMap(\.line))
    try expect(ledger.entries[key]?.end?.fate == .notStarted(reason) || reason.utf8.count > 256, "\(key) did not end")
}

private func checksum(_ bytes: [UInt8]) -> String {
    var sum: UInt32 = 2_166_136_261
    for byte in bytes { sum = (sum ^ UInt32(byte)) &* 16_777_619 }
    let digits = String(sum, radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
}
