import Foundation
import ShipitEngine
import ShipitProcesses
import SupervisorProtocol
import Testing

/// What power loss made of the output can be looked at all the same.
@Suite(.timeLimit(.minutes(3)))
struct DamagedOutputTests {
    @Test(arguments: [0, -1, .min, OutputBounds.head, .max])
    func `a ring whose header lies is read as far as it goes`(total: Int64) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "shipit-output-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: folder) }
        let frames: [(OutputFrame.Kind, [UInt8])] = [
            (.key, Array("r/a/1".utf8)), (.standardOutput, Array("hello\n".utf8)), (.ring, [1]),
        ]
        let log = frames.flatMap { kind, bytes in
            OutputFrame(kind: kind, command: 1, at: 5, length: bytes.count).header + bytes
        }
        try Data(log).write(to: folder.appending(path: OutputFrame.fileName))
        try Data(OutputRing(total: total, at: 5).header + Array("rest".utf8))
            .write(to: folder.appending(path: OutputRing.fileName(command: 1, stream: 1)))
        let page = try OutputLog(folder: folder.path).chunks()
        #expect(page.isLast)
        #expect(page.chunks.first?.bytes == Array("hello\n".utf8))
    }
}
