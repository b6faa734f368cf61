public import ShipitCore
public import ShipitEngine

/// `build-image`: an image of the tag's tree, by Docker or Buildah; without either, the tree as an archive.
public struct BuildImageAction: Action {
    public init() {}

    public let description = ActionDescription(
        name: "build-image", help: "Build an image of the tag's tree.",
        inputs: [
            FieldDescription("context", .path, fallback: ".", help: "The folder to build, in the tag's tree."),
            FieldDescription("file", .path, fallback: "Dockerfile", help: "The Dockerfile, in the context."),
            FieldDescription("tag", .text, required: true, help: "The image's name."),
            FieldDescription(
                "builder", .choice(["auto", "docker", "buildah", "archive"]), fallback: "auto",
                help: "Who builds; auto takes the first of docker and buildah that answers, else makes an archive."),
            FieldDescription("no-cache", .boolean, fallback: "false", help: "Build every layer anew."),
            FieldDescription("to", .path, fallback: ".shipit/images", help: "The folder for archives."),
            FieldDescription("args", .map, help: "Build arguments, which the image may show: no secrets."),
        ], outputs: ["image", "digest", "path", "builder"], undo: .nothing)

    public func preview(_ context: ActionContext) async throws(ActionError) -> [String] {
        let plan = try BuildPlan(context)
        return plan.candidates.enumerated().map { index, builder in
            let words =
                builder == .archive
                ? plan.order.archive(to: "\(context.written(plan.folder))/\(plan.archiveName(digest: "SHA256"))")
                : plan.order.build(builder)
            return (index == 0 ? "" : "where that does not answer: ") + CommandLineText.line(words)
        }
    }

    public func perform(_ context: ActionContext) async throws(ActionError) -> [String: String] {
        let plan = try BuildPlan(context)
        let name = try await context.services.step("builder") { () async throws(ActionError) in
            try await plan.findBuilder(context).rawValue
        }
        guard let builder = ImageBuilder(rawValue: name) else { throw .stopped("no builder is called \"\(name)\"") }
        if builder == .archive { return try await ArchiveBuild(context, plan).perform() }
        try plan.mustHaveDockerfile()
        let digest = try await context.services.step("build") { () async throws(ActionError) in
            try await context.succeed(.argv(plan.order.build(builder)), step: "build")
            guard let image = try await plan.inspect(builder, context, step: "inspect") else {
                throw .failed("\(builder.rawValue) built \(plan.order.tag), and then knew no such image")
            }
            return image.digest
        }
        return plan.outputs(builder, digest: digest)
    }

    public func verify(_ context: ActionContext) async throws(ActionError) -> Verification {
        let plan = try BuildPlan(context)
        for builder in plan.candidates {
            if builder == .archive {
                guard let outputs = try await ArchiveBuild(context, plan).finished() else { return .notDone }
                return .done(outputs: outputs)
            }
            guard try await plan.answers(builder, context, step: "verify-\(builder.rawValue)") else { continue }
            let image = try await plan.inspect(builder, context, step: "verify-image")
            guard let image, image.commit == plan.order.commit else { return .notDone }
            return .done(outputs: plan.outputs(builder, digest: image.digest))
        }
        return .unknown("no container engine answers")
    }

    /// An image that nobody runs is in nobody's way.
    public func undo(_ context: ActionContext) async throws(ActionError) {}
}
