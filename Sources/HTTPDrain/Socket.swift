import Glibc

/// A place to ask: `tcp://HOST:PORT` or `unix:///PATH`.
struct Socket {
    private enum Place {
        case unix(String)
        case tcp(host: String, port: String)
    }

    private let place: Place
    private let url: String

    /// How long one answer may take, in seconds.
    private static let limit = 5

    init(_ url: String) throws(Trouble) {
        self.url = url
        if url.hasPrefix("unix:///") {
            place = .unix(String(url.dropFirst("unix://".count)))
        } else if url.hasPrefix("tcp://"), let colon = url.lastIndex(of: ":"),
            url.distance(from: url.startIndex, to: colon) > 5
        {
            let host = url[url.index(url.startIndex, offsetBy: 6)..<colon]
            let bare = host.hasPrefix("[") && host.hasSuffix("]") ? host.dropFirst().dropLast() : host
            place = .tcp(host: String(bare), port: String(url[url.index(after: colon)...]))
        } else {
            throw .wrongInput("\"admin\" must be tcp://HOST:PORT or unix:///PATH, and is \"\(url)\"")
        }
    }

    /// Sends one line and reads until the other side closes.
    func ask(_ line: String) throws(Trouble) -> String {
        let descriptor = try connected()
        defer { close(descriptor) }
        let question = Array((line + "\n").utf8)
        guard send(descriptor, question, question.count, Int32(MSG_NOSIGNAL)) == question.count else {
            throw failure()
        }
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure() }
            if count == 0 { return String(decoding: answer, as: UTF8.self) }
            answer += buffer[..<count]
            guard answer.count < 64 << 20 else { throw .failed("\(url) does not stop answering") }
        }
    }

    private func connected() throws(Trouble) -> Int32 {
        switch place {
        case .unix(let path): try connected(toUnix: path)
        case .tcp(let host, let port): try connected(to: host, port)
        }
    }

    private func connected(toUnix path: String) throws(Trouble) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw .wrongInput("the path of \(url) is too long for a socket")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        setLimits(descriptor)
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else {
            let trouble = failure()
            close(descriptor)
            throw trouble
        }
        return descriptor
    }

    private func connected(to host: String, _ port: String) throws(Trouble) -> Int32 {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let refused = getaddrinfo(host, port, &hints, &list)
        guard refused == 0 else { throw .notNow("\(url): \(String(cString: gai_strerror(refused)))") }
        defer { freeaddrinfo(list) }
        var last = Trouble.notNow("\(url): it has no address")
        var next = list
        while let info = next?.pointee {
            let descriptor = socket(info.ai_family, info.ai_socktype | Int32(SOCK_CLOEXEC.rawValue), info.ai_protocol)
            setLimits(descriptor)
            if connect(descriptor, info.ai_addr, info.ai_addrlen) == 0 { return descriptor }
            last = failure()
            close(descriptor)
            next = info.ai_next
        }
        throw last
    }

    private func setLimits(_ descriptor: Int32) {
        var limit = timeval(tv_sec: Self.limit, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(descriptor, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
        }
    }

    private func failure() -> Trouble {
        .notNow("\(url): \(errno == EAGAIN ? "no answer within \(Self.limit) s" : String(cString: strerror(errno)))")
    }
}
