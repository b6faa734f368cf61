import Foundation
import Glibc
import Testing

/// An OpenSSH server of the test's own, with keys of its own, on several addresses of this machine: each is a host. It lets in
/// whoever runs the tests, and ends when the test lets go of it.
final class SSHServer: Sendable {
    let port: Int
    /// For `ssh-config:`; it knows the key and the hosts.
    let config: String
    private let folder: String
    private let process: ChildProcess

    static let program = ["/usr/sbin/sshd", "/usr/local/sbin/sshd"].first(where: FileManager.default.isExecutableFile)

    /// - Parameter hosts: how many addresses it has, from 127.0.0.2 on.
    init(hosts: Int = 4) async throws {
        let folder = NSTemporaryDirectory() + "shipit-e2e-sshd-" + UUID().uuidString.prefix(8).lowercased()
        self.folder = folder
        config = folder + "/config"
        let port = try FreePorts.row(of: 1)
        self.port = port
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        // Where root runs it, it insists on a folder of that name.
        if getuid() == 0 { mkdir("/run/sshd", 0o755) }
        for key in ["host", "user"] {
            let make = try ChildProcess(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", "\(folder)/\(key)"], folder: folder,
                variables: Self.variables, output: "\(folder)/keygen")
            try #require(try await make.ending(within: .seconds(20)) == .code(0), "\(make.printed)")
        }
        let addresses = (0..<hosts).map { "127.0.0.\($0 + 2)" }
        let hostKey = try String(contentsOfFile: folder + "/host.pub", encoding: .utf8)
        let known = addresses.map { "[\($0)]:\(port) \(hostKey)" }.joined()
        try known.write(toFile: folder + "/known", atomically: true, encoding: .utf8)
        try Self.serverConfig(folder, port, addresses).write(
            toFile: folder + "/sshd_config", atomically: true, encoding: .utf8)
        try """
        Host *
          Port \(port)
          IdentityFile \(folder)/user
          IdentitiesOnly yes
          UserKnownHostsFile \(folder)/known
          GlobalKnownHostsFile /dev/null
        """.write(toFile: config, atomically: true, encoding: .utf8)
        process = try ChildProcess(
            [try #require(Self.program), "-D", "-e", "-f", folder + "/sshd_config"], folder: folder,
            variables: Self.variables, output: folder + "/sshd")
        try await eventually("the start of sshd") { process.standardError.contains("Server listening") }
    }

    deinit {
        process.signal(SIGKILL)
        // What cannot be removed stays in the temporary folder: it harms no other test.
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// `{ssh: 127.0.0.2, name: h1}, …`: an environment's line for a group of so many hosts.
    func hosts(_ count: Int) -> String {
        (1...count).map { "{ssh: 127.0.0.\($0 + 1), name: h\($0)}" }.joined(separator: ", ")
    }

    func forgetHostKeys() throws { try Data().write(to: URL(fileURLWithPath: folder + "/known")) }

    /// Ends the connections of all who are let in, as a network that is gone for good.
    func cutConnections() {
        let server = process.id
        for session in ProcessTable.descendants(of: server) where session.isSSHSession { kill(session.id, SIGKILL) }
    }

    private static var variables: [String: String] {
        ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"]
    }

    private static func serverConfig(_ folder: String, _ port: Int, _ addresses: [String]) -> String {
        """
        Port \(port)
        HostKey \(folder)/host
        AuthorizedKeysFile \(folder)/user.pub
        StrictModes no
        UsePAM no
        PidFile none
        PasswordAuthentication no
        KbdInteractiveAuthentication no
        PermitRootLogin yes
        MaxStartups 200

        """ + addresses.map { "ListenAddress \($0)\n" }.joined()
    }
}

extension Trait where Self == ConditionTrait {
    /// Skips, with the reason printed, where OpenSSH is not installed and needn't be.
    static var needsSSHServer: Self {
        .enabled(if: SSHServer.program != nil || Binaries.areRequired, "there is no sshd: install openssh-server")
    }
}
