import ShipitCore
import ShipitEngine

/// The inputs of `build-image`, read and checked.
struct BuildPlan: Sendable {
    var order: ImageOrder
    /// Who may build, best first.
    var candidates: [ImageBuilder]
    /// Where archives go; absolute.
    var folder: String

    init(_ context: ActionContext) throws(ActionError) {
        guard let tree = context.release.tree else { throw .failedForGood("the tag's tree was not exported") }
        let inputs = context.inputs
        let source = try Self.inside(tree, try inputs.text("context") ?? ".", input: "context")
        let tag = try inputs.requiredText("tag")
        // What docker and buildah take for a name, so that it can be no option and no path either.
        guard tag.wholeMatch(of: /[A-Za-z0-9][A-Za-z0-9._\/:@-]{0,254}/) != nil else {
            throw .badInput("tag", "\"\(tag)\" is not the name of an image")
        }
        order = ImageOrder(
            context: source, file: try Self.inside(source, try inputs.text("file") ?? "Dockerfile", input: "file"),
            tag: tag, noCache: try inputs.boolean("no-cache") ?? false, arguments: try Self.arguments(inputs),
            version: context.release.release.version, commit: context.release.release.commit)
        folder = context.absolute(try inputs.text("to") ?? ".shipit/images")
        let wanted = try inputs.text("builder") ?? "auto"
        if wanted == "auto" {
            candidates = ImageBuilder.allCases
        } else {
            guard let builder = ImageBuilder(rawValue: wanted) else {
                throw .badInput("builder", "\"\(wanted)\" is none of auto, docker, buildah, archive")
            }
            candidates = [builder]
        }
        if candidates == [.archive], !order.arguments.isEmpty {
            throw .badInput("args", "mean nothing to an archive: it is not built")
        }
    }

    func mustHaveDockerfile() throws(ActionError) {
        guard Disk.kind(order.file) == .file else { throw .failedForGood("there is no \(order.file)") }
    }

    // MARK: Asking container engines

    /// The first candidate that answers. Which one is a durable step of the action, so that a re-entered attempt does not
    /// change its mind.
    func findBuilder(_ context: ActionContext) async throws(ActionError) -> ImageBuilder {
        guard Disk.kind(order.context) == .folder else {
            throw .failedForGood("the tag's tree has no folder \(context.written(order.context))")
        }
        for builder in candidates where try await answers(builder, context, step: "builder/\(builder.rawValue)") {
            if builder == .archive, !order.arguments.isEmpty {
                throw .failed("no container engine answers, and `args` mean nothing to an archive")
            }
            return builder
        }
        let names = candidates.map(\.rawValue).joined(separator: " and ")
        throw .failed("\(names) cannot build here: the engine does not answer")
    }

    func answers(_ builder: ImageBuilder, _ context: ActionContext, step: String) async throws(ActionError) -> Bool {
        guard let words = builder.presence else { return true }
        let end = try await context.services.command(context.request(words, timeout: .seconds(10)), step: step)
        // Not the same as no: an archive must not take the place of an image because a machine was restarted.
        if end == .unknown { throw .command(end, what: CommandLineText.line(words)) }
        return end == .exited(0)
    }

    /// `nil` when there is no such image.
    func inspect(
        _ builder: ImageBuilder, _ context: ActionContext, step: String
    ) async throws(ActionError) -> InspectedImage? {
        guard try await context.services.command(context.request(order.inspect(builder)), step: step) == .exited(0)
        else {
            return nil
        }
        return InspectedImage(try await context.services.output(step: step, limit: 4096).standardOutput)
    }

    func outputs(_ builder: ImageBuilder, digest: String) -> [String: String] {
        ["image": order.tag, "digest": digest, "builder": builder.rawValue]
    }

    /// `sms-app-1.15.2-0123456789abcdef.tar`.
    func archiveName(digest: String) -> String { "\(fileNamePart(order.tag, limit: 120))-\(digest.prefix(16)).tar" }

    // MARK: Inputs

    /// A path that cannot leave the folder it is meant to be in.
    private static func inside(_ folder: String, _ path: String, input: String) throws(ActionError) -> String {
        let words = path.split(separator: "/").filter { $0 != "." }
        guard !path.hasPrefix("/"), !words.contains("..") else {
            throw .badInput(input, "must be a path inside the tag's tree, not \"\(path)\"")
        }
        return words.isEmpty ? folder : folder + "/" + words.joined(separator: "/")
    }

    private static func arguments(_ inputs: ActionInputs) throws(ActionError) -> [String: String] {
        guard let value = try inputs.value("args") else { return [:] }
        guard let map = value.map else { throw .badInput("args", "must be a map") }
        var arguments: [String: String] = [:]
        for (name, value) in map {
            guard let text = value.text else { throw .badInput("args", "has a \(name) that is not one value") }
            arguments[name] = text
        }
        return arguments
    }
}
