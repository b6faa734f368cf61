import Glibc
import Synchronization

/// A server on a free port of this machine that answers each connection by a function of what it was sent.
final class LocalServer: Sendable {
    enum Reply: Sendable {
        case bytes(String)
        /// Nothing is said and the connection stays open.
        case silence
        /// A byte now and then, without an end.
        case trickle(String)
        /// As much as the other side takes, without an end.
        case flood(String)
        case http(Int, headers: [String: String] = [:], body: String = "")
    }

    let port: UInt16
    private let listener: Int32
    private let held = Mutex<[Int32]>([])
    private let counter = Mutex(0)

    /// `greets`: answers without waiting for a request, as a mail server does.
    init(greets: Bool = false, answer: @escaping @Sendable (_ request: String, _ number: Int) -> Reply) throws {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var yes: Int32 = 1
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(listener, address, size) == 0 && listen(listener, 128) == 0
                    && getsockname(listener, address, &size) == 0
            }
        }
        guard bound else { throw Trouble.noPort }
        port = UInt16(bigEndian: address.sin_port)
        let accept: @Sendable () -> Void = { [self] in
            while true {
                let connection = Glibc.accept(listener, nil, nil)
                guard connection >= 0 else {
                    // Closed here alone: elsewhere the number could be another listener's by the next `accept`.
                    close(listener)
                    return
                }
                let number = counter.withLock { count in
                    count += 1
                    return count
                }
                onNewThread { self.serve(connection, greets, number, answer) }
            }
        }
        onNewThread(accept)
    }

    enum Trouble: Error { case noPort }

    var url: String { "http://127.0.0.1:\(port)" }
    var requests: Int { counter.withLock { $0 } }

    func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
        held.withLock { held in
            for connection in held { close(connection) }
            held = []
        }
    }

    private func serve(_ connection: Int32, _ greets: Bool, _ number: Int, _ answer: (String, Int) -> Reply) {
        var request = ""
        var buffer = [UInt8](repeating: 0, count: 4096)
        while !greets, !request.contains("\r\n\r\n") {
            let count = recv(connection, &buffer, buffer.count, 0)
            if count <= 0 { break }
            request += String(decoding: buffer.prefix(count), as: UTF8.self)
        }
        switch answer(request, number) {
        case .silence: held.withLock { $0.append(connection) }
        case .bytes(let text): finish(connection, text)
        case .trickle(let text): pour(connection, text, every: 50_000)
        case .flood(let text): pour(connection, String(repeating: text, count: 1000), every: 0)
        case .http(let status, let headers, let body):
            let lines = headers.map { "\($0.key): \($0.value)\r\n" }.joined()
            finish(connection, "HTTP/1.1 \(status) Words\r\n\(lines)Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
        }
    }

    private func pour(_ connection: Int32, _ text: String, every microseconds: UInt32) {
        let bytes = Array(text.utf8)
        while bytes.withUnsafeBytes({ send(connection, $0.baseAddress, $0.count, noSignal) }) > 0 {
            if microseconds > 0 { usleep(microseconds) }
        }
        close(connection)
    }

    private func finish(_ connection: Int32, _ text: String) {
        let bytes = Array(text.utf8)
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes { send(connection, $0.baseAddress, $0.count, noSignal) }
            if count <= 0 { break }
            sent += count
        }
        close(connection)
    }
}

private final class Body {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}

private func onNewThread(_ run: @escaping @Sendable () -> Void) {
    var thread = pthread_t()
    pthread_create(
        &thread, nil,
        { context in
            Unmanaged<Body>.fromOpaque(context!).takeRetainedValue().run()
            return nil
        }, Unmanaged.passRetained(Body(run)).toOpaque())
    pthread_detach(thread)
}

private let noSignal = Int32(MSG_NOSIGNAL)

/// A port that nobody listens on.
func closedPort() throws -> UInt16 {
    let server = try LocalServer { _, _ in .silence }
    server.stop()
    return server.port
}
