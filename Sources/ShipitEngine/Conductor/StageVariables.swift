internal import Foundation
internal import ShipitCore

/// What commands see: a fixed part of the caller's environment, `SHIPIT_*`, and the stage's `env:`; nothing else.
enum StageVariables {
    static func base(_ plan: Plan, run: RunID, epoch: Epoch, parts: EngineParts) -> [String: String] {
        var variables = CommandVariables.all(plan, caller: parts.callerEnvironment, tree: parts.releaseTree)
        variables["SHIPIT_RUN"] = run.text
        variables["SHIPIT_EPOCH"] = epoch.description
        return variables
    }

    /// The same for an action from outside: of the caller's, what its manifest names; of the secrets, those that it names.
    static func base(
        _ base: [String: String], for access: ActionAccess, _ plan: Plan, parts: EngineParts
    ) -> [String: String] {
        let narrowed = CommandVariables.narrowed(base, to: access, plan, caller: parts.callerEnvironment)
        return narrowed.merging(parts.secrets.filter { access.secrets.contains($0.key) }) { $1 }
    }

    static func variables(
        _ base: [String: String], attempt: AttemptID, stage: PlannedStage, target: ReleaseFacts?, scratch: String,
        resolver: Resolver
    ) throws(ActionError) -> [String: String] {
        var variables = base
        variables["SHIPIT_STAGE"] = stage.name.text
        variables["SHIPIT_ATTEMPT"] = String(attempt.number)
        variables["SHIPIT_ITEM"] = stage.item
        variables["SHIPIT_TARGET_VERSION"] = target?.release.version ?? ""
        variables["SHIPIT_TARGET_TAG"] = target?.release.tag ?? ""
        variables["SHIPIT_TARGET_COMMIT"] = target?.release.commit ?? ""
        variables["SHIPIT_TARGET_TREE"] = target?.tree ?? ""
        variables["SHIPIT_OUTPUT"] = scratch + "/output"
        for (name, template) in stage.env { variables[name] = try resolver.text(template) }
        return variables
    }

    /// Of a stage's variables, those that have a meaning on another machine: paths of this one have none.
    static func onHosts(_ variables: [String: String], stage: PlannedStage) -> [String: String] {
        let paths: Set<String> = ["SHIPIT_TREE", "SHIPIT_TARGET_TREE", "SHIPIT_OUTPUT"]
        return variables.filter { name, _ in
            stage.env[name] != nil || (name.hasPrefix("SHIPIT_") && !paths.contains(name))
        }
    }

    /// A folder of the attempt's own; the same one when the attempt is taken up again.
    static func makeScratch(_ runFolder: String, _ attempt: AttemptID) throws(ActionError) -> String {
        let part = attempt.part == .perform ? "" : "\(attempt.part.rawValue)-"
        let path = "\(runFolder)/work/\(Paths.safeName(attempt.stage.text))/\(part)\(attempt.number)"
        if let reason = Sharing(of: runFolder).makeFolder(path) { throw .stopped("cannot make \(reason)") }
        return path
    }
}

/// Paths as text.
enum Paths {
    static func join(_ folder: String, _ path: String) -> String {
        if path.hasPrefix("/") { return path }
        return path == "." ? folder : folder + "/" + path
    }

    /// A name that is safe as one path component: what could mean something to a file system is percent-encoded.
    static func safeName(_ text: String) -> String {
        var name = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                name.unicodeScalars.append(Unicode.Scalar(byte))
            case UInt8(ascii: ".") where !name.isEmpty: name.append(".")
            default: name += "%" + String(byte, radix: 16, uppercase: true)
            }
        }
        // Long items would pass the file system's limit of 255 bytes; the hash keeps them apart.
        return name.utf8.count <= 120 ? name : String(name.prefix(100)) + "-" + String(fingerprint(text), radix: 16)
    }

    private static func fingerprint(_ text: String) -> UInt64 {
        text.utf8.reduce(14_695_981_039_346_656_037) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 }
    }
}
