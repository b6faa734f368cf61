import Foundation
import ShipitCore

/// Signatures by SSH keys, made and checked by `ssh-keygen -Y` (OpenSSH 8.2 and later; PROTOCOL.sshsig).
enum SSHSignature {
    /// What a signature is for: one made for something else does not count here.
    static let namespace = "shipit"
    /// Somebody may have to find their passphrase or touch their token first.
    private static let patience = TimeSpan.minutes(5)

    /// Signs a text with the key in `file`, and checks that it is the key that is expected of the person.
    /// - Returns: the armored signature.
    static func make(
        _ text: String, by person: String, key file: String, expecting publicKey: String
    ) throws(CommandFailure) -> String {
        try inPrivateFolder { folder throws(CommandFailure) in
            let message = "\(folder)/message"
            try write(text, to: message)
            do throws(CapturedCommandError) {
                _ = try run(["ssh-keygen", "-q", "-Y", "sign", "-n", namespace, "-f", file, message])
            } catch {
                throw CommandFailure(
                    .usage, "it could not be signed with \(SafeText.line(file)): ssh-keygen \(error.reason)",
                    hint: "name a private key, or a .pub whose key an agent holds (apt-get install openssh-client)")
            }
            try check(message, signature: message + ".sig", by: person, key: publicKey, in: folder)
            guard let signature = try? String(contentsOfFile: message + ".sig", encoding: .utf8) else {
                throw CommandFailure(.machine, "ssh-keygen left no signature in \(folder)")
            }
            return signature
        }
    }

    private static func check(
        _ message: String, signature: String, by person: String, key: String, in folder: String
    ) throws(CommandFailure) {
        let signers = "\(folder)/signers"
        try write("\(person) namespaces=\"\(namespace)\" \(key)\n", to: signers)
        // The shell only opens the message: it gets the words as parameters and reads nothing of them.
        let verify = "message=$1 && shift && exec \"$@\" <\"$message\" >/dev/null 2>&1"
        let words = ["ssh-keygen", "-Y", "verify", "-n", namespace, "-f", signers, "-I", person, "-s", signature]
        do throws(CapturedCommandError) {
            _ = try run(["sh", "-c", verify, "sh", message] + words)
        } catch {
            throw CommandFailure(
                .refused, "that is not the key that people: knows of \(person)",
                hint: "sign with the private key of: \(key)")
        }
    }

    private static func run(_ argv: [String]) throws(CapturedCommandError) -> [UInt8] {
        try CapturedCommand.output(
            of: argv, in: FileManager.default.currentDirectoryPath, environment: ProcessInfo.processInfo.environment,
            atMost: 1 << 20, timeout: patience)
    }

    private static func inPrivateFolder<Value>(
        _ body: (String) throws(CommandFailure) -> Value
    ) throws(CommandFailure) -> Value {
        let folder = FileManager.default.temporaryDirectory.path + "/shipit-sign-\(UUID().uuidString)"
        guard mkdir(folder, 0o700) == 0 else {
            throw CommandFailure(.machine, "cannot make \(folder): \(String(cString: strerror(errno)))")
        }
        // It holds nothing secret, and nobody looks for it.
        defer { try? FileManager.default.removeItem(atPath: folder) }
        return try body(folder)
    }

    private static func write(_ text: String, to file: String) throws(CommandFailure) {
        guard FileManager.default.createFile(atPath: file, contents: Data(text.utf8)) else {
            throw CommandFailure(.machine, "cannot write \(file)", hint: "is the disk full?")
        }
    }
}
