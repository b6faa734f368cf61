/// As `journal` prints it: `sequence` and `at` beside what the event itself writes.
extension JournalEntry: Codable {
    private enum Key: String, CodingKey { case sequence, at }

    public func encode(to encoder: any Encoder) throws {
        var json = encoder.container(keyedBy: Key.self)
        try json.encode(sequence, forKey: .sequence)
        try json.encode(at, forKey: .at)
        try event.encode(to: encoder)
    }

    public init(from decoder: any Decoder) throws {
        let json = try decoder.container(keyedBy: Key.self)
        self.init(
            sequence: try json.decode(Int64.self, forKey: .sequence), at: try json.decode(Instant.self, forKey: .at),
            event: try RunEvent(from: decoder))
    }
}
