/// A server of HAProxy's, by the runtime API on its socket (`stats socket … level admin`).
struct HAProxy: Balancer {
    private let socket: Socket
    private let backend: String
    private let server: String
    private let patience: Double

    init(admin: String, server: String, patience: Double) throws(Trouble) {
        let parts = server.split(separator: "/", omittingEmptySubsequences: false)
        // Anything else could be a second command.
        let isName = { (part: Substring) in
            !part.isEmpty && part.utf8.allSatisfy { Self.nameBytes.contains($0) }
        }
        guard parts.count == 2, parts.allSatisfy(isName) else {
            throw .wrongInput("\"server\" must be BACKEND/SERVER, such as be/web1, and is \"\(server)\"")
        }
        socket = try Socket(admin)
        backend = String(parts[0])
        self.server = String(parts[1])
        self.patience = patience
    }

    private static let nameBytes = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:".utf8)

    var name: String { "\(backend)/\(server) of HAProxy" }

    /// Bits of `srv_admin_state`: what people have asked for, and what the configuration says.
    private enum AdminState {
        static let maintenance = 0x01 | 0x04
        static let drain = 0x08
    }

    func standing() throws(Trouble) -> (standing: Standing, isInForce: Bool) {
        let state = try state()
        if state.admin & AdminState.maintenance != 0 { return (.maintenance, true) }
        return state.admin & AdminState.drain != 0 ? (.drained, true) : (.serving, state.isUp)
    }

    func set(_ standing: Standing) throws(Trouble) {
        let word =
            switch standing {
            case .serving: "ready"
            case .drained: "drain"
            case .maintenance: "maint"
            }
        let answer = try socket.ask("set server \(backend)/\(server) state \(word)").trimmed
        guard answer.isEmpty else { throw .failed("HAProxy refuses to set \(name) to \(word): \(answer)") }
        let isInForce = try Patience.wait(max(patience, 1)) { () throws(Trouble) in
            let (now, isInForce) = try self.standing()
            return now == standing && isInForce
        }
        guard isInForce else { throw .notNow("\(name) did not come to be \(standing.rawValue) within \(patience) s") }
    }

    func connections() throws(Trouble) -> Int {
        let lines = try socket.ask("show stat").split(separator: "\n").map(String.init)
        let names = Self.columns(lines.first?.replacing("# ", with: "") ?? "", ",")
        for line in lines.dropFirst() {
            let row = Self.columns(line, ",")
            guard row.count > 1, row[0] == backend, row[1] == server else { continue }
            guard let current = Self.number("scur", names, row), let queued = Self.number("qcur", names, row) else {
                break
            }
            return current + queued
        }
        throw .failed("HAProxy's statistics say nothing of \(name)")
    }

    private func state() throws(Trouble) -> (admin: Int, isUp: Bool) {
        let answer = try socket.ask("show servers state \(backend)")
        let lines = answer.split(separator: "\n").map(String.init)
        guard let header = lines.first(where: { $0.hasPrefix("# ") }) else {
            throw .wrongInput("HAProxy knows no backend \"\(backend)\": \(answer.trimmed)")
        }
        let names = Self.columns(String(header.dropFirst(2)), " ")
        for line in lines where !line.hasPrefix("#") {
            let row = Self.columns(line, " ")
            guard let place = names.firstIndex(of: "srv_name"), row.count > place, row[place] == server else {
                continue
            }
            guard let admin = Self.number("srv_admin_state", names, row),
                let operational = Self.number("srv_op_state", names, row)
            else { break }
            return (admin, operational != 0)
        }
        throw .wrongInput("backend \"\(backend)\" of HAProxy has no server \"\(server)\"")
    }

    private static func columns(_ line: String, _ separator: Character) -> [String] {
        line.split(separator: separator, omittingEmptySubsequences: false).map(String.init)
    }

    private static func number(_ name: String, _ names: [String], _ row: [String]) -> Int? {
        names.firstIndex(of: name).flatMap { $0 < row.count ? Int(row[$0]) : nil }
    }
}

extension String {
    var trimmed: String { split(whereSeparator: \.isWhitespace).joined(separator: " ") }
}
