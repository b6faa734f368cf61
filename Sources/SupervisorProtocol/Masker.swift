/// Replaces secrets in a stream that arrives in pieces of any size.
///
/// Every byte that belongs to an occurrence of a pattern is hidden, overlapping occurrences included; each unbroken run
/// of hidden bytes becomes one `***`. Only a tail that begins a pattern is held back, until the stream goes on or ends:
/// a pause is no reason to show half a secret.
public struct Masker: Sendable {
    private let patterns: MaskPatterns
    private var held: [UInt8] = []
    /// How far into `held` an occurrence that was found already reaches.
    private var hiddenUntil = 0
    /// Whether the last byte that left was hidden.
    private var isHiding = false

    public init(_ patterns: MaskPatterns) { self.patterns = patterns }

    /// A text that is whole.
    public static func masked(_ text: String, _ patterns: MaskPatterns) -> String {
        var masker = Masker(patterns)
        var output: [UInt8] = []
        Array(text.utf8).withUnsafeBytes { masker.feed($0, into: &output) }
        masker.finish(into: &output)
        return String(decoding: output, as: UTF8.self)
    }

    /// Appends to `output` what may be shown now.
    public mutating func feed(_ piece: UnsafeRawBufferPointer, into output: inout [UInt8]) {
        guard !patterns.isEmpty else {
            output.append(contentsOf: piece)
            return
        }
        held.append(contentsOf: piece)
        release(into: &output, isEnd: false)
    }

    /// The stream has ended: what was held back is no secret, or is hidden.
    public mutating func finish(into output: inout [UInt8]) {
        release(into: &output, isEnd: true)
    }

    private mutating func release(into output: inout [UInt8], isEnd: Bool) {
        let end = held.count
        guard end > 0 else { return }
        // Room for the filter, which reads four bytes at once.
        held.append(contentsOf: [0, 0, 0, 0])
        let stop = held.withUnsafeBufferPointer { buffer in
            let text = buffer.baseAddress!
            let stop = isEnd ? end : patterns.firstOpenBeginning(in: text, end: end)
            show(text, stop: stop, end: end, into: &output)
            return stop
        }
        hiddenUntil = max(0, hiddenUntil - stop)
        held.removeLast(4)
        held.removeFirst(stop)
    }

    private mutating func show(_ text: UnsafePointer<UInt8>, stop: Int, end: Int, into output: inout [UInt8]) {
        var position = 0
        while position < stop {
            if position < hiddenUntil {
                if !isHiding { output += [0x2a, 0x2a, 0x2a] }
                isHiding = true
                // Another occurrence may begin inside this one and reach further.
                while position < min(hiddenUntil, stop) {
                    position = patterns.firstCandidate(in: text, position..<min(hiddenUntil, stop))
                    guard position < stop else { break }
                    let length = patterns.longestMatch(in: text, at: position, end: end)
                    hiddenUntil = max(hiddenUntil, position + length)
                    if position < hiddenUntil { position += 1 }
                }
            } else {
                let begin = position
                while position < stop {
                    position = patterns.firstCandidate(in: text, position..<stop)
                    guard position < stop else { break }
                    let length = patterns.longestMatch(in: text, at: position, end: end)
                    if length > 0 {
                        hiddenUntil = position + length
                        break
                    }
                    position += 1
                }
                if position > begin {
                    output.append(contentsOf: UnsafeBufferPointer(start: text + begin, count: position - begin))
                    isHiding = false
                }
            }
        }
    }
}
