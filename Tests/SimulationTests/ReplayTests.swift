import Foundation
import Testing

@testable import Simulator

@Suite(.timeLimit(.minutes(2)))
struct `The same seed` {
    static let seeds: ClosedRange<UInt64> = 1...50

    private func transcript(of scenario: Scenario) throws -> (simulation: Simulation, bytes: String) {
        var simulation = Simulation(scenario, keepsTranscript: true)
        try simulation.run()
        return (simulation, simulation.transcript.joined(separator: "\n"))
    }

    @Test func `is the same run, byte for byte`() throws {
        for seed in Self.seeds {
            #expect(try transcript(of: Scenario(seed: seed)).bytes == transcript(of: Scenario(seed: seed)).bytes)
        }
    }

    @Test func `with the moves that were made is the same run, too`() throws {
        for seed in Self.seeds {
            let (simulation, bytes) = try transcript(of: Scenario(seed: seed))
            #expect(try transcript(of: Scenario(seed: seed, moves: simulation.moves)).bytes == bytes)
        }
    }

    /// Another process hashes otherwise: whatever leans on the order of a dictionary or a set shows here.
    @Test func `is the same run in another process`() throws {
        let program = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "simulate")
        try #require(FileManager.default.isExecutableFile(atPath: program.path), "\(program.path) is not built")
        for seed in [UInt64(7), 17, 27] {
            let process = Process()
            let output = Pipe()
            process.executableURL = program
            process.arguments = ["seed", "\(seed)"]
            process.standardOutput = output
            try process.run()
            let told = String(decoding: try #require(try output.fileHandleForReading.readToEnd()), as: UTF8.self)
            process.waitUntilExit()
            #expect(process.terminationStatus == 0)
            let scenario = Scenario(seed: seed)
            #expect(told == scenario.summary + "\n" + (try transcript(of: scenario).bytes) + "\n")
        }
    }
}
