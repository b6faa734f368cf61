public import ShipitCore
public import ShipitEngine

#if canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Looks at a file, or at the newest of those that a glob matches.
public struct FileProbe: Probe {
    public init() {}

    public let description = ProbeDescription(
        name: "file", help: "Look at a file, or at the newest that a glob matches.", subject: .path,
        fields: [
            FieldDescription("exists", .boolean, fallback: "true", help: "Whether it must be there."),
            FieldDescription("age", .condition(.time), help: "How long ago it was written."),
            FieldDescription("size", .condition(.size), help: "How large it is."),
        ], samples: true)

    public func measure(_ request: ResolvedProbe) async -> Measurement {
        guard let path = request.subject.text, !path.isEmpty else {
            return BadField("file", "must be a path").measurement
        }
        let late = Measurement(.noAnswer("timed out after \(Words.span(request.timeout))"), evidence: path)
        return await onThread(within: request.timeout, otherwise: late) {
            do throws(BadField) {
                return try Self.look(at: path, request)
            } catch {
                return error.measurement
            }
        }.masked(request.secretValues)
    }

    private static func look(at path: String, _ request: ResolvedProbe) throws(BadField) -> Measurement {
        let fields = Fields(request)
        let exists = try fields.boolean("exists") ?? true
        let age = try fields.limit("age", in: .time)
        let size = try fields.limit("size", in: .size)
        let found: Found?
        switch newest(path, in: request.directory) {
        case .failure(let trouble): return Measurement(.noAnswer("\(path): \(trouble.reason)"), evidence: path)
        case .success(let newest): found = newest
        }
        guard let found else {
            return Measurement(
                exists ? .failed("\(path) does not exist") : .passed, evidence: "\(path): nothing there")
        }
        let seconds = max(0, now() - found.modified)
        let evidence = "\(found.path): \(Words.bytes(found.size)), written \(Words.seconds(seconds)) ago"
        var judgement = Judgement()
        if !exists { judgement.miss("exists", "\(found.path) exists, expected none") }
        judgement.expect("age", age, seconds, "\(found.path) was written", Words.seconds, after: " ago")
        judgement.expect("size", size, found.size, "\(found.path) has", Words.bytes)
        return judgement.measurement(number: age != nil ? seconds : found.size, evidence: evidence)
    }

    struct Found {
        var path: String
        var size: Double
        var modified: Double
    }

    struct Unreadable: Error {
        var reason: String
    }

    static func newest(_ pattern: String, in directory: String) -> Result<Found?, Unreadable> {
        var matches = glob_t()
        defer { globfree(&matches) }
        let absolute = pattern.hasPrefix("/") ? pattern : "\(globEscaped(directory))/\(pattern)"
        switch glob(absolute, GLOB_NOSORT | GLOB_ERR, nil, &matches) {
        case 0: break
        case GLOB_NOMATCH: return .success(nil)
        default: return .failure(Unreadable(reason: "cannot be read: \(errnoWords(errno))"))
        }
        var newest: Found?
        for index in 0..<Int(matches.gl_pathc) {
            let path = String(cString: matches.gl_pathv[index]!)
            var facts = stat()
            // One that was removed between the listing and this look is not there.
            guard stat(path, &facts) == 0 else { continue }
            let found = Found(
                path: path.hasPrefix(directory + "/") ? String(path.dropFirst(directory.count + 1)) : path,
                size: Double(facts.st_size),
                modified: Double(facts.st_mtim.tv_sec) + Double(facts.st_mtim.tv_nsec) / 1e9)
            if newest.map({ $0.modified < found.modified }) ?? true { newest = found }
        }
        return .success(newest)
    }

    /// The folder is taken as it is, whatever its name: only what the author wrote is a pattern.
    private static func globEscaped(_ path: String) -> String {
        path.reduce(into: "") { $0 += "*?[\\".contains($1) ? "\\\($1)" : String($1) }
    }

    static func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
