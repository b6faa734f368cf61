// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let asyncHTTPClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")

/// A module of ours; arrows of import point down and inward (ARCHITECTURE.md).
func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies, resources: resources, swiftSettings: strict)
}

let package = Package(
    name: "shipit",
    products: [
        .executable(name: "shipit", targets: ["shipit"]),
        .executable(name: "shipit-supervisor", targets: ["ShipitSupervisor"]),
    ],
    dependencies: [
        // Package.resolved is not kept, so versions are exact.
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/swift-server/async-http-client", exact: "1.37.0"),
    ],
    targets: [
        // System libraries: a module map and a shim, nothing else.
        .systemLibrary(name: "CLibYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .systemLibrary(name: "CLibGit2", pkgConfig: "libgit2", providers: [.apt(["libgit2-dev"])]),

        // Pure values and decisions.
        module("ShipitCore"),
        // The conductor, the contracts and the ports.
        module("ShipitEngine", ["ShipitCore", crypto]),

        // Adapters: they know Core and Engine, never one another.
        module("ShipitSyntax", ["ShipitCore", "CLibYAML"]),
        module("ShipitGit", ["ShipitCore", "CLibGit2"]),
        module("ShipitStore", ["ShipitCore", "ShipitEngine", grdb, crypto]),
        module("ShipitProbes", ["ShipitCore", "ShipitEngine", asyncHTTPClient]),
        module("ShipitActions", ["ShipitCore", "ShipitEngine", grdb, crypto]),

        // The supervisor: its own executable, without Foundation.
        .target(name: "CSupervisor"),
        module("SupervisorProtocol"),
        .executableTarget(
            name: "ShipitSupervisor", dependencies: ["CSupervisor", "SupervisorProtocol"], swiftSettings: strict),
        module("ShipitProcesses", ["ShipitCore", "ShipitEngine", "SupervisorProtocol"]),

        module(
            "ShipitCLI",
            [
                "ShipitCore", "ShipitSyntax", "ShipitEngine", "ShipitStore", "ShipitGit", "ShipitProcesses",
                "ShipitProbes", "ShipitActions", argumentParser,
            ]),
        .executableTarget(
            name: "shipit", dependencies: ["ShipitCLI"], swiftSettings: strict),

        tests("ShipitCoreTests", ["ShipitCore"]),
        tests("SimulationTests", ["ShipitCore"]),
        tests("TidyTests", []),
    ],
    swiftLanguageModes: [.v6]
)
