import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import ShipitCore

/// What came back to one request.
struct HTTPAnswer: Sendable {
    var status: Int
    var headers: [(name: String, value: String)]
    /// The first MiB.
    var body: [UInt8]
    var seconds: Double
}

/// What is sent.
struct HTTPQuestion: Sendable {
    var url: String
    var method: String
    var headers: [(name: String, value: String)]
}

/// Why there was no answer, for a person.
struct NoAnswer: Error, Hashable {
    var reason: String
}

/// The one HTTP client of the process, made when first used.
actor HTTPClients {
    static let shared = HTTPClients()

    static let bodyLimit = 1 << 20

    private var client: HTTPClient?

    func ask(_ question: HTTPQuestion, timeout: TimeSpan) async -> Result<HTTPAnswer, NoAnswer> {
        await Self.ask(question, of: current(), timeout: timeout)
    }

    func shutdown() async {
        guard let client else { return }
        self.client = nil
        // It fails only for requests still in flight, and those are told by their own failure.
        try? await client.shutdown()
    }

    private func current() -> HTTPClient {
        if let client { return client }
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.httpVersion = .http1Only
        // A refused connection is the answer to the question; trying again is for `retries:` to say.
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 1024
        configuration.timeout.connect = .minutes(10)
        let made = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        client = made
        return made
    }

    private static func ask(
        _ question: HTTPQuestion, of client: HTTPClient, timeout: TimeSpan
    ) async -> Result<HTTPAnswer, NoAnswer> {
        var request = HTTPClientRequest(url: question.url)
        request.method = HTTPMethod(rawValue: question.method)
        for header in question.headers { request.headers.add(name: header.name, value: header.value) }
        // A connection of its own each time: a listener that died cannot hide behind one that was kept open.
        request.headers.replaceOrAdd(name: "Connection", value: "close")
        let deadline = NIODeadline.now() + .milliseconds(timeout.milliseconds)
        let start = ContinuousClock.now
        do {
            let response = try await client.execute(request, deadline: deadline)
            var body: [UInt8] = []
            for try await piece in response.body {
                body.append(contentsOf: piece.readableBytesView.prefix(bodyLimit - body.count))
                if body.count == bodyLimit { break }
            }
            return .success(
                HTTPAnswer(
                    status: Int(response.status.code), headers: response.headers.map { ($0.name, $0.value) },
                    body: body,
                    seconds: (ContinuousClock.now - start).inSeconds))
        } catch {
            return .failure(NoAnswer(reason: reason(error, question, timeout)))
        }
    }

    private static func reason(_ error: any Error, _ question: HTTPQuestion, _ timeout: TimeSpan) -> String {
        switch error {
        case let error as HTTPClientError:
            switch error {
            case .deadlineExceeded, .connectTimeout, .readTimeout, .getConnectionFromPoolTimeout, .tlsHandshakeTimeout:
                return "timed out after \(Words.span(timeout))"
            case .remoteConnectionClosed: return "the connection was closed without an answer"
            case .invalidURL, .emptyHost, .emptyScheme: return "\"\(question.url)\" is not a URL"
            case .cancelled: return "cancelled"
            default: return "\(error)"
            }
        case is CancellationError: return "cancelled"
        case let error as NIOConnectionError:
            if let first = error.connectionErrors.first { return reason(first.error, question, timeout) }
            return "\(error.host) has no address"
        case let error as IOError: return errnoWords(error.errnoCode)
        default: return "\(error)"
        }
    }
}
