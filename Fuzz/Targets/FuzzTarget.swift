/// A part of shipit that reads what others wrote, and what must hold whatever it is given.
public struct FuzzTarget: Sendable {
    public var name: String
    /// The longest input that is worth trying, in bytes.
    public var longest: Int
    /// Tries one input; throws a `Finding` when something does not hold.
    public var check: @Sendable (_ input: [UInt8]) throws -> Void

    public static let all = [
        FuzzTarget(name: "yaml", longest: 8192, check: checkPipeline),
        FuzzTarget(name: "templates", longest: 512, check: checkTemplate),
        FuzzTarget(name: "quantities", longest: 128, check: checkQuantity),
        FuzzTarget(name: "rules", longest: 256, check: checkRule),
        FuzzTarget(name: "calendar", longest: 128, check: checkCalendar),
        FuzzTarget(name: "journal", longest: 4096, check: checkJournal),
        FuzzTarget(name: "database", longest: 256, check: checkDatabase),
        FuzzTarget(name: "masker", longest: 512, check: checkMasker),
        FuzzTarget(name: "messages", longest: 1024, check: checkMessages),
        FuzzTarget(name: "plugin-messages", longest: 1024, check: checkPluginMessages),
        FuzzTarget(name: "manifest", longest: 4096, check: checkManifest),
        FuzzTarget(name: "ledger", longest: 1024, check: checkLedger),
        FuzzTarget(name: "output", longest: 1024, check: checkOutput),
        FuzzTarget(name: "terminal", longest: 512, check: checkTerminal),
        FuzzTarget(name: "tags", longest: 256, check: checkTag),
        FuzzTarget(name: "versions", longest: 256, check: checkVersions),
    ]

    public static func named(_ name: String) -> FuzzTarget? { all.first { $0.name == name } }
}

/// Something that does not hold.
public struct Finding: Error, CustomStringConvertible {
    public var description: String
}

func expect(_ holds: @autoclosure () throws -> Bool, _ what: @autoclosure () throws -> String) throws {
    guard try holds() else { throw Finding(description: try what()) }
}
