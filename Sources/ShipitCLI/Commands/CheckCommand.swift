import ArgumentParser
import Foundation
import ShipitActions
import ShipitCore
import ShipitEngine

struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Ask a suite of checks: GO or NO-GO.",
        discussion: """
            Ends with 0 for GO and 3 for NO-GO; with --output nagios, as that has it: 0, 1 for GO with warnings, 2 for NO-GO. \
            A manual check is GO once somebody of its role has ticked it with --tick; a failed check of severity high, once \
            its owner has signed it off with --sign-off.
            """)

    enum Form: String, ExpressibleByArgument, CaseIterable {
        case text, json, junit, tap, nagios
    }

    @OptionGroup var place: PlaceOptions
    @OptionGroup var target: TargetOptions

    @Option(help: ArgumentHelp("The form of the result: text, json, junit, tap or nagios.", valueName: "form"))
    var output: Form = .text

    @Option(
        help: ArgumentHelp("The release that the suite is about, where it refers to one; or latest.", valueName: "tag"))
    var tag: String?

    @Option(help: ArgumentHelp("Give a variable of the environment another value.", valueName: "name=value"))
    var set: [String] = []

    @Option(help: ArgumentHelp("How many checks are asked at once.", valueName: "n"))
    var jobs: Int = SuiteRunner.usualConcurrency

    @Flag(help: "Ask also what has passed within its ttl.")
    var fresh = false

    @Option(help: ArgumentHelp("Say that a manual check is so, instead of asking.", valueName: "check"))
    var tick: String?

    @Option(help: ArgumentHelp("Accept the failing of a check of severity high.", valueName: "check"))
    var signOff: String?

    @Option(help: ArgumentHelp("Take back what was said about a check.", valueName: "check"))
    var withdraw: String?

    @Option(
        help: ArgumentHelp(
            "What was read, where a manual check has a condition: VALUE or FIELD=VALUE.", valueName: "value"))
    var value: [String] = []

    @Option(help: ArgumentHelp("Why; --sign-off needs it.", valueName: "text"))
    var why: String?

    @OptionGroup var identity: IdentityOptions

    @Argument(help: ArgumentHelp("The suite, of checks:.", valueName: "suite"))
    var suite: String

    func run() async throws {
        let wish = try wish()
        guard jobs > 0 else {
            throw CommandFailure(.usage, "--jobs \(jobs): at least one check must be asked at a time")
        }
        let streams = Streams()
        let desk = try SuiteDesk(
            SuiteDesk.Wishes(
                suite: suite, pipeline: target.pipeline, environment: target.env, tag: tag, settings: set,
                isAsked: wish == nil),
            project: try place.place().project(), streams: streams)
        if let (kind, check) = wish {
            return try WordDesk(desk).take(
                WordDesk.Wishes(kind: kind, check: check, values: value, why: why, identity: identity))
        }
        let outcome = try await desk.ask(jobs: jobs, fresh: fresh)
        await Wiring.shutDown()
        switch output {
        case .text: streams.result(CheckScreen(outcome, streams: streams).text)
        case .json: streams.result(CheckForms(outcome).json.pretty + "\n")
        case .junit: streams.result(CheckForms(outcome).junit)
        case .tap: streams.result(CheckForms(outcome).tap)
        case .nagios:
            let (line, code) = CheckForms(outcome).nagios
            streams.result(line)
            return try RunEnd.leave(with: code)
        }
        try RunEnd.leave(with: outcome.isGo ? 0 : 3)
    }

    /// What is to be said about which check; `nil`: the suite is to be asked.
    private func wish() throws(CommandFailure) -> (CheckWord.Kind, String)? {
        var wishes: [(CheckWord.Kind, String)] = []
        if let tick { wishes.append((.tick, tick)) }
        if let signOff { wishes.append((.signOff, signOff)) }
        if let withdraw { wishes.append((.withdrawal, withdraw)) }
        guard wishes.count <= 1 else {
            throw CommandFailure(.usage, "--tick, --sign-off and --withdraw say different things: give one of them")
        }
        if signOff != nil, why == nil {
            throw CommandFailure(
                .usage, "--sign-off needs a reason", hint: "add --why TEXT, for whoever reads it later")
        }
        if let why { try Reason.check(why) }
        if wishes.isEmpty {
            guard why == nil, value.isEmpty, identity.person == nil, identity.sign == nil else {
                throw CommandFailure(
                    .usage, "--why, --value, --as and --sign belong to a word on a check",
                    hint: "add --tick CHECK or --sign-off CHECK")
            }
        }
        return wishes.first
    }
}
