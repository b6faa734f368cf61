import NIOCore
import NIOHTTP1
import NIOPosix
public import ServiceLifecycle

/// What a path is answered with.
public struct HTTPAnswer: Sendable {
    public var status: Int
    public var type: String
    public var body: String

    public init(status: Int = 200, type: String, body: String) {
        self.status = status
        self.type = type
        self.body = body
    }
}

/// Answers GET and HEAD on an address of this machine; everything else is refused. It reads no body and keeps no connection
/// that says nothing.
public struct HTTPListener: Service {
    public struct Address: Hashable, Sendable, CustomStringConvertible {
        public var host: String
        /// 0: any that is free.
        public var port: Int

        public init(host: String, port: Int) {
            self.host = host
            self.port = port
        }

        /// `127.0.0.1:9717`, `[::1]:9717`.
        public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
    }

    /// Why it cannot listen.
    public struct Refusal: Error, CustomStringConvertible {
        public var description: String
    }

    private let address: Address
    /// Names that a request may call it by, beside those of this machine: a page in a browser that has made its own name
    /// point here has another.
    private let hosts: Set<String>
    private let isBound: @Sendable (Address) -> Void
    private let answer: @Sendable (_ path: String) async -> HTTPAnswer?

    private static let ownNames: Set<String> = ["127.0.0.1", "localhost", "[::1]"]
    private static let patience = TimeAmount.seconds(10)

    /// - Parameters:
    ///   - hosts: more names that it may be called by.
    ///   - isBound: told where it listens.
    ///   - answer: `nil` for a path that there is not.
    public init(
        on address: Address, hosts: Set<String> = [], isBound: @escaping @Sendable (Address) -> Void,
        answer: @escaping @Sendable (_ path: String) async -> HTTPAnswer?
    ) {
        self.address = address
        self.hosts = hosts.union(Self.ownNames)
        self.isBound = isBound
        self.answer = answer
    }

    /// Until it is asked to stop.
    public func run() async throws {
        let channel: any Channel
        do {
            channel = try await bootstrap().bind(host: address.host, port: address.port).get()
        } catch {
            throw Refusal(description: "\(address) cannot be listened on: \(error)")
        }
        isBound(Address(host: address.host, port: channel.localAddress?.port ?? address.port))
        try await withGracefulShutdownHandler {
            try await withTaskCancellationHandler {
                try await channel.closeFuture.get()
            } onCancel: {
                channel.close(promise: nil)
            }
        } onGracefulShutdown: {
            channel.close(promise: nil)
        }
    }

    private func bootstrap() -> ServerBootstrap {
        ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 16)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(IdleStateHandler(allTimeout: Self.patience))
                    try pipeline.configureHTTPServerPipeline(withErrorHandling: true)
                    try pipeline.addHandler(Exchange(hosts: hosts, answer: answer))
                }
            }
    }
}

/// One request and its answer; then the connection is closed.
private final class Exchange: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let hosts: Set<String>
    private let answer: @Sendable (String) async -> HTTPAnswer?
    private var isAnswered = false

    private static let notFound = HTTPAnswer(status: 404, type: "text/plain; charset=utf-8", body: "not found\n")

    init(hosts: Set<String>, answer: @escaping @Sendable (String) async -> HTTPAnswer?) {
        self.hosts = hosts
        self.answer = answer
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // What follows the head is none of ours.
        guard case .head(let head) = unwrapInboundIn(data), !isAnswered else { return }
        isAnswered = true
        let channel = context.channel
        if let refusal = refusal(of: head) { return Self.send(refusal, head, over: channel) }
        let path = String(head.uri.prefix { $0 != "?" })
        let promise = channel.eventLoop.makePromise(of: HTTPAnswer?.self)
        promise.completeWithTask { [answer] in await answer(path) }
        promise.futureResult.whenSuccess { found in
            Self.send(found ?? Self.notFound, head, over: channel)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is IdleStateHandler.IdleStateEvent { context.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func refusal(of head: HTTPRequestHead) -> HTTPAnswer? {
        let names = head.headers["host"]
        guard names.count == 1, hosts.contains(Self.name(names[0])) else {
            return HTTPAnswer(
                status: 403, type: "text/plain; charset=utf-8",
                body: "this host is not allowed; see: shipit serve --help\n")
        }
        guard head.method == .GET || head.method == .HEAD else {
            return HTTPAnswer(status: 405, type: "text/plain; charset=utf-8", body: "only GET and HEAD\n")
        }
        return nil
    }

    /// Without the port.
    private static func name(_ host: String) -> String {
        let host = host.lowercased()
        if host.hasPrefix("["), let end = host.firstIndex(of: "]") { return String(host[...end]) }
        return String(host.prefix { $0 != ":" })
    }

    private static func send(_ answer: HTTPAnswer, _ request: HTTPRequestHead, over channel: any Channel) {
        let body = ByteBuffer(string: answer.body)
        let headers: HTTPHeaders = [
            "content-type": answer.type, "content-length": "\(body.readableBytes)", "connection": "close",
            "cache-control": "no-store", "x-content-type-options": "nosniff",
        ]
        let head = HTTPResponseHead(
            version: .http1_1, status: HTTPResponseStatus(statusCode: answer.status), headers: headers)
        channel.write(HTTPServerResponsePart.head(head), promise: nil)
        if request.method != .HEAD { channel.write(HTTPServerResponsePart.body(.byteBuffer(body)), promise: nil) }
        channel.writeAndFlush(HTTPServerResponsePart.end(nil)).whenComplete { _ in channel.close(promise: nil) }
    }
}
