import Glibc

/// Something that spreads requests over servers, asked about one of them.
protocol Balancer {
    /// For people: `be/web1 of HAProxy at tcp://…`.
    var name: String { get }

    /// How the server stands, and whether what was asked for is in force yet.
    func standing() throws(Trouble) -> (standing: Standing, isInForce: Bool)

    /// Asks for it, and returns once it is in force.
    func set(_ standing: Standing) throws(Trouble)

    /// Connections that the server still has.
    func connections() throws(Trouble) -> Int
}

extension Request.Inputs {
    func balancer() throws(Trouble) -> any Balancer {
        switch (admin, upstream) {
        case (let admin?, nil): try HAProxy(admin: admin, server: server, patience: wait)
        case (nil, let upstream?): Nginx(file: upstream, server: server, reload: reload, pidFile: pid, patience: wait)
        case (nil, nil): throw .wrongInput("one of \"admin\" (HAProxy) and \"upstream\" (nginx) must be given")
        case (_?, _?): throw .wrongInput("\"admin\" (HAProxy) and \"upstream\" (nginx) cannot both be given")
        }
    }
}

/// Waiting, bounded.
enum Patience {
    /// - Returns: whether the condition came to hold within the time.
    static func wait(_ seconds: Double, until isSo: () throws(Trouble) -> Bool) throws(Trouble) -> Bool {
        let deadline = now + seconds
        while try !isSo() {
            guard now < deadline else { return false }
            usleep(50_000)
        }
        return true
    }

    private static var now: Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
