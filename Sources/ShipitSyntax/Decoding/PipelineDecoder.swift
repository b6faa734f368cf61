import ShipitCore

/// Tree → draft: the top of the file, and which decoder reads which section.
struct PipelineDecoder {
    let reading: Reading
    /// False where a file that is included could not be read: what is missing may be there.
    let isWhole: Bool

    enum Key: String, SectionKey {
        case shipit, name, description, release, defaults, environments, secrets, stages, checks, monitor
        case people, roles, notify, tests, schedule, include
    }

    /// The language version this reader speaks.
    static let version = "1"

    /// `nil` when the file is not one of this language version: then nothing else in it can be judged.
    func decode(_ root: Node) -> Draft? {
        guard let entries = reading.mapping(root, "a pipeline") else { return nil }
        let own = entries.filter { !$0.key.hasPrefix("x-") }
        let fields = reading.fields(own, place: root.place, Key.self, of: "the pipeline")
        guard isRightVersion(fields, root, own) else { return nil }

        var draft = Draft()
        draft.name = fields[.name].flatMap { reading.literal($0, "\"name\"") }
        draft.description = fields[.description].flatMap { reading.text($0, "\"description\"") }
        draft.release = fields[.release].flatMap { ReleaseDecoder(reading: reading).release($0) }
        draft.environments = fields[.environments].map { EnvironmentDecoder(reading: reading).environments($0) } ?? []
        draft.people = fields[.people].map { PeopleDecoder(reading: reading).people($0) } ?? []
        draft.roles = fields[.roles].map { RoleDecoder(reading: reading).roles($0) } ?? []
        if let secrets = fields[.secrets] {
            (draft.secrets, draft.secretNames) = SecretDecoder(reading: reading).secrets(secrets)
        }
        let defaults = fields[.defaults].map { DefaultsDecoder(reading: reading).defaults($0) } ?? StageDefaults()
        draft.passEnv = defaults.passEnv
        draft.suites = fields[.checks].map { CheckDecoder(reading: reading).suites($0) } ?? []
        draft.monitor = fields[.monitor].flatMap {
            MonitorDecoder(reading: reading).monitor($0, fields.keyPlace(.monitor)!)
        }
        draft.notify = fields[.notify].map { NotifyDecoder(reading: reading).entries($0) } ?? []
        draft.tests = fields[.tests].map { TestDecoder(reading: reading).tests($0) } ?? []
        draft.schedule = fields[.schedule].map { ScheduleDecoder(reading: reading).entries($0) } ?? []
        if let stages = fields[.stages] {
            draft.stages = StageDecoder(reading: reading, defaults: defaults).stages(stages)
        } else if isWhole, !own.contains(where: { $0.key == "stages" }), !reading.isMisspelt(Key.stages, in: own) {
            reading.error(
                "missing-key", "the pipeline has no stages", at: start(root),
                hint: "add stages: with at least one stage")
        }
        return draft
    }

    private func isRightVersion(_ fields: Fields<Key>, _ root: Node, _ entries: [Entry]) -> Bool {
        guard let node = fields[.shipit] else {
            if !entries.contains(where: { $0.key == "shipit" }) {
                reading.error(
                    "missing-key", "the pipeline does not say its language version", at: start(root),
                    hint: "begin the file with shipit: \(Self.version)")
            }
            return true
        }
        guard let version = reading.text(node, "\"shipit\"", "a version") else { return true }
        guard version == Self.version else {
            reading.error(
                "unsupported-version",
                "this shipit reads version \(Self.version) of the language, and the file says \"\(version)\"",
                at: node.place, hint: "write shipit: \(Self.version), or use a shipit that knows \"\(version)\"")
            return false
        }
        return true
    }

    /// For what is missing: the first key of the file.
    private func start(_ root: Node) -> Place { Place(line: root.place.line, column: root.place.column, length: 0) }
}
