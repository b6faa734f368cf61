import ArgumentParser
import ShipitCore
import ShipitEngine

struct ApproveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "approve", abstract: "Sign off a run that waits for people, for one role.",
        discussion: "The sign-off is bound to the run's plan: see what it is with shipit status RUN.")

    @OptionGroup var place: PlaceOptions
    @OptionGroup var target: TargetOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var identity: IdentityOptions

    @Argument(help: RunArgument.help)
    var runName: String

    @Argument(help: ArgumentHelp("The role that signs.", valueName: "role"))
    var role: String

    func run() async throws {
        let desk = try SignOffDesk(place, target, run: runName, form: output.output)
        try await desk.take(try desk.signOff(.approve, role: role, identity)) { .approve($0) }
    }
}

struct RejectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reject", abstract: "Refuse a run that waits for people: it ends, and what it has done is undone.")

    @OptionGroup var place: PlaceOptions
    @OptionGroup var target: TargetOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var identity: IdentityOptions

    @Option(help: ArgumentHelp("Why, for the journal and for who started the run.", valueName: "text"))
    var why: String

    @Argument(help: RunArgument.help)
    var runName: String

    @Argument(help: ArgumentHelp("The role that refuses.", valueName: "role"))
    var role: String

    func run() async throws {
        try Reason.check(why)
        let desk = try SignOffDesk(place, target, run: runName, form: output.output)
        try await desk.take(try desk.signOff(.reject, role: role, identity)) { .reject($0, why: why) }
    }
}

/// Who signs, and with what.
struct IdentityOptions: ParsableArguments {
    @Option(name: .customLong("as"), help: ArgumentHelp("Who signs; default: whoever you are.", valueName: "person"))
    var person: String?

    @Option(
        help: ArgumentHelp("The private key (or its .pub, with an agent) of a person with ssh-key.", valueName: "key"))
    var sign: String?

    @Option(
        help: ArgumentHelp("The stage that waits for the role, where several do.", valueName: "name"))
    var stage: String?
}
