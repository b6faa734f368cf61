import ArgumentParser

struct SchemaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema", abstract: "Print the JSON Schema of pipeline files, for editors.",
        discussion: "shipit init and import write it to pipelines/\(EditorSchema.file), where the first line of the "
            + "pipelines they write points; a newer shipit's is put there with: shipit schema > "
            + "pipelines/\(EditorSchema.file)")

    @OptionGroup var place: PlaceOptions

    func run() throws {
        // Without a project, what every project may use.
        Streams().result(EditorSchema.text(ofProject: try? place.place().project().root))
    }
}
