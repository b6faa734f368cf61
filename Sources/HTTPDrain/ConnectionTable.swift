import Glibc

/// The connections of this machine, as the kernel lists them.
enum ConnectionTable {
    /// Established ones to `HOST:PORT`, seen from whoever opened them.
    static func count(to server: String) throws(Trouble) -> Int {
        let places = try places(server)
        var count = 0
        for path in ["/proc/self/net/tcp", "/proc/self/net/tcp6"] {
            // A machine may do without IPv6.
            for line in (Files.read(path) ?? "").split(separator: "\n").dropFirst() {
                let columns = line.split(separator: " ")
                if columns.count > 3, columns[3] == "01", places.contains(String(columns[2])) { count += 1 }
            }
        }
        return count
    }

    /// Its addresses as the table writes them: the words of the address as the machine holds them, then the port.
    private static func places(_ server: String) throws(Trouble) -> Set<String> {
        let colon = server.lastIndex(of: ":")
        // As nginx reads it: `[::1]:8080`, `127.0.0.1:8080`, or a host at port 80.
        let hasPort = colon.map { !server[$0...].contains("]") } ?? false
        let host = hasPort ? server[..<colon!] : server[...]
        let port = hasPort ? String(server[server.index(after: colon!)...]) : "80"
        let bare = host.hasPrefix("[") && host.hasSuffix("]") ? host.dropFirst().dropLast() : host
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let refused = getaddrinfo(String(bare), port, &hints, &list)
        guard refused == 0 else { throw .wrongInput("\"\(server)\": \(String(cString: gai_strerror(refused)))") }
        defer { freeaddrinfo(list) }
        var places: Set<String> = []
        var next = list
        while let info = next?.pointee {
            if let place = place(info) { places.insert(place) }
            next = info.ai_next
        }
        return places
    }

    private static func place(_ info: addrinfo) -> String? {
        switch info.ai_family {
        case AF_INET:
            info.ai_addr.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { address in
                hex(address.pointee.sin_addr.s_addr) + ":" + hex(UInt16(bigEndian: address.pointee.sin_port))
            }
        case AF_INET6:
            info.ai_addr.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { address in
                let words = withUnsafeBytes(of: address.pointee.sin6_addr) { Array($0.bindMemory(to: UInt32.self)) }
                return words.map(hex).joined() + ":" + hex(UInt16(bigEndian: address.pointee.sin6_port))
            }
        default: nil
        }
    }

    private static func hex(_ value: some FixedWidthInteger) -> String {
        let digits = String(value, radix: 16, uppercase: true)
        return String(repeating: "0", count: value.bitWidth / 4 - digits.count) + digits
    }
}
