extension SupervisorRequest {
    public var frame: [UInt8] {
        FrameBuffer.frame { writer in
            switch self {
            case .hello(let epoch):
                writer.put(UInt8(1))
                writer.put(epoch)
            case .start(let command):
                writer.put(UInt8(2))
                command.write(to: &writer)
            case .query(let key):
                writer.put(UInt8(3))
                writer.put(key)
            case .end(let ticket, let prefix):
                writer.put(UInt8(4))
                writer.put(ticket)
                writer.put(prefix)
            case .list: writer.put(UInt8(5))
            case .done: writer.put(UInt8(6))
            }
        }
    }

    public init(frame: ArraySlice<UInt8>) throws(WireError) {
        var reader = ByteReader(frame)
        switch try reader.byte() {
        case 1: self = .hello(epoch: try reader.number(Int64.self))
        case 2: self = .start(try StartCommand(from: &reader))
        case 3: self = .query(key: try reader.text())
        case 4: self = .end(ticket: try reader.number(UInt32.self), prefix: try reader.text())
        case 5: self = .list
        case 6: self = .done
        case let kind: throw .malformed("request \(kind)")
        }
        guard reader.isAtEnd else { throw .malformed("bytes after a request") }
    }
}

extension SupervisorReply {
    public var frame: [UInt8] {
        FrameBuffer.frame { writer in
            switch self {
            case .welcome(let pid):
                writer.put(UInt8(1))
                writer.put(pid)
            case .fenced(let epoch):
                writer.put(UInt8(2))
                writer.put(epoch)
            case .absent(let key):
                writer.put(UInt8(3))
                writer.put(key)
            case .running(let key):
                writer.put(UInt8(4))
                writer.put(key)
            case .ended(let command):
                writer.put(UInt8(5))
                command.write(to: &writer)
            case .refused(let key, let reason):
                writer.put(UInt8(6))
                writer.put(key)
                writer.put(reason)
            case .gone(let ticket):
                writer.put(UInt8(7))
                writer.put(ticket)
            case .listing(let running, let ended):
                writer.put(UInt8(8))
                writer.put(running)
                writer.put(UInt32(ended.count))
                for command in ended { command.write(to: &writer) }
            case .bye: writer.put(UInt8(9))
            case .failed(let reason):
                writer.put(UInt8(10))
                writer.put(reason)
            }
        }
    }

    public init(frame: ArraySlice<UInt8>) throws(WireError) {
        var reader = ByteReader(frame)
        switch try reader.byte() {
        case 1: self = .welcome(pid: try reader.number(Int32.self))
        case 2: self = .fenced(by: try reader.number(Int64.self))
        case 3: self = .absent(key: try reader.text())
        case 4: self = .running(key: try reader.text())
        case 5: self = .ended(try EndedCommand(from: &reader))
        case 6: self = .refused(key: try reader.text(), reason: try reader.text())
        case 7: self = .gone(ticket: try reader.number(UInt32.self))
        case 8:
            let running = try reader.texts()
            var ended: [EndedCommand] = []
            for _ in 0..<(try reader.number(UInt32.self)) { ended.append(try EndedCommand(from: &reader)) }
            self = .listing(running: running, ended: ended)
        case 9: self = .bye
        case 10: self = .failed(try reader.text())
        case let kind: throw .malformed("reply \(kind)")
        }
        guard reader.isAtEnd else { throw .malformed("bytes after a reply") }
    }
}

extension StartCommand {
    fileprivate func write(to writer: inout ByteWriter) {
        writer.put(key)
        writer.put(argv)
        writer.put(environment)
        writer.put(directory)
        writer.put(secrets)
        writer.put(timeoutMilliseconds != nil)
        writer.put(timeoutMilliseconds ?? 0)
        writer.put(killAfterMilliseconds)
        writer.put(leavesRunning)
        writer.put(input != nil)
        if let input { writer.put(input) }
    }

    fileprivate init(from reader: inout ByteReader) throws(WireError) {
        key = try reader.text()
        argv = try reader.texts()
        environment = try reader.texts()
        directory = try reader.text()
        secrets = try reader.texts()
        let isLimited = try reader.flag()
        let limit = try reader.number(Int64.self)
        timeoutMilliseconds = isLimited ? limit : nil
        killAfterMilliseconds = try reader.number(Int64.self)
        leavesRunning = try reader.flag()
        input = try reader.flag() ? try reader.text() : nil
    }
}

extension EndedCommand {
    fileprivate func write(to writer: inout ByteWriter) {
        writer.put(key)
        writer.put(fate.kind)
        writer.put(fate.number)
        writer.put(fate.reason)
        writer.put(at)
        writer.put(output.start)
        writer.put(output.end)
    }

    fileprivate init(from reader: inout ByteReader) throws(WireError) {
        key = try reader.text()
        let (kind, number, reason) = (try reader.text(), try reader.number(Int32.self), try reader.text())
        guard let fate = CommandFate(kind: kind, number: number, reason: reason) else {
            throw .malformed("end \(kind)")
        }
        self.fate = fate
        at = try reader.number(Int64.self)
        output = OutputExtent(start: try reader.number(Int64.self), end: try reader.number(Int64.self))
    }
}

extension CommandFate {
    var kind: String {
        switch self {
        case .exited: "exited"
        case .signalled: "signalled"
        case .timedOut: "timed-out"
        case .ended: "ended"
        case .notStarted: "not-started"
        case .unknown: "unknown"
        }
    }

    var number: Int32 {
        switch self {
        case .exited(let number), .signalled(let number): number
        case .timedOut, .ended, .notStarted, .unknown: 0
        }
    }

    var reason: String {
        guard case .notStarted(let reason) = self else { return "" }
        return reason
    }

    init?(kind: String, number: Int32, reason: String) {
        switch kind {
        case "exited": self = .exited(number)
        case "signalled": self = .signalled(number)
        case "timed-out": self = .timedOut
        case "ended": self = .ended
        case "not-started": self = .notStarted(reason)
        case "unknown": self = .unknown
        default: return nil
        }
    }
}
