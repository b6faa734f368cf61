import ShipitCore

extension StageDecoder.Key {
    static var aboutSection: SectionDescription {
        SectionDescription(
            "stage", at: "stages.NAME",
            "A node of the DAG. It does exactly one thing: `run`, `uses` or `checks`, or it only waits, `approval` or `wait`, or tells somebody: `notify`. In its values `${{ … }}` is "
                + "substituted, except in scripts: what a shell reads is never built from values.")
    }

    static var choice: [Self] { [.run, .uses, .checks, .approval, .wait, .notify] }
    static var companions: [(key: Self, value: Self)] {
        [(.with, .uses), (.maxParallel, .forEach), (.contract, .reversible)]
    }

    var about: KeyDescription {
        switch self {
        case .needs, .condition, .forEach, .maxParallel, .on, .batches, .maxFailures: order
        case .run, .uses, .with, .checks, .env, .workdir, .approval, .wait, .notify, .approvals, .windows, .tests: work
        case .retry, .timeout, .deadline, .killAfter, .onExhausted, .onInterrupt: trouble
        case .verify, .rollback, .finally, .reversible, .contract, .changes, .leavesRunning: wayBack
        }
    }

    private var order: KeyDescription {
        switch self {
        case .needs:
            KeyDescription(
                .listOrOne(.text),
                "The stages that must have succeeded, or been skipped, before. One of a group is "
                    + "`group[item]`.", example: "needs: [build, backup]")
        case .condition:
            KeyDescription(
                .pattern("==|!=", #"a comparison, such as environment == "production""#),
                "Whether the stage is part of the run: values compared by `==` and `!=`, joined by `&&` and `||`, "
                    + "turned round by `!( … )`. It is decided while planning.",
                fallback: "always", example: #"if: environment == "production""#)
        case .forEach:
            KeyDescription(
                .list(.template),
                "Makes a stage of each item, called `stage[item]`; `${{ item }}` and `SHIPIT_ITEM` "
                    + "are the item.", example: "for-each: [community, marketplace]")
        case .maxParallel:
            KeyDescription(
                .whole(1...1_000_000), "How many items of `for-each`, or hosts of a batch, run at once.",
                fallback: "all items; 20 hosts")
        case .on:
            KeyDescription(
                .pattern(#"^hosts\.[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"#, "a group of hosts, such as hosts.web"),
                "The group of the environment's hosts on each of which the command runs, over ssh.",
                example: "on: hosts.web")
        case .batches:
            KeyDescription(
                .listOrOne(
                    .either([.whole(1...1_000_000), .pattern("^(100|[1-9][0-9]?)%$", "a batch, such as 2 or 25%")]),
                    isEmpty: false),
                "How many hosts each batch holds, as a number or a percentage of all. A batch begins when the one before is "
                    + "through; the last size is repeated for what is left.",
                fallback: "one batch of all hosts", example: "batches: [1, 25%, 100%]")
        default:
            KeyDescription(
                .whole(1...1_000_000),
                "So many failed hosts fail the stage, and nothing more begins. Fewer are borne, if any host succeeded.",
                fallback: "1", example: "max-failures: 2")
        }
    }

    private var work: KeyDescription {
        switch self {
        case .run:
            KeyDescription(
                .command,
                "A command: text for `bash -euo pipefail` (`sh -eu` where there is no bash), or a list of a "
                    + "program and its words, which no shell reads and in which `${{ … }}` is substituted.",
                example: #"run: [ops/migrate, "${{ item }}"]"#)
        case .uses: KeyDescription(.action, "An action.", example: "uses: backup/sqlite")
        case .with:
            KeyDescription(.inputs, "The inputs of the action.", example: "with: {database: var/app.db, to: backups}")
        case .checks:
            KeyDescription(.text, "A suite of `checks:`; the stage succeeds when it says GO.", example: "checks: smoke")
        case .env:
            KeyDescription(
                .mapping(.ownVariables, of: .template),
                "Environment variables for the stage's commands; secrets may be used here. Names that begin with "
                    + "`SHIPIT_` are shipit's own.",
                example: #"env: {DATABASE_URL: "${{ secrets.DATABASE_URL }}"}"#)
        case .workdir:
            KeyDescription(
                .text, "Where its commands start, from the folder that holds `pipelines/`.", fallback: "that folder")
        case .approval:
            KeyDescription(
                .either([.listOrOne(.text, isEmpty: false), .section(ApprovalsDecoder.Key.self)]),
                "Waits until these roles have signed. A rejection, or the end of the time to sign, is a failure of the "
                    + "stage.", example: "approval: {roles: [devops], expires: 2h}")
        case .wait:
            KeyDescription(
                .positiveDuration, "Waits so long from when the stage is reached; a crash does not begin it anew.",
                example: "wait: 10m")
        case .notify:
            KeyDescription(
                .section(NotifyDecoder.StageKey.self),
                "Tells somebody that the stage is reached, by the action of a plugin, and does not wait for it.",
                example: #"notify: {uses: chat-webhook, with: {url: "${{ secrets.CHAT }}", text: migrated}}"#)
        case .approvals: .later("Who signs before the stage.")
        case .windows: .later("When the stage may begin.")
        default: .later("What is to come of the stage.")
        }
    }

    private var trouble: KeyDescription {
        switch self {
        case .retry: KeyDescription(.section(RetryDecoder.Key.self), "How often a failed stage is tried again.")
        case .timeout:
            KeyDescription(.positiveDuration, "How long an attempt may take.", fallback: "1h", example: "timeout: 10m")
        case .deadline:
            KeyDescription(.positiveDuration, "How long all attempts together may take.", fallback: "no limit")
        case .killAfter:
            KeyDescription(.duration, "How long after TERM a command is killed.", fallback: "10s")
        case .onExhausted:
            KeyDescription(
                .word(["rollback", "pause"]),
                "What happens when the last attempt has failed: undo the run, or keep the place and ask a person.",
                fallback: "rollback")
        default:
            KeyDescription(
                .word(["rerun", "verify", "ask"]),
                "What happens to an attempt whose outcome nobody knows: perform it again, ask `verify`, or ask a person.",
                fallback:
                    "`ask` for `run`, `rerun` for `checks`, `verify` where there is a `verify`, else the action's own")
        }
    }

    private var wayBack: KeyDescription {
        switch self {
        case .verify:
            KeyDescription(
                .call,
                "Tells whether an interrupted stage was done: exit status 0 is done, 1 not done, and any other "
                    + "asks a person.", example: "verify: alembic current --check-heads")
        case .rollback:
            KeyDescription(
                .call, "The way back: it undoes the stage when the run fails or is rolled back.",
                fallback: "the action's own",
                example: #"rollback: {uses: restore, with: {backup: "${{ stages.backup.outputs.path }}"}}"#)
        case .finally:
            KeyDescription(
                .call, "Done when all stages are through, whatever way they end, if the stage has started.",
                example: "finally: ./ops/maintenance off")
        case .reversible:
            KeyDescription(
                .either([.yesOrNo, .word(["until-contract"])]),
                "`no` makes the stage a point of no return. `until-contract`: it can be undone until the stage that "
                    + "`contract` names has started.", fallback: "yes")
        case .contract: KeyDescription(.text, "The stage at which `reversible: until-contract` ends.")
        case .changes:
            KeyDescription(
                .yesOrNo, "Whether the stage changes anything that a rollback would have to bring back.",
                fallback: "yes; no for `checks`")
        default:
            KeyDescription(
                .yesOrNo, "Whether processes that its commands leave behind are to stay.", fallback: "no")
        }
    }
}

extension CallDecoder.Key {
    static var aboutSection: SectionDescription {
        SectionDescription(
            "call", at: "verify, rollback and finally", "What is called: a command, or an action with its inputs.")
    }

    static var choice: [Self] { [.run, .uses] }
    static var companions: [(key: Self, value: Self)] { [(.with, .uses)] }

    var about: KeyDescription {
        switch self {
        case .run: KeyDescription(.command, "A command, as text for the shell or as a list of a program and its words.")
        case .uses: KeyDescription(.action, "An action.")
        case .with: KeyDescription(.inputs, "The inputs of the action.")
        }
    }
}

extension RetryDecoder.Key {
    static var aboutSection: SectionDescription {
        SectionDescription(
            "retry", at: "retry", "How often a failed stage is tried again. What is not written comes from `defaults`.")
    }

    var about: KeyDescription {
        switch self {
        case .attempts:
            KeyDescription(.whole(1...1_000_000), "How many attempts in all; the first one counts.", fallback: "1")
        case .delay: KeyDescription(.duration, "The wait before the second attempt.", fallback: "1s")
        case .backoff:
            KeyDescription(
                .number(in: 1...1000), "What each wait is times the one before, from 1 to 1000.", fallback: "1")
        case .maxDelay: KeyDescription(.duration, "The longest wait.", fallback: "no limit")
        case .jitter:
            KeyDescription(.share, "The share by which each wait is lengthened or shortened by chance.", fallback: "0%")
        case .on:
            KeyDescription(
                .listOrOne(
                    .pattern(
                        "^(any|timeout|exit +([1-9]|[1-9][0-9]|1[0-9][0-9]|2[0-4][0-9]|25[0-5]))$",
                        "any, timeout or exit N (1 to 255)"), isEmpty: false),
                "Which failures are worth another try: `any`, `timeout`, `exit N`.", fallback: "any",
                example: "on: [timeout, exit 75]")
        }
    }
}

extension DefaultsDecoder.Key {
    static var aboutSection: SectionDescription {
        SectionDescription("defaults", at: "defaults", "What stages share unless they say otherwise.")
    }

    var about: KeyDescription {
        switch self {
        case .timeout: StageDecoder.Key.timeout.about
        case .deadline: StageDecoder.Key.deadline.about
        case .retry: StageDecoder.Key.retry.about
        case .killAfter: StageDecoder.Key.killAfter.about
        case .onInterrupt: StageDecoder.Key.onInterrupt.about
        case .onExhausted: StageDecoder.Key.onExhausted.about
        case .passEnv:
            KeyDescription(
                .listOrOne(.pattern("^[A-Za-z_][A-Za-z0-9_]{0,255}$", "the name of an environment variable")),
                "Variables of the caller that commands get, beside PATH, HOME, USER, SHELL, LANG, LC_*, TZ, TMPDIR and "
                    + "SSH_AUTH_SOCK.", fallback: "none", example: "pass-env: [KUBECONFIG]")
        }
    }
}
