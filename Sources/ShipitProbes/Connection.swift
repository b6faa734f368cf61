import ShipitCore

#if canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// `host:port`, with an IPv6 address in brackets.
struct HostPort: Hashable, CustomStringConvertible {
    var host: String
    var port: UInt16

    init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]), port > 0 else {
            return nil
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty else { return nil }
        self.host = String(host)
        self.port = port
    }

    var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

/// A socket that never waits past a deadline.
struct Connection {
    private let descriptor: Int32

    enum Trouble: Error {
        case timedOut
        case system(Int32)
        case unknownHost(String)

        /// Where the time that was given is told elsewhere.
        var words: String {
            switch self {
            case .timedOut: "timed out"
            case .system(let number): errnoWords(number)
            case .unknownHost(let why): why
            }
        }

        func reason(_ timeout: TimeSpan) -> String {
            switch self {
            case .timedOut: "timed out after \(Words.span(timeout))"
            case .system(let number): errnoWords(number)
            case .unknownHost(let why): why
            }
        }
    }

    /// Tries the addresses of the host in the system's order.
    static func open(
        _ place: HostPort, datagrams: Bool = false, until deadline: ContinuousClock.Instant
    ) -> Result<Connection, Trouble> {
        var hints = addrinfo()
        hints.ai_socktype = Int32((datagrams ? SOCK_DGRAM : SOCK_STREAM).rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let unknown = getaddrinfo(place.host, String(place.port), &hints, &list)
        guard unknown == 0 else {
            return .failure(.unknownHost("\(place.host): \(String(cString: gai_strerror(unknown)))"))
        }
        defer { freeaddrinfo(list) }
        var trouble = Trouble.unknownHost("\(place.host) has no address")
        var next = list
        while let address = next?.pointee {
            switch connect(address, until: deadline) {
            case .success(let connection): return .success(connection)
            case .failure(let this): trouble = this
            }
            next = address.ai_next
        }
        return .failure(trouble)
    }

    private static func connect(
        _ address: addrinfo, until deadline: ContinuousClock.Instant
    ) -> Result<Connection, Trouble> {
        let kind = address.ai_socktype | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(address.ai_family, kind, address.ai_protocol)
        guard descriptor >= 0 else { return .failure(.system(errno)) }
        let connection = Connection(descriptor: descriptor)
        var trouble: Trouble?
        if systemConnect(descriptor, address.ai_addr, address.ai_addrlen) != 0 {
            if errno != EINPROGRESS {
                trouble = .system(errno)
            } else if !connection.wait(for: POLLOUT, until: deadline) {
                trouble = .timedOut
            } else {
                var number: Int32 = 0
                var size = socklen_t(MemoryLayout<Int32>.size)
                getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &number, &size)
                if number != 0 { trouble = .system(number) }
            }
        }
        guard let trouble else { return .success(connection) }
        connection.close()
        return .failure(trouble)
    }

    /// At most `limit` bytes, until it is enough, the server closes or the time is up.
    func read(
        until deadline: ContinuousClock.Instant, limit: Int = 4096, enough: (String) -> Bool
    ) -> [UInt8] {
        readBytes(until: deadline, limit: limit) { enough(String(decoding: $0, as: UTF8.self)) }
    }

    func readBytes(
        until deadline: ContinuousClock.Instant, limit: Int, enough: ([UInt8]) -> Bool
    ) -> [UInt8] {
        var heard: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while heard.count < limit, wait(for: POLLIN, until: deadline) {
            let count = recv(descriptor, &buffer, min(buffer.count, limit - heard.count), 0)
            if count <= 0 { break }
            heard += buffer.prefix(count)
            if enough(heard) { break }
        }
        return heard
    }

    /// Whether all of it was taken.
    func send(_ bytes: [UInt8], until deadline: ContinuousClock.Instant) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            guard wait(for: POLLOUT, until: deadline) else { return false }
            let count = rest.withUnsafeBytes { systemSend(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count < 0, errno == EAGAIN || errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    func close() { _ = systemClose(descriptor) }

    private func wait(for event: Int32, until deadline: ContinuousClock.Instant) -> Bool {
        let left = max(0, (deadline - .now).inSeconds * 1000)
        var waiting = pollfd(fd: descriptor, events: Int16(event), revents: 0)
        return poll(&waiting, 1, Int32(min(left.rounded(.up), 86_400_000))) > 0
    }
}

private func systemConnect(
    _ descriptor: Int32, _ address: UnsafeMutablePointer<sockaddr>, _ size: socklen_t
) -> Int32 { connect(descriptor, address, size) }

private func systemSend(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int, _ flags: Int32) -> Int {
    send(descriptor, bytes, count, flags)
}

private func systemClose(_ descriptor: Int32) -> Int32 { close(descriptor) }
