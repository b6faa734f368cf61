import Foundation
import ShipitCore
import ShipitEngine
import ShipitProbes
import Testing

@Suite(.timeLimit(.minutes(2)))
struct `A log as a source` {
    /// A log that a service would write, and who counts in it.
    struct Bench {
        let path: String
        let probe = LogProbe()
        var series: SampleSeries? = SampleSeries(source: "run/app", number: 1)

        init(_ folder: String) { path = folder + "/app.log" }

        func write(_ text: String) throws {
            if !FileManager.default.fileExists(atPath: path) {
                _ = FileManager.default.createFile(atPath: path, contents: nil)
            }
            let file = try #require(FileHandle(forWritingAtPath: path))
            try file.seekToEnd()
            try file.write(contentsOf: Data(text.utf8))
            try file.close()
        }

        func count(_ pattern: String = "ERROR", _ fields: [String: ResolvedValue] = [:]) async -> Measurement {
            await probe.measure(
                ResolvedProbe(
                    subject: .text(path), fields: fields.merging(["pattern": .text(pattern)]) { first, _ in first },
                    directory: "/", series: series))
        }

        func number(_ pattern: String = "ERROR") async -> Double? { await count(pattern).number }
    }

    @Test func `counts what is written after the first sample, each line once`() async throws {
        try await withFolder { folder in
            let bench = Bench(folder)
            try bench.write("ERROR before\nERROR before\n")
            #expect(await bench.number() == 0)
            try bench.write("ERROR one\nfine\nan ERROR ERROR\n")
            #expect(await bench.number() == 2)
            #expect(await bench.number() == 0)
        }
    }

    @Test func `counts lines by a regular expression, too`() async throws {
        try await withFolder { folder in
            let bench = Bench(folder)
            try bench.write("")
            #expect(await bench.number("/^(ERROR|FATAL) [0-9]+$/") == 0)
            try bench.write("ERROR 17\nFATAL 3\nERROR\nan ERROR 17\n")
            #expect(await bench.number("/^(ERROR|FATAL) [0-9]+$/") == 2)
        }
    }

    @Test func `counts a line when it has ended`() async throws {
        try await withFolder { folder in
            let bench = Bench(folder)
            try bench.write("")
            #expect(await bench.number() == 0)
            try bench.write("ERR")
            #expect(await bench.number() == 0)
            try bench.write("OR\n")
            #expect(await bench.number() == 1)
        }
    }

    @Test func `reads on through a rotation, to the last line of the old file`() async throws {
        try await withFolder { folder in
            let bench = Bench(folder)
            try bench.write("start\n")
            #expect(await bench.number() == 0)
            try bench.write("ERROR last of the old\n")
            try FileManager.default.moveItem(atPath: bench.path, toPath: bench.path + ".1")
            try bench.write("ERROR first of the new\nERROR second\n")
            #expect(await bench.number() == 3)
            try bench.write("ERROR third\n")
            #expect(await bench.number() == 1)
        }
    }

    @Test func `begins anew where the file is truncated, even when it has grown past where it was`() async throws {
        try await withFolder { folder in
            let bench = Bench(folder)
            try bench.write("one\ntwo\n")
            #expect(await bench.number() == 0)
            try FileHandle(forWritingAtPath: bench.path)!.truncate(atOffset: 0)
            try bench.write("ERROR\n")
            #expect(await bench.number() == 1)
            try FileHandle(forWritingAtPath: bench.path)!.truncate(atOffset: 0)
            try bench.write("ERROR a\nERROR b\nERROR c\n")
            #expect(await bench.number() == 3)
        }
    }

    @Test func `that is not there is no answer, and once it is there all of it is new`() async throws {
        try await withFolder { folder in
            let bench = Bench(folder)
            #expect(await bench.count().verdict == .noAnswer("\(bench.path): cannot be read: no such file"))
            try bench.write("ERROR one\nERROR two\n")
            #expect(await bench.number() == 2)
        }
    }

    @Test func `that goes away loses no line that was written before`() async throws {
        try await withFolder { folder in
            let bench = Bench(folder)
            try bench.write("start\n")
            #expect(await bench.number() == 0)
            try bench.write("ERROR last\n")
            try FileManager.default.removeItem(atPath: bench.path)
            #expect(await bench.number() == nil)
            try bench.write("ERROR first\n")
            #expect(await bench.number() == 2)
        }
    }

    @Test func `of another series begins where the log ends then`() async throws {
        try await withFolder { folder in
            var bench = Bench(folder)
            try bench.write("")
            #expect(await bench.number() == 0)
            try bench.write("ERROR while nobody sampled\n")
            bench.series?.number = 2
            #expect(await bench.number() == 0)
            try bench.write("ERROR\n")
            #expect(await bench.number() == 1)
        }
    }

    @Test func `of long lines and many bytes takes little memory`() async throws {
        try await withFolder { folder in
            let bench = Bench(folder)
            try bench.write("")
            #expect(await bench.number() == 0)
            let long = String(repeating: "x", count: 20 << 20)
            try bench.write("ERROR \(long)\n\(long)\nERROR\n")
            #expect(await bench.number() == 2)
        }
    }

    @Test func `as a check is counted as a whole`() async throws {
        try await withFolder { folder in
            var bench = Bench(folder)
            bench.series = nil
            try bench.write("ERROR\nfine\nERROR\n")
            #expect(await bench.count("ERROR", ["matches": "< 3"]).verdict == .passed)
            #expect(
                await bench.count("ERROR", ["matches": "== 0"]).verdict
                    == .failed("\(bench.path) has 2 such lines, expected == 0"))
        }
    }

    @Test func `may be what a command prints`() async {
        let answer = await ask(RunProbe(), "printf 'ERROR 17\\nfine\\nERROR\\n'", ["count": "ERROR"])
        #expect(answer.number == 2)
        #expect(await ask(RunProbe(), "echo 17", ["count": "ERROR"]).number == 0)
    }

    @Test func `that is a pipe or a folder is no answer, at once`() async throws {
        try await withFolder { folder in
            let bench = Bench(folder)
            #expect(mkfifo(bench.path, 0o600) == 0)
            #expect(await bench.count().verdict == .noAnswer("\(bench.path): is not a file"))
        }
    }
}
