import ShipitCore

extension PipelineDecoder.Key {
    static var aboutSection: SectionDescription {
        SectionDescription(
            "pipeline", at: "the top of the file",
            "A pipeline is one file below `pipelines/`. Keys that begin with `x-` are the author's own and are not looked "
                + "at: a home for anchors.")
    }

    static var required: [Self] { [.shipit] }
    // What is included may have the stages.
    static var alternatives: [Self] { [.stages, .include] }

    var about: KeyDescription {
        switch self {
        case .shipit:
            KeyDescription(
                .word([PipelineDecoder.version]), "The version of the language that the file is written in.",
                example: "shipit: 1")
        case .name:
            KeyDescription(.text, "What the pipeline is called.", fallback: "the file's name", example: "name: deploy")
        case .description: KeyDescription(.anyText, "What it is for, in a sentence.")
        case .release:
            KeyDescription(
                .section(ReleaseDecoder.Key.self), "Where releases come from, and what a tag must prove to be released."
            )
        case .defaults:
            KeyDescription(.section(DefaultsDecoder.Key.self), "What stages share unless they say otherwise.")
        case .environments:
            KeyDescription(
                .mapping(.names, of: .orNothing(.section(EnvironmentDecoder.Key.self))),
                "Where releases are deployed to, by name. Without any there is one, called default.",
                example: "environments: {staging: {}, production: {vars: {replicas: 4}}}")
        case .secrets:
            KeyDescription(
                .mapping(.variables, of: .section(SecretDecoder.Key.self)),
                "Where secrets are read from, by name, when a run starts, is resumed or rolled back. Their values are "
                    + "never in the journal, a log, a report or a process list.",
                example: "secrets: {DATABASE_URL: {env: DATABASE_URL}}")
        case .stages:
            KeyDescription(
                .mapping(.names, of: .section(StageDecoder.Key.self), isEmpty: false),
                "What is done: the nodes of the DAG, by name. A stage with no needs may start at once.",
                example: "stages: {build: {run: make}}")
        case .checks:
            KeyDescription(
                .mapping(.names, of: .list(.check)),
                "Suites of checks, by name. A stage performs one with `checks:`.",
                example: #"checks: {smoke: [{http: "http://127.0.0.1:8080/health"}]}"#)
        case .monitor:
            KeyDescription(
                .section(MonitorDecoder.Key.self),
                "What is watched while the release is young, and when it is rolled back.")
        case .people:
            KeyDescription(
                .mapping(.names, of: .orNothing(.section(PeopleDecoder.Key.self))),
                "Who may sign, and how we know it is they, by name.", example: "people: {ana: {os-user: ana}}")
        case .roles:
            KeyDescription(
                .mapping(.names, of: .section(RoleDecoder.Key.self)), "Who signs for what, by name.",
                example: "roles: {technical: {people: [ana, ben], quorum: 1}}")
        case .notify:
            KeyDescription(
                .list(.section(NotifyDecoder.Key.self), isEmpty: true), "Who is told of what.",
                example:
                    #"notify: [{on: failed, uses: chat-webhook, with: {url: "${{ secrets.CHAT }}", text: failed}}]"#)
        case .tests:
            KeyDescription(
                .list(.section(TestDecoder.Key.self), isEmpty: true),
                "What is to come of given results: `shipit test` plays each on the real core with a virtual clock, and "
                    + "executes nothing.")
        case .schedule:
            KeyDescription(
                .list(.section(ScheduleDecoder.Key.self), isEmpty: true),
                "Runs that begin by themselves, while `shipit serve` looks at the clock.",
                example: #"schedule: [{cron: "0 2 * * *", zone: UTC, environment: staging, dry-run: true}]"#)
        case .include:
            KeyDescription(
                .listOrOne(.text),
                "Other files that hold parts of the pipeline, by their paths from the pipeline's folder. What they hold is "
                    + "put together by section; nothing may be defined twice.",
                example: "include: [common/checks.yaml, common/people.yaml]")
        }
    }
}

extension ReleaseDecoder.Key {
    static var aboutSection: SectionDescription {
        SectionDescription("release", at: "release", "Where releases come from, and what a tag must prove.")
    }

    var about: KeyDescription {
        switch self {
        case .repository:
            KeyDescription(
                .text, "A path from the pipeline's folder, or a URL, which is mirrored below the state folder.",
                fallback: ".")
        case .tags:
            KeyDescription(.text, "Which tags may be released: a pattern with `*` and `?`.", fallback: "`*`")
        case .require:
            KeyDescription(
                .listOrOne(
                    .either([.word(ReleaseDecoder.bareNames), .section(ReleaseDecoder.Requirement.self)])),
                "What must be proved before a tag is released; each is refused with its own reason. `annotated-tag`, "
                    + "`signed-tag` (the tag's own signature is verified), `clean-tree`, `head-at-tag`, or one of the "
                    + "requirements with a value.",
                example: "require: [annotated-tag, version-file: VERSION]")
        }
    }
}

extension ReleaseDecoder.Requirement {
    static var aboutSection: SectionDescription {
        SectionDescription("requirement", at: "release.require", "A requirement with its value: exactly one of these.")
    }

    static var choice: [Self] { allCases }

    var about: KeyDescription {
        switch self {
        case .versionFile:
            KeyDescription(.text, "A file whose content at the tag is the version.", example: "version-file: VERSION")
        case .reachableFrom:
            KeyDescription(.text, "A branch that holds the tag's commit.", example: "reachable-from: main")
        case .pushedTo:
            KeyDescription(.text, "A remote that has the same tag.", example: "pushed-to: origin")
        }
    }
}

extension EnvironmentDecoder.Key {
    static var aboutSection: SectionDescription {
        SectionDescription("environment", at: "environments.NAME", "One place that releases are deployed to.")
    }

    var about: KeyDescription {
        switch self {
        case .vars:
            KeyDescription(
                .mapping(.vars, of: .value),
                "Values that differ between environments: `${{ vars.NAME }}`, and `SHIPIT_VAR_NAME` in scripts (dashes "
                    + "become underscores).",
                example: "vars: {replicas: 2, base-port: 8100}")
        case .approvals:
            KeyDescription(
                .either([.listOrOne(.text, isEmpty: false), .section(ApprovalsDecoder.Key.self)]),
                "Which roles sign before the first stage that changes anything.",
                example: "approvals: [technical, devops]")
        case .promote:
            KeyDescription(
                .section(PromotionDecoder.Key.self),
                "Which environment this very commit must have succeeded in before.",
                example: "promote: {from: staging, within: 7d}")
        case .rehearsed:
            KeyDescription(
                .section(RehearsedDecoder.Key.self),
                "How long ago a rollback must have been rehearsed, by `shipit rehearse`: in the environment that releases are "
                    + "promoted from, otherwise in any other that is not production.",
                example: "rehearsed: {within: 30d}")
        case .windows:
            KeyDescription(
                .section(WindowsDecoder.Key.self), "When a deployment may begin.",
                example: #"windows: {zone: Europe/Athens, allow: ["Tue-Thu 02:00-06:00"]}"#)
        case .hosts:
            KeyDescription(
                .mapping(.names, of: .list(.section(HostsDecoder.Key.self), isEmpty: false)),
                "The machines of the environment, in groups that stages name by `on: hosts.GROUP`.",
                example: "hosts: {web: [{ssh: deploy@10.0.0.11}]}")
        case .sshConfig:
            KeyDescription(
                .text, "A configuration for ssh, from the folder that holds `pipelines/`.", fallback: "the user's own",
                example: "ssh-config: ops/ssh_config")
        }
    }
}

extension HostsDecoder.Key {
    static var aboutSection: SectionDescription {
        SectionDescription("host", at: "environments.NAME.hosts.GROUP", "One machine that is reached over ssh.")
    }

    static var required: [Self] { [.ssh] }

    var about: KeyDescription {
        switch self {
        case .ssh:
            KeyDescription(
                .pattern(
                    #"^([A-Za-z0-9._@+][A-Za-z0-9._@+-]*@)?([A-Za-z0-9][A-Za-z0-9._-]*|\[[A-Za-z0-9:.%_-]+\])"#
                        + "(:[1-9][0-9]{0,4})?$", "a host, such as deploy@10.0.0.11"),
                "`HOST`, `USER@HOST` or `USER@HOST:PORT`, an IPv6 address in brackets; a name that the ssh configuration "
                    + "explains is a host, too.",
                example: "ssh: deploy@10.0.0.11")
        case .name:
            KeyDescription(
                .pattern(#"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"#, "a name, such as web-1"),
                "What people, logs and `SHIPIT_HOST` call it.", fallback: "the host without its user",
                example: "name: web-1")
        }
    }
}

extension PromotionDecoder.Key {
    static var aboutSection: SectionDescription {
        SectionDescription(
            "promote", at: "environments.NAME.promote", "Where a commit must have succeeded before it is released here."
        )
    }

    static var required: [Self] { allCases }

    var about: KeyDescription {
        switch self {
        case .from: KeyDescription(.text, "The environment in which it succeeded.")
        case .within: KeyDescription(.positiveDuration, "How long ago at most.")
        }
    }
}

extension RehearsedDecoder.Key {
    static var aboutSection: SectionDescription {
        SectionDescription(
            "rehearsed", at: "environments.NAME.rehearsed", "That the way back must have been tried before a release.")
    }

    static var required: [Self] { allCases }

    var about: KeyDescription {
        switch self {
        case .within: KeyDescription(.positiveDuration, "How long ago at most.")
        }
    }
}

extension SecretDecoder.Key {
    static var aboutSection: SectionDescription {
        SectionDescription("secret", at: "secrets.NAME", "Where a secret is read from: exactly one of these.")
    }

    static var choice: [Self] { allCases }

    var about: KeyDescription {
        switch self {
        case .env:
            KeyDescription(
                .pattern("^[A-Za-z_][A-Za-z0-9_]{0,255}$", "the name of an environment variable"),
                "An environment variable of the caller.", example: "env: DATABASE_URL")
        case .file:
            KeyDescription(.text, "A file; its last line break is left out.", example: "file: /run/secrets/chat")
        case .command:
            KeyDescription(
                .list(.text), "A program and its words, which prints the secret.",
                example: "command: [pass, show, deploy/token]")
        }
    }
}
