import ShipitCore

/// `monitor-figures [NIGHTS]` prints what judging costs, how exact its quantiles are, and how often it errs over so many nights.
@main struct MonitorFigures {
    static func main() {
        let nights = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 10_000
        print(Cost.table())
        print(Cost.quantiles())
        print(errors(over: nights))
    }

    private struct Tally {
        var nights = 0
        var back = 0
        var green = 0
        var asks = 0
        var waits: [Double] = []

        mutating func count(_ ending: Ending) {
            nights += 1
            switch ending {
            case .rolledBack(let wait):
                back += 1
                waits.append(wait.seconds)
            case .green: green += 1
            case .asks: asks += 1
            }
        }

        func share(_ count: Int) -> String {
            nights == 0 ? "-" : (Double(count) / Double(nights) * 100).written(1) + "%"
        }
    }

    private static func errors(over nights: Int) -> String {
        let faults: [Night.Fault] = [.none, .none, .none, .slower, .errors, .leak]
        var text = "\(nights) nights (half of the releases good), each judged by all\n"
        text += "wrong: a good release rolled back, a bad one taken for good; asks: no verdict, a person decides\n\n"
        var tallies: [String: Tally] = [:]
        for number in 0..<nights {
            let weather = Night.Weather.allCases[number % 4]
            let fault = faults[number / 4 % faults.count]
            let night = Night(number: number + 1, weather: weather, fault: fault)
            for judge in Judge.all {
                tallies["\(judge.name)/\(weather)/\(fault)", default: Tally()].count(judge.judge(night))
            }
        }
        text += "".padded(32) + Judge.all.map { $0.name.right(28) }.joined() + "\n"
        text +=
            "".padded(32) + Judge.all.map { _ in "wrong".right(14) + "asks".right(7) + "found".right(7) }.joined()
            + "\n"
        for fault in Night.Fault.allCases {
            for weather in Night.Weather.allCases {
                text += "\(fault.rawValue), \(weather.rawValue)".padded(32)
                for judge in Judge.all {
                    let tally = tallies["\(judge.name)/\(weather)/\(fault)"] ?? Tally()
                    let wrong = fault == .none ? tally.back : tally.green
                    let waits = tally.waits.sorted()
                    let found = fault == .none || waits.isEmpty ? "" : "\((waits[waits.count / 2] / 60).written(0))m"
                    text += tally.share(wrong).right(14) + tally.share(tally.asks).right(7) + found.right(7)
                }
                text += "\n"
            }
        }
        return text
            + "\nfound: half of the bad releases that were rolled back were by then, in minutes after the change"
    }
}
