import ShipitCore

/// `journal RUN`: a line an event, with its time (UTC) and its sequence.
enum JournalText {
    static func text(_ entries: [JournalEntry]) -> String {
        guard let last = entries.last else { return "no events\n" }
        let events = entries.map { EventWords($0.event, at: $0.at) }
        let digits = max(3, String(last.sequence).count)
        let widest = min(24, events.map { TextWidth.of($0.subject) }.max() ?? 0)
        return zip(entries, events).map { entry, event in
            let sequence = TextWidth.paddedLeft(String(entry.sequence), to: digits)
            return "\(entry.at)  \(sequence)  \(TextWidth.padded(event.subject, to: widest))  \(event.words)\n"
        }.joined()
    }
}
