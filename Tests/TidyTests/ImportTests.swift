import Foundation
import Testing

/// The invariants of ARCHITECTURE.md about who may import whom.
@Suite(.timeLimit(.minutes(3))) struct ImportTests {
    static let adapters: Set<String> = [
        "ShipitStore", "ShipitProcesses", "ShipitGit", "ShipitProbes", "ShipitActions", "ShipitPlugins",
        "ShipitServer",
    ]

    private func offences(
        in folder: String, where isOffence: (_ access: String, _ module: String) -> Bool
    ) throws -> [String] {
        try SourceTree.files(in: "Sources/\(folder)").flatMap { file in
            file.imports.filter { isOffence($0.access, $0.module) }.map { "\(file.path) imports \($0.module)" }
        }
    }

    @Test func `the core imports nothing`() throws {
        #expect(try offences(in: "ShipitCore") { _, _ in true } == [])
    }

    @Test func `the engine imports nothing of ours but the core`() throws {
        #expect(try offences(in: "ShipitEngine") { $1.hasPrefix("Shipit") && $1 != "ShipitCore" } == [])
    }

    @Test func `the syntax imports nothing of ours but the core and libyaml`() throws {
        #expect(
            try offences(in: "ShipitSyntax") { $1.hasPrefix("Shipit") && $1 != "ShipitCore" } == [])
    }

    @Test func `adapters never import one another`() throws {
        for adapter in Self.adapters {
            let others = Self.adapters.subtracting([adapter]).union(["ShipitCLI", "ShipitSyntax"])
            #expect(try offences(in: adapter) { others.contains($1) } == [])
        }
    }

    @Test func `the supervisor does without Foundation`() throws {
        for module in ["ShipitSupervisor", "SupervisorProtocol"] {
            #expect(try offences(in: module) { $1.hasPrefix("Foundation") || $1.hasPrefix("Shipit") } == [])
        }
    }

    @Test func `no foreign type stands in a public signature of core, syntax or engine`() throws {
        let foreign: Set<String> = [
            "Foundation", "GRDB", "NIOCore", "CLibYAML", "CLibGit2", "AsyncHTTPClient", "Crypto",
        ]
        for module in ["ShipitCore", "ShipitSyntax", "ShipitEngine"] {
            #expect(try offences(in: module) { $0 == "public" && foreign.contains($1) } == [])
        }
    }

    @Test func `only the wiring knows every adapter`() throws {
        let knowing = try SourceTree.files(in: "Sources/ShipitCLI").filter { file in
            Set(file.imports.map(\.module)).isSuperset(of: Self.adapters)
        }
        #expect(knowing.map(\.path).allSatisfy { $0.hasSuffix("/Wiring.swift") })
    }
}
