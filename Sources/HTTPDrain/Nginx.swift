import Glibc

/// A server of nginx's, by a line of a file that an `upstream` includes: `server 127.0.0.1:8101;`, with `down` or without.
///
/// Between writing the line and the reload that makes it true, a mark in the line says that nginx may not know it yet: whoever
/// comes after a crash sees what is written and what is in force.
struct Nginx: Balancer {
    let file: String
    let server: String
    let reload: [String]
    let pidFile: String
    let patience: Double

    var name: String { "\(server) of nginx (\(file))" }

    func standing() throws(Trouble) -> (standing: Standing, isInForce: Bool) {
        let line = try lines().line
        return (line.isDown ? .drained : .serving, !line.isMarked)
    }

    func set(_ standing: Standing) throws(Trouble) {
        guard standing != .maintenance else { throw .failed("nginx knows no maintenance") }
        let workers = try NginxWorkers(pidFile: pidFile)
        try write { line in
            line.isDown = standing == .drained
            line.isMarked = true
        }
        try run(reload)
        let areNew = try Patience.wait(max(patience, 5)) { () throws(Trouble) in try workers.areReplaced() }
        guard areNew else {
            throw .failed(
                "nginx goes on with its old configuration after \(reload.joined(separator: " ")): see its error log")
        }
        try write { $0.isMarked = false }
    }

    /// Those of this machine: nginx keeps no account of its own.
    func connections() throws(Trouble) -> Int { try ConnectionTable.count(to: server) }

    // MARK: The file

    private func lines() throws(Trouble) -> (all: [String], place: Int, line: UpstreamLine) {
        guard let text = Files.read(file) else {
            throw .wrongInput("\(file): \(String(cString: strerror(errno)))")
        }
        let all = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let found = all.indices.compactMap { place in
            UpstreamLine(all[place]).flatMap { $0.address == server ? (place, $0) : nil }
        }
        guard let (place, line) = found.first else { throw .wrongInput("\(file) has no line \"server \(server);\"") }
        guard found.count == 1 else { throw .wrongInput("\(file) has several lines \"server \(server);\"") }
        return (all, place, line)
    }

    private func write(_ change: (inout UpstreamLine) -> Void) throws(Trouble) {
        var (all, place, line) = try lines()
        change(&line)
        all[place] = line.text
        try Files.replace(file, with: all.joined(separator: "\n"))
    }

    private func run(_ argv: [String]) throws(Trouble) {
        guard let program = argv.first else { throw .wrongInput("\"reload\" is empty") }
        var words: [UnsafeMutablePointer<CChar>?] = argv.map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var process = pid_t()
        let refused = posix_spawnp(&process, program, nil, nil, &words, environ)
        guard refused == 0 else { throw .wrongInput("\(program): \(String(cString: strerror(refused)))") }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        guard status == 0 else { throw .failed("\(argv.joined(separator: " ")) ended badly: see its output") }
    }
}

/// `server ADDRESS PARAMETERS;` and what comes after it, in a line of its own.
struct UpstreamLine {
    private static let mark = " # shipit: not reloaded yet"

    private let indentation: String
    let address: String
    private var parameters: [String]
    private let rest: String
    var isMarked: Bool

    init?(_ line: String) {
        let indentation = line.prefix { $0 == " " || $0 == "\t" }
        let body = line.dropFirst(indentation.count)
        guard body.hasPrefix("server "), let end = body.firstIndex(of: ";") else { return nil }
        let words = body[..<end].split(whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init)
        guard words.count > 1 else { return nil }
        self.indentation = String(indentation)
        address = words[1]
        parameters = Array(words.dropFirst(2))
        let after = String(body[body.index(after: end)...])
        isMarked = after.hasSuffix(Self.mark)
        rest = isMarked ? String(after.dropLast(Self.mark.count)) : after
    }

    var isDown: Bool {
        get { parameters.contains("down") }
        set {
            guard newValue != isDown else { return }
            if newValue { parameters.append("down") } else { parameters.removeAll { $0 == "down" } }
        }
    }

    var text: String {
        indentation + (["server", address] + parameters).joined(separator: " ") + ";" + rest
            + (isMarked ? Self.mark : "")
    }
}
