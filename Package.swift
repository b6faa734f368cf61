// swift-tools-version: 6.2
import PackageDescription

/// `make fuzz` names libFuzzer's archive: then our modules are built to be fuzzed, and there is a fuzzer to link.
let libFuzzer = Context.environment["SHIPIT_LIBFUZZER"]

let strict: [SwiftSetting] =
    [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
    ] + (libFuzzer == nil ? [] : [.unsafeFlags(["-sanitize=fuzzer,address"])])

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let asyncHTTPClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let nioTLS = Target.Dependency.product(name: "NIOTLS", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let serviceLifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")

let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")

/// A module of ours; arrows of import point down and inward (ARCHITECTURE.md).
func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: strict)
}

let package = Package(
    name: "shipit",
    products: [
        .executable(name: "shipit", targets: ["shipit"]),
        .executable(name: "shipit-supervisor", targets: ["ShipitSupervisor"]),
        .executable(name: "http-drain", targets: ["HTTPDrain"]),
    ],
    dependencies: [
        // Package.resolved is not kept, so versions are exact.
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/swift-server/async-http-client", exact: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
    ],
    targets: [
        // System libraries: a module map and a shim, nothing else.
        .systemLibrary(name: "CLibYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .systemLibrary(name: "CLibGit2", pkgConfig: "libgit2", providers: [.apt(["libgit2-dev"])]),

        // Pure values and decisions.
        .target(name: "ShipitCore", swiftSettings: strict, linkerSettings: [.linkedLibrary("m")]),
        // The conductor, the contracts and the ports.
        module("ShipitEngine", ["ShipitCore", crypto]),

        // Adapters: they know Core and Engine, never one another.
        module("ShipitSyntax", ["ShipitCore", "CLibYAML"]),
        module("ShipitImport", ["ShipitCore"]),
        module("ShipitGit", ["ShipitCore", "CLibGit2"]),
        module("ShipitStore", ["ShipitCore", "ShipitEngine", grdb, crypto]),
        module(
            "ShipitProbes",
            ["CSupervisor", "ShipitCore", "ShipitEngine", asyncHTTPClient, nioCore, nioHTTP1, nioPosix, nioSSL, nioTLS]),
        module("ShipitActions", ["ShipitCore", "ShipitEngine", grdb, crypto]),
        module("ShipitPlugins", ["ShipitCore", "ShipitEngine", crypto]),

        // What `serve` answers over HTTP.
        module("ShipitServer", [nioCore, nioHTTP1, nioPosix, serviceLifecycle]),

        // The supervisor: its own executable, without Foundation.
        .target(name: "CSupervisor"),
        module("SupervisorProtocol"),
        // One static file: it starts in a third of the time, and goes on when the toolchain's libraries are replaced.
        .executableTarget(
            name: "ShipitSupervisor", dependencies: ["CSupervisor", "SupervisorProtocol"], swiftSettings: strict,
            linkerSettings: [.unsafeFlags(["-static-executable", "-use-ld=lld"])]),
        module("ShipitProcesses", ["ShipitCore", "ShipitEngine", "SupervisorProtocol", "CSupervisor"]),

        module(
            "ShipitCLI",
            [
                "CSupervisor", "ShipitCore", "ShipitSyntax", "ShipitEngine", "ShipitStore", "ShipitGit",
                "ShipitProcesses",
                "ShipitProbes", "ShipitActions", "ShipitPlugins", "ShipitImport", "ShipitServer", argumentParser,
                logging,
                serviceLifecycle, unixSignals,
            ]),
        .executableTarget(
            name: "shipit", dependencies: ["ShipitCLI"], swiftSettings: strict),

        // A plugin that comes with shipit (share/shipit/plugins): to shipit it is a command as any other.
        .executableTarget(name: "HTTPDrain", swiftSettings: strict),

        tests("ShipitCoreTests", ["ShipitCore"]),
        // The simulator, apart from its tests: `make simulate` builds it optimised, with the core and nothing else.
        .target(name: "Simulator", dependencies: ["ShipitCore"], path: "Tests/Simulator", swiftSettings: strict),
        .executableTarget(
            name: "simulate", dependencies: ["Simulator"], path: "Tests/Simulate", swiftSettings: strict),
        // `Benchmarks/monitor` builds it optimised.
        .executableTarget(
            name: "nights", dependencies: ["ShipitCore"], path: "Benchmarks/Nights", swiftSettings: strict),
        tests("SimulationTests", ["ShipitCore", "ShipitEngine", "Simulator"]),
        tests("ShipitEngineTests", ["ShipitCore", "ShipitEngine"]),
        tests("ShipitSyntaxTests", ["ShipitCore", "ShipitSyntax"], exclude: ["Fixtures"]),
        tests("ShipitStoreTests", ["ShipitCore", "ShipitEngine", "ShipitStore"]),
        tests("ShipitGitTests", ["ShipitCore", "ShipitGit"]),
        tests("ShipitProbesTests", ["ShipitCore", "ShipitEngine", "ShipitProbes"]),
        tests(
            "ShipitActionsTests",
            ["CSupervisor", "ShipitCore", "ShipitEngine", "ShipitActions", "ShipitProbes", grdb]),
        tests("ShipitPluginsTests", ["ShipitCore", "ShipitEngine", "ShipitSyntax", "ShipitPlugins"]),
        tests("SupervisorProtocolTests", ["SupervisorProtocol"]),
        tests(
            "ShipitProcessesTests",
            ["ShipitCore", "ShipitEngine", "ShipitProcesses", "SupervisorProtocol"]),
        tests(
            "ShipitCLITests", ["ShipitCore", "ShipitEngine", "ShipitSyntax", "ShipitCLI"],
            exclude: ["Calendar/oracle.py"]),
        // The tests of the built binaries find them beside the test bundle: to depend on the supervisor would link the tests
        // with its flags.
        tests("ShipitImportTests", ["ShipitCore", "ShipitImport", "ShipitSyntax", "ShipitCLI"]),
        tests("EndToEndTests", []),
        tests("TidyTests", []),

        // What is tried with inputs that nobody would write: by libFuzzer (Fuzz/run), and with the kept ones by the tests.
        .target(
            name: "FuzzTargets",
            dependencies: [
                "ShipitCore", "ShipitEngine", "ShipitGit", "ShipitPlugins", "ShipitProcesses", "ShipitStore",
                "ShipitSyntax", "SupervisorProtocol",
            ], path: "Fuzz/Targets", swiftSettings: strict),
        tests("FuzzCorpusTests", ["FuzzTargets"]),
    ],
    swiftLanguageModes: [.v6]
)

if let libFuzzer {
    package.targets.append(
        .executableTarget(
            name: "Fuzzer", dependencies: ["FuzzTargets"], path: "Fuzz/Fuzzer",
            swiftSettings: strict + [.unsafeFlags(["-parse-as-library"])],
            linkerSettings: [.unsafeFlags(["-sanitize=address", "-Xlinker", libFuzzer, "-lstdc++"])]))
}
