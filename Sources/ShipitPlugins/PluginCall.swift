import Foundation
import ShipitCore
import ShipitEngine

/// One call of a plugin: the request, the command, and what it says while it runs.
struct PluginCall {
    let kind: PluginManifest.Call
    let plugin: Plugin
    let values: PluginValues
    let context: ActionContext
    let messages: MessageFile
    private let files: CallFiles
    private let request: [UInt8]

    /// How often messages are read, so that a person sees them and a plugin that says too much is ended.
    private static let beat = TimeSpan.milliseconds(100)
    /// How much of the messages for a person is kept, in bytes: the rest of a call is for the plugin's own output.
    private static let noteLimit = 4096

    init(
        _ kind: PluginManifest.Call, _ plugin: Plugin, _ action: PluginManifest.Action, _ context: ActionContext
    ) throws(ActionError) {
        self.kind = kind
        self.plugin = plugin
        self.context = context
        values = PluginValues(action: action)
        files = CallFiles(context, kind)
        let name = "plugin \"\(plugin.manifest.name)\", \(kind.rawValue)"
        if let trouble = plugin.trouble { throw .failedForGood("\(name): \(trouble)") }
        if let planned = plugin.planned, planned != plugin.signedDigest {
            let words = "\(name): it was changed while the run went on: \(plugin.change(from: planned))"
            // A way back by what is there now is better than none.
            guard kind == .undo else { throw .failedForGood(words) }
            context.services.note(words)
        }
        var request: [String: JSONText] = [
            "protocol": .integer(Int64(PluginManifest.protocolVersion)), "call": .text(kind.rawValue),
            "action": .text(action.name), "inputs": .object(try values.inputs(context)),
            "context": Self.context(context, kind), "cursor": files.cursor() ?? .null,
        ]
        let unfinished = files.outputsOfUnfinishedPerforms()
        request["outputs"] = .object(unfinished.merging(values.given(context.outputs)) { $1 })
        guard let bytes = JSONText.object(request).bytes else {
            throw .failedForGood("\(name): its request cannot be written as JSON")
        }
        self.request = bytes
        do throws(PluginFileError) {
            messages = try files.messages()
        } catch {
            throw .failedForGood("\(name): its message file \(error.reason)")
        }
    }

    private static func context(_ context: ActionContext, _ kind: PluginManifest.Call) -> JSONText {
        let release = context.release.release
        var facts: [String: JSONText] = [
            "tag": .text(release.tag), "version": .text(release.version), "commit": .text(release.commit),
        ]
        if let tree = context.release.tree { facts["tree"] = .text(tree) }
        var said: [String: JSONText] = [
            "run": .text(context.run.text), "stage": .text(context.attempt.stage.text),
            "attempt": .integer(Int64(context.attempt.number)),
            "key": .text(CommandKey(run: context.run, attempt: context.attempt).text),
            "environment": .text(context.environment), "release": .object(facts), "dryRun": .boolean(kind == .preview),
        ]
        if let notice = context.notice {
            // However often it is sent.
            said["key"] = .text(notice.key)
            said["stage"] = .text(notice.stage?.text ?? "")
            said["notice"] = notice.json(pipeline: context.pipeline)
        }
        return .object(said)
    }

    // MARK: Running

    /// Ends when the command has; its files go with it unless nobody knows how it ended.
    func run() async throws(ActionError) -> CommandEnd {
        do throws(PluginFileError) { try files.write(request: request) } catch {
            throw .stopped("the request of \(words()) cannot be written: \(error.reason)")
        }
        let follower = Task { [self] in await follow() }
        let result: Result<CommandEnd, ActionError>
        do throws(ActionError) {
            result = .success(try await context.services.command(command, step: step))
        } catch {
            result = .failure(error)
        }
        follower.cancel()
        await follower.value
        // The engine stops, and the plugin goes on: its files are read when the attempt is taken up again.
        if case .failure(.stopped(let reason)) = result { throw .stopped(reason) }
        var hasEnded = false
        if case .success(.exited) = result { hasEnded = true }
        note(messages.catchUp(isLast: hasEnded))
        files.removeRequest()
        if kind == .perform, result != .success(.exited(0)), result != .success(.unknown) { try keepOutputs() }
        if let fault = messages.gathered.fault {
            files.removeMessages()
            throw .failedForGood("\(name): \(fault.words)")
        }
        // An attempt that was interrupted leaves its cursor to the next one.
        if case .success(let end) = result, end != .unknown { files.removeMessages() }
        return try result.get()
    }

    /// Without a step it is the attempt's own command, which is what `perform` and `undo` are.
    private var step: String? { kind == .perform || kind == .undo ? nil : kind.rawValue }

    private var command: CommandRequest {
        let left = context.deadline.map { max($0 - context.services.now, .milliseconds(1)) }
        var environment = context.variables
        environment["SHIPIT_REQUEST"] = files.request
        environment["SHIPIT_MESSAGES"] = messages.path
        // Outputs of a plugin are messages.
        environment["SHIPIT_OUTPUT"] = nil
        return CommandRequest(
            argv: plugin.words + [kind.rawValue, values.action.name], environment: environment,
            directory: context.workdir, secrets: context.secretValues, timeout: left, killAfter: context.killAfter)
    }

    private func follow() async {
        while !Task.isCancelled {
            do throws(ActionError) { try await context.services.sleep(Self.beat) } catch { return }
            note(messages.catchUp())
            guard messages.gathered.fault != nil else { continue }
            // What cannot be ended now ends with the attempt; the fault stands either way.
            do throws(ActionError) { try await context.services.endCommand(step: step) } catch { return }
            return
        }
    }

    private func note(_ messages: [PluginMessage]) {
        for message in messages {
            switch message {
            case .log(let text, let level):
                let prefix = level.map { $0 == "info" ? "" : "\($0.prefix(16)): " } ?? ""
                context.services.note(prefix + String(decoding: text.utf8.prefix(Self.noteLimit), as: UTF8.self))
            case .progress(let share, let note):
                let words = note.map { " \($0.prefix(200))" } ?? ""
                context.services.note("\(Int((share * 100).rounded()))%\(words)")
            case .outputs, .cursor, .preview, .reason: break
            }
        }
    }

    // MARK: Its end

    func require(_ end: CommandEnd) throws(ActionError) {
        switch end {
        case .exited(0): return
        case .exited(78): throw .failedForGood(words("its inputs are wrong"))
        default: throw .command(end, what: words())
        }
    }

    func outputs() throws(ActionError) -> [String: String] {
        let performed = kind == .verify ? files.outputsOfPerform() : [:]
        let outputs: [String: String]
        do throws(ActionError) {
            outputs = try values.outputs(performed.merging(messages.gathered.outputs) { $1 })
        } catch {
            throw .failedForGood("\(words()): \(error.reason)")
        }
        for (name, value) in outputs where holdsSecret([value]) {
            throw .failedForGood("\(words()): its output \"\(name)\" holds the value of a secret")
        }
        return outputs
    }

    /// What a failed `perform` gave, as far as it may be kept.
    private func keepOutputs() throws(ActionError) {
        let given = messages.gathered.outputs.filter { name, value in
            do throws(ActionError) { return try !holdsSecret(values.outputs([name: value]).values) } catch {
                return false
            }
        }
        guard !given.isEmpty else { return }
        do throws(PluginFileError) { try files.keep(outputs: given) } catch {
            throw .stopped("the outputs of \(words()) cannot be kept for its undo: \(error.reason)")
        }
    }

    private func holdsSecret(_ texts: some Collection<String>) -> Bool {
        texts.contains { text in context.secretValues.contains { !$0.isEmpty && text.contains($0) } }
    }

    private var name: String { "plugin \"\(plugin.manifest.name)\", \(kind.rawValue)" }

    /// Names the plugin and the call, and gives the plugin's own reason.
    func words(_ what: String? = nil) -> String {
        let reason = messages.gathered.reason.map { " (\($0.prefix(1000)))" } ?? ""
        return name + (what.map { ": \($0)" } ?? "") + reason
    }
}
