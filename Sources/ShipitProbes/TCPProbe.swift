public import ShipitCore
public import ShipitEngine

#if canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Opens a connection, and reads what the server says first where a banner is expected.
public struct TCPProbe: Probe {
    public init() {}

    public let description = ProbeDescription(
        name: "tcp", help: "Open a connection to host:port.", subject: .text,
        fields: [
            FieldDescription("banner", .textOrPattern, help: "What the server must say first, or /regex/."),
            FieldDescription("time", .condition(.time), help: "How long it may take."),
        ], samples: true)

    public func measure(_ request: ResolvedProbe) async -> Measurement {
        guard let subject = request.subject.text, let place = HostPort(subject) else {
            return BadField("tcp", "must be host:port").measurement
        }
        let timedOut = Measurement(
            .noAnswer("timed out after \(Words.span(request.timeout))"), evidence: "\(subject): no answer")
        return await onThread(within: request.timeout, otherwise: timedOut) {
            do throws(BadField) {
                let fields = Fields(request)
                let banner = try fields.pattern("banner")
                let time = try fields.limit("time", in: .time)
                return Self.ask(place, banner, time, request.timeout)
            } catch {
                return error.measurement
            }
        }.masked(request.secretValues)
    }

    private static func ask(
        _ place: HostPort, _ banner: TextPattern?, _ time: Limit?, _ timeout: TimeSpan
    ) -> Measurement {
        let start = ContinuousClock.now
        let deadline = start + .milliseconds(timeout.milliseconds)
        let connection: Connection
        switch Connection.open(place, until: deadline) {
        case .failure(let trouble): return Measurement(.noAnswer(trouble.reason(timeout)), evidence: "\(place)")
        case .success(let opened): connection = opened
        }
        defer { connection.close() }
        var evidence = "\(place): connected"
        if let banner {
            let heard = String(decoding: connection.read(until: deadline, enough: banner.matches), as: UTF8.self)
            evidence += ", said \"\(Words.excerpt(heard))\""
            guard banner.matches(heard) else {
                let reason = heard.isEmpty ? "said nothing" : "said \"\(Words.excerpt(heard))\""
                return Measurement(.failed("\(reason), expected \(banner.words)"), evidence: evidence)
            }
        }
        let seconds = (ContinuousClock.now - start).inSeconds
        evidence += " in \(Words.seconds(seconds))"
        if let time, !time.holds(seconds) {
            return Measurement(
                .failed("took \(Words.seconds(seconds)), expected \(time.written)"), seconds: seconds,
                evidence: evidence)
        }
        return Measurement(.passed, seconds: seconds, evidence: evidence)
    }
}

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
private struct Connection {
    private let descriptor: Int32

    enum Trouble: Error {
        case timedOut
        case system(Int32)
        case unknownHost(String)

        func reason(_ timeout: TimeSpan) -> String {
            switch self {
            case .timedOut: "timed out after \(Words.span(timeout))"
            case .system(let number): errnoWords(number)
            case .unknownHost(let why): why
            }
        }
    }

    /// Tries the addresses of the host in the system's order.
    static func open(_ place: HostPort, until deadline: ContinuousClock.Instant) -> Result<Connection, Trouble> {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
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

    /// At most 4 KiB, until it is enough, the server closes or the time is up.
    func read(until deadline: ContinuousClock.Instant, enough: (String) -> Bool) -> [UInt8] {
        var heard: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while heard.count < 4096, wait(for: POLLIN, until: deadline) {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count <= 0 { break }
            heard += buffer.prefix(count)
            if enough(String(decoding: heard, as: UTF8.self)) { break }
        }
        return heard
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

private func systemClose(_ descriptor: Int32) -> Int32 { close(descriptor) }
