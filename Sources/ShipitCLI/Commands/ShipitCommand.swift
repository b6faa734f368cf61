public import ArgumentParser
import Foundation
import ShipitCore

/// The command line: finds the command, runs it, and turns whatever it throws into words and an exit code.
public struct ShipitCommand: AsyncParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "shipit",
        abstract: "Deploys a release, watches it, and takes it back by itself when it is bad.",
        version: "shipit \(Wiring.version)",
        groupedSubcommands: [
            CommandGroup(
                name: "Deploying",
                subcommands: [
                    DeployCommand.self, CheckCommand.self, PlanCommand.self, SimulateCommand.self,
                    RehearseCommand.self, ResumeCommand.self, RollbackCommand.self, CancelCommand.self,
                    RetryCommand.self, SkipCommand.self,
                    AbandonCommand.self, ApproveCommand.self, RejectCommand.self,
                ]),
            CommandGroup(
                name: "Looking",
                subcommands: [
                    StatusCommand.self, AttachCommand.self, RunsCommand.self, LogsCommand.self, JournalCommand.self,
                    TagsCommand.self, GraphCommand.self, WhyCommand.self, ReportCommand.self, BacktestCommand.self,
                ]),
            CommandGroup(name: "By itself", subcommands: [ScheduleCommand.self, ServeCommand.self]),
            CommandGroup(
                name: "Authoring and upkeep",
                subcommands: [
                    InitCommand.self, ImportCommand.self, ValidateCommand.self, TestCommand.self, SchemaCommand.self,
                    ExplainCommand.self, PluginCommand.self, DoctorCommand.self, UnlockCommand.self, AuditCommand.self,
                    VersionCommand.self,
                ]),
        ])

    public init() {}

    /// Without a command.
    public func run() async throws {
        throw CommandFailure(.usage, "no command is given", hint: "see: shipit --help")
    }

    /// Everything from the arguments to the exit code.
    public static func runAndExit() async -> Never {
        let arguments = ArgumentOrder.commandFirst(Array(CommandLine.arguments.dropFirst()))
        Foundation.exit(await run(arguments))
    }

    static func run(_ arguments: [String]) async -> Int32 {
        do {
            let command = try parseAsRoot(arguments)
            return await TypedPlace.$words.withValue(TypedPlace.words(of: command)) { await run(command, arguments) }
        } catch {
            return answer(error, arguments, Streams())
        }
    }

    private static func run(_ parsed: any ParsableCommand, _ arguments: [String]) async -> Int32 {
        let streams = Streams()
        var command = parsed
        do {
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
            // A result that nobody can read is none. (Runs end by `RunEnd`: to them the screen is nothing.)
            if let code = OutputSink.standardOutput.failure {
                throw CommandFailure(
                    .machine, "the result cannot be written: \(String(cString: strerror(code)))",
                    hint: "is the disk full, or standard output closed?")
            }
            return 0
        } catch let end as RunEnd {
            return end.exitCode
        } catch let failure as CommandFailure {
            streams.progress(failure.text)
            return failure.exitCode
        } catch {
            return answer(error, arguments, streams)
        }
    }

    /// The parser's own errors, which include a wish for help; and what no command expected.
    private static func answer(_ error: any Error, _ arguments: [String], _ streams: Streams) -> Int32 {
        if isParsers(error) {
            if exitCode(for: error) == .success {
                streams.result(fullMessage(for: error) + "\n")
                return 0
            }
            let failure = UsageWords.failure(message(for: error), arguments, commands: commandNames)
            streams.progress(failure.text)
            return failure.exitCode
        }
        let failure = ErrorText.failure(error)
        streams.progress(failure.text)
        return failure.exitCode
    }

    /// `CommandError` and its kind are the parser's own and not public; everything else is ours.
    private static func isParsers(_ error: any Error) -> Bool {
        error is ValidationError || error is CleanExit || error is ArgumentParser.ExitCode
            || String(reflecting: type(of: error)).hasPrefix("ArgumentParser.")
    }

    /// Commands that are followed by one of their own, such as `audit verify`.
    static var groupNames: [String] {
        configuration.subcommands.filter { !$0.configuration.subcommands.isEmpty }
            .compactMap { $0.configuration.commandName }
    }

    static var commandNames: [String] {
        configuration.subcommands.compactMap { $0.configuration.commandName }
    }
}

/// A command that has said everything and ends with another code than 0.
struct RunEnd: Error {
    var exitCode: Int32

    /// For commands that drove a run: what came of it is in the journal, and that somebody could not read about it changes
    /// nothing of that.
    static func leaveRun(with code: Int32) throws(RunEnd) -> Never { throw RunEnd(exitCode: code) }

    /// Throws unless the code is 0.
    static func leave(with code: Int32) throws(RunEnd) {
        if code != 0 { throw RunEnd(exitCode: code) }
    }
}
