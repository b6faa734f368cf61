import ArgumentParser

struct SchemaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema", abstract: "Print the JSON Schema of pipeline files, for editors.",
        discussion: "shipit init and import write it to pipelines/\(EditorSchema.file), where the first line of the "
            + "pipelines they write points; a newer shipit's is put there with: shipit schema > "
            + "pipelines/\(EditorSchema.file)")

    func run() { Streams().result(EditorSchema.text) }
}
