public import ShipitCore
public import ShipitEngine

#if canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Looks for processes of this machine by the name of their program, or by a pattern of their command line.
public struct ProcessProbe: Probe {
    public init() {}

    public let description = ProbeDescription(
        name: "process", help: "Look for processes by their program's name, or by /regex/ over their command line.",
        subject: .textOrPattern,
        fields: [
            FieldDescription("count", .condition(.count), fallback: ">= 1", help: "A condition on how many there are."),
            FieldDescription("rss", .condition(.size), help: "A condition on the memory that they hold together."),
            FieldDescription("age", .condition(.time), help: "A condition on how long the youngest has been running."),
        ], samples: true)

    public func measure(_ request: ResolvedProbe) async -> Measurement {
        await request.onOwnThread { () throws(BadField) in
            let fields = Fields(request)
            let countLimit = try fields.limit("count", in: .count, otherwise: ">= 1")
            let memoryLimit = try fields.limit("rss", in: .size)
            let ageLimit = try fields.limit("age", in: .time)
            let name = try request.subjectText("process", "a name or /regex/")
            let isPattern = name.count > 2 && name.hasPrefix("/") && name.hasSuffix("/")
            let pattern = isPattern ? try TextPattern(name, field: "process") : nil
            let own = getpid()
            var found: [(memory: Double?, age: Double?)] = []
            for process in ProcFiles.processes() where process != own {
                guard Self.matches(process, name, pattern) else { continue }
                found.append((Self.memory(of: process), Self.age(of: process)))
            }
            let memory = found.compactMap(\.memory).reduce(0, +)
            var judgement = Judgement()
            judgement.expect(
                "count", countLimit, Double(found.count), "there are", { Words.rounded($0, digits: 0) },
                after: " of \(name)")
            judgement.expect("rss", memoryLimit, found.isEmpty ? nil : memory, "they hold", Words.bytes)
            judgement.expect(
                "age", ageLimit, found.compactMap(\.age).min(), "the youngest has been running for", Words.seconds)
            let number = memoryLimit != nil ? memory : Double(found.count)
            return judgement.measurement(
                number: number, evidence: "\(name): \(found.count) running, \(Words.bytes(memory)) together")
        }
    }

    private static func matches(_ process: Int32, _ name: String, _ pattern: TextPattern?) -> Bool {
        guard let command = ProcFiles.text("/proc/\(process)/cmdline") else { return false }
        let words = command.split(separator: "\0", omittingEmptySubsequences: true)
        if let pattern { return !words.isEmpty && pattern.matches(words.joined(separator: " ")) }
        if let program = words.first, program.split(separator: "/").last.map(String.init) == name { return true }
        // What a program calls itself; the kernel keeps fifteen bytes.
        return ProcFiles.text("/proc/\(process)/comm")?.split(separator: "\n").first.map(String.init)
            == String(name.prefix(15))
    }

    private static func memory(of process: Int32) -> Double? {
        guard let line = ProcFiles.lines("/proc/\(process)/status")?.first(where: { $0.hasPrefix("VmRSS:") }) else {
            return nil
        }
        return line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Double($0) }.map { $0 * 1024 }
    }

    private static func age(of process: Int32) -> Double? {
        // After the name, which may hold anything, the 20th field is the start in ticks since boot.
        guard let text = ProcFiles.text("/proc/\(process)/stat"), let end = text.lastIndex(of: ")"),
            let up = ProcFiles.text("/proc/uptime")?.split(separator: " ").first.flatMap({ Double($0) })
        else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 19, let start = Double(fields[19]) else { return nil }
        return max(0, up - start / Double(sysconf(Int32(_SC_CLK_TCK))))
    }
}
