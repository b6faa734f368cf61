import ShipitCore

/// What a test gives to a stage, in words: `fails 2 times, takes 5m`.
enum CourseParser {
    enum Problem: Error {
        case unknown(String)
        /// Words after an ending that holds for all attempts.
        case unreachable(String)
        case repeated(String)
        case badCount(String)
        case quantity(QuantityError)
    }

    /// For hints.
    static let forms =
        "succeeds, fails, fails 2 times, fails with exit 75, times out, dies, engine dies, takes 5m; joined by commas"

    static func course(_ text: String) throws(Problem) -> Script.Course {
        var course = Script.Course()
        var isOver = false
        for clause in text.split(separator: ",", omittingEmptySubsequences: false) {
            let words = clause.split(separator: " ").map(String.init)
            if words.first == "takes", words.count == 2 {
                guard course.takes == nil else { throw .repeated("takes") }
                do throws(QuantityError) {
                    course.takes = try QuantityParser.duration(words[1])
                } catch {
                    throw .quantity(error)
                }
                continue
            }
            let (ending, count) = try self.ending(words)
            guard !isOver else { throw .unreachable(words.joined(separator: " ")) }
            if let count {
                course.first += Array(repeating: ending, count: count)
            } else {
                course.then = ending
                isOver = true
            }
        }
        return course
    }

    /// With how often; `nil`: from then on.
    private static func ending(_ words: [String]) throws(Problem) -> (Script.Ending, Int?) {
        switch words {
        case ["succeeds"]: return (.succeeds, nil)
        case ["dies"]: return (.machineDies, 1)
        case ["engine", "dies"]: return (.engineDies, 1)
        default: break
        }
        if words.starts(with: ["times", "out"]) { return (.timesOut, try count(Array(words.dropFirst(2)), words)) }
        guard words.first == "fails" else { throw .unknown(words.joined(separator: " ")) }
        var rest = Array(words.dropFirst())
        var exit = 1
        if rest.starts(with: ["with", "exit"]), rest.count >= 3 {
            guard let code = Int(rest[2]), (1...255).contains(code) else { throw .badCount(rest[2]) }
            exit = code
            rest.removeFirst(3)
        }
        return (.fails(exit: exit), try count(rest, words))
    }

    private static func count(_ rest: [String], _ words: [String]) throws(Problem) -> Int? {
        if rest.isEmpty { return nil }
        if rest == ["once"] { return 1 }
        guard rest.count == 2, rest[1] == "times" else { throw .unknown(words.joined(separator: " ")) }
        guard let count = Int(rest[0]), (1...1000).contains(count) else { throw .badCount(rest[0]) }
        return count
    }
}
