import FoundationEssentials

/// What shipit asks, as far as it matters here.
struct Request: Decodable {
    enum Call: String, Decodable { case preview, perform, verify, undo }
    enum Action: String, Decodable { case drain, `return` }

    struct Inputs: Decodable {
        /// HAProxy's runtime API.
        var admin: String?
        /// nginx's include file.
        var upstream: String?
        var server: String
        /// Seconds.
        var wait: Double
        var reload: [String]
        var pid: String
    }

    struct Outputs: Decodable {
        /// How the server stood before the first attempt.
        var was: Standing?
    }

    var call: Call
    var action: Action
    var inputs: Inputs
    var outputs: Outputs

    static func read(from path: String?) throws(Trouble) -> Request {
        guard let path, let bytes = Files.read(path) else { throw .failed("there is no request to read") }
        do {
            return try JSONDecoder().decode(Request.self, from: Data(bytes.utf8))
        } catch {
            throw .wrongInput("the request cannot be read: \(error)")
        }
    }
}

/// Whether a balancer sends new requests to a server.
enum Standing: String, Decodable {
    case serving, drained
    /// Taken out by somebody, connections and all.
    case maintenance
}
