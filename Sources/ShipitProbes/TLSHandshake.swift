import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS
import ShipitCore

/// One TLS handshake with a server, and nothing after it.
struct TLSHandshake: Sendable {
    var place: HostPort
    /// The name that the server is asked for and its certificate must be for.
    var name: String
    /// More certificates to trust: a PEM file.
    var ca: String?

    struct Facts: Sendable {
        /// Such as `TLSv1.3`.
        var version: String
        /// When the server's certificate ends, in seconds since 1970.
        var expires: Double
        /// The names of hosts that the certificate is for, in lower case.
        var names: [String]
    }

    /// What the server shows, whether or not it can be trusted.
    func look(timeout: TimeSpan) async -> Result<Facts, NoAnswer> { await shake(verifying: false, timeout: timeout) }

    /// Why the server cannot be trusted; `nil` when it can.
    func distrust(timeout: TimeSpan) async -> NoAnswer? {
        switch await shake(verifying: true, timeout: timeout) {
        case .failure(let trouble): return trouble
        case .success(let facts):
            // NIOSSL also takes a certificate for the address that was reached, which is not for the name.
            let isFor = isAddress || facts.names.contains { Self.matches($0, name.lowercased()) }
            return isFor ? nil : NoAnswer(reason: "its certificate is not for \(name)")
        }
    }

    /// Addresses are no names for a server to be asked for; its certificate is then held against the address.
    private var isAddress: Bool { (try? SocketAddress(ipAddress: name, port: 0)) != nil }

    /// `*` stands for the first label alone (RFC 6125).
    static func matches(_ pattern: String, _ name: String) -> Bool {
        guard pattern.hasPrefix("*.") else { return pattern == name }
        guard let dot = name.firstIndex(of: "."), dot != name.startIndex else { return false }
        return name[dot...] == pattern.dropFirst()
    }

    private func shake(verifying: Bool, timeout: TimeSpan) async -> Result<Facts, NoAnswer> {
        do {
            var configuration = TLSConfiguration.makeClientConfiguration()
            configuration.certificateVerification = verifying ? .fullVerification : .none
            if let ca { configuration.additionalTrustRoots = [.certificates(try NIOSSLCertificate.fromPEMFile(ca))] }
            let context = try NIOSSLContext(configuration: configuration)
            return .success(try await shake(context, name: isAddress ? nil : name, timeout: timeout))
        } catch {
            return .failure(NoAnswer(reason: reason(error, timeout)))
        }
    }

    private func shake(_ context: NIOSSLContext, name: String?, timeout: TimeSpan) async throws -> Facts {
        let group = MultiThreadedEventLoopGroup.singleton
        let loop = group.next()
        let facts = loop.makePromise(of: Facts.self)
        let timer = loop.scheduleTask(in: .milliseconds(timeout.milliseconds)) { facts.fail(Trouble.timedOut) }
        defer { timer.cancel() }
        let connecting = ClientBootstrap(group: loop).connectTimeout(.milliseconds(timeout.milliseconds))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers(
                        NIOSSLClientHandler(context: context, serverHostname: name), Watcher(facts))
                }
            }.connect(host: place.host, port: Int(place.port))
        connecting.whenFailure { facts.fail($0) }
        do {
            let found = try await facts.futureResult.get()
            close(connecting)
            return found
        } catch {
            close(connecting)
            throw error
        }
    }

    private func close(_ connecting: EventLoopFuture<any Channel>) {
        connecting.whenSuccess { $0.close(promise: nil) }
    }

    private enum Trouble: Error { case timedOut, closed, noCertificate }

    /// Ends the wait as soon as the handshake has succeeded or failed.
    private final class Watcher: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let facts: EventLoopPromise<Facts>

        init(_ facts: EventLoopPromise<Facts>) { self.facts = facts }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            guard case .handshakeCompleted? = event as? TLSUserEvent else { return }
            do {
                let handler = try context.pipeline.syncOperations.handler(type: NIOSSLHandler.self)
                guard let certificate = handler.peerCertificate else { throw Trouble.noCertificate }
                let version = handler.tlsVersion.map { "\($0)" } ?? "unknown"
                facts.succeed(
                    Facts(
                        version: TLSHandshake.word(version), expires: Double(certificate.notValidAfter),
                        names: TLSHandshake.names(of: certificate)))
            } catch {
                facts.fail(error)
            }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            facts.fail(error)
            context.close(promise: nil)
        }

        func channelInactive(context: ChannelHandlerContext) { facts.fail(Trouble.closed) }
    }

    private static func names(of certificate: NIOSSLCertificate) -> [String] {
        certificate._subjectAlternativeNames().filter { $0.nameType == .dnsName }.map { name in
            name.contents.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }.lowercased()
        }
    }

    /// `tlsv13` → `TLSv1.3`.
    private static func word(_ version: String) -> String {
        switch version {
        case "tlsv1": "TLSv1"
        case "tlsv11": "TLSv1.1"
        case "tlsv12": "TLSv1.2"
        case "tlsv13": "TLSv1.3"
        default: version
        }
    }

    private func reason(_ error: any Error, _ timeout: TimeSpan) -> String {
        switch error {
        case Trouble.timedOut, ChannelError.connectTimeout: return "timed out after \(Words.span(timeout))"
        case Trouble.closed: return "the connection was closed before it was encrypted"
        case Trouble.noCertificate: return "the server has no certificate"
        case let error as NIOConnectionError:
            if let first = error.connectionErrors.first { return reason(first.error, timeout) }
            return "\(error.host) has no address"
        case let error as IOError: return errnoWords(error.errnoCode)
        default:
            let words = Words.excerpt("\(error)", limit: 400)
            if words.contains("CERTIFICATE_VERIFY_FAILED") {
                return "its certificate is not valid: nobody that is trusted vouches for it, or it has expired"
            }
            if words.contains("unableToValidateCertificate") || words.contains("failedToValidateHostname") {
                return "its certificate is not for \(name)"
            }
            return words
        }
    }
}
