import ShipitCore
import ShipitEngine

/// The `ssh` that reaches one host.
struct SSHCommand {
    var host: Host
    /// `-F`; absolute. `nil` for the user's own.
    var config: String?
    var mark: ReachMark

    /// Whatever the ssh configuration says, these hold; all else is the configuration's. A connection is never shared, because
    /// whoever ends the one that is shared ends all of them.
    private static let options = [
        "BatchMode=yes", "StrictHostKeyChecking=yes", "UpdateHostKeys=no", "ConnectTimeout=15", "ConnectionAttempts=1",
        "ServerAliveInterval=15", "ServerAliveCountMax=3", "ControlMaster=no", "ControlPath=none",
        "ClearAllForwardings=yes", "RequestTTY=no", "RemoteCommand=none", "SessionType=default", "StdinNull=no",
        "ForkAfterAuthentication=no", "EscapeChar=none", "PermitLocalCommand=yes",
    ]

    var argv: [String] {
        var words = ["ssh", "-a", "-x"]
        if let config { words += ["-F", config] }
        words += Self.options.flatMap { ["-o", $0] }
        words += ["-o", "LocalCommand=" + mark.command.replacing("%", with: "%%")]
        if let user = host.user { words += ["-l", user] }
        if let port = host.port { words += ["-p", String(port)] }
        return words + ["--", host.address, RemoteScript.request]
    }

    /// Of this machine's environment, what ssh itself needs. Its own commands are for `sh`, whatever the user's shell.
    static func environment(_ variables: [String: String]) -> [String: String] {
        var kept = variables.filter {
            ["PATH", "HOME", "USER", "LANG", "TZ", "TMPDIR", "SSH_AUTH_SOCK"].contains($0.key)
                || $0.key.hasPrefix("LC_")
        }
        kept["SHELL"] = "/bin/sh"
        return kept
    }

    /// As a person would type it.
    var line: String {
        let config = config.map { ["-F", $0] } ?? []
        let port = host.port.map { ["-p", String($0)] } ?? []
        let target = (host.user.map { "\($0)@" } ?? "") + host.address
        return CommandLineText.line(["ssh"] + config + port + [target])
    }

    /// Why a host was not reached, from what ssh said, and what mends it.
    func trouble(_ said: String) -> String {
        let lines = said.split(whereSeparator: \.isNewline).map { $0.trimmingSpaces }.filter { !$0.isEmpty }
        let last = lines.last ?? "ssh said nothing"
        if said.contains("REMOTE HOST IDENTIFICATION HAS CHANGED") {
            return "its host key is another one than before; find out why, and only then remove the old one: "
                + CommandLineText.line(["ssh-keygen", "-R", knownName])
        }
        if said.contains("Host key verification failed") {
            return "its host key is not known here; check it, and make it known: \(line)"
        }
        if said.contains("Permission denied") { return "\(last); this must work without a question: \(line) true" }
        return last
    }

    private var knownName: String { host.port.map { "[\(host.address)]:\($0)" } ?? host.address }
}
