extension Explanation {
    public static let chapters: [ExplanationChapter] = [
        ExplanationChapter(
            title: "The file",
            explanations: [
                .error(
                    "alias-cycle", "an alias stands within the value it stands for",
                    "write the value out"),
                .error(
                    "bad-include", "a path of `include:` leads out of the pipeline's folder, or nowhere",
                    "write it from the pipeline's folder, such as `common/checks.yaml`"),
                .error(
                    "bad-key", "a key is a list, a mapping or empty",
                    "use text as a key"),
                .error(
                    "bad-merge", "`<<` is given something that is no mapping",
                    "merge a mapping, or a list of mappings"),
                .error(
                    "defined-twice", "two files define the same; both places are named",
                    "rename or remove one of them"),
                .error(
                    "duplicate-key", "a key stands twice in one mapping; both lines are named",
                    "remove one of them"),
                .error(
                    "empty-file", "there is nothing in the file",
                    "begin with `shipit: 1`"),
                .error(
                    "file-too-large", "the file has more than 8 MiB",
                    "split the pipeline"),
                .error(
                    "hidden-character",
                    "a control character, NUL, or a character that turns the reading direction: reviewers would see another file than shipit reads",
                    "remove it"),
                .error(
                    "include-cycle", "a file includes itself, directly or by others",
                    "remove one of these includes"),
                .error(
                    "invalid-utf8", "the file is not UTF-8",
                    "save it as UTF-8"),
                .error(
                    "second-document", "`---` begins a second document",
                    "one file, one pipeline"),
                .error(
                    "tag", "a YAML tag such as `!shell`; types come from the language",
                    "remove it"),
                .error(
                    "too-deep", "lists and mappings are nested more than 64 levels deep",
                    "flatten them"),
                .error(
                    "too-many-aliases",
                    "aliases make the file more than ten times (and 50,000 values) larger than it is written",
                    "use fewer"),
                .error(
                    "too-many-includes",
                    "files are included more than 8 levels deep, more than 100 of them, or of more than 8 MiB",
                    "put some of them together"),
                .error(
                    "too-many-nodes", "more than a million values",
                    "split the pipeline"),
                .error(
                    "unknown-alias", "`*name` without `&name` before it",
                    "define the anchor first"),
                .error(
                    "unreadable-include", "a file that is included is not there, is no file, or is reached by a link",
                    "see the message"),
                .error(
                    "yaml-syntax", "the file is not YAML",
                    "see the place; most often indentation, or text that needs quotes"),
            ]),
        ExplanationChapter(
            title: "Keys and values",
            explanations: [
                .error(
                    "bad-blocks",
                    "`blocks:` is the second, harder limit of one condition of its check, and it is not clear of which",
                    "give the check the plain condition, and write `blocks: {FIELD: \"OP VALUE\"}` where it has several"
                ),
                .error(
                    "bad-boolean", "neither `yes`, `no`, `true` nor `false`",
                    "write one of them"),
                .error(
                    "bad-condition", "a condition of a check (`< 100ms`) or of `if:` cannot be read",
                    "see the hint"),
                .error(
                    "bad-cron", "`cron:` is no cron expression, or one that never runs",
                    "five fields: minute, hour, day of the month, month, day of the week; `0 2 * * *` is every day at 02:00"
                ),
                .error(
                    "bad-day", "something that should be a day is none",
                    "write it as `2026-12-31`"),
                .error(
                    "bad-name", "a name has characters that names may not have",
                    "letters, digits, `.`, `-`, `_`; at most 64"),
                .error(
                    "bad-number", "no number, or one outside its range",
                    "see the message"),
                .error(
                    "bad-quantity", "no number with a unit, or one that makes no sense here",
                    "such as `500ms`, `1h30m`, `50MB`, `5%`"),
                .error(
                    "bad-ssh-key", "`ssh-key:` is no public key",
                    "the line of the `.pub` file: `ssh-ed25519 AAAA…`"),
                .error(
                    "bad-url", "no URL",
                    "write it with its scheme, `http://…`"),
                .error(
                    "bad-window", "an item of `allow:` or `deny:` is no window",
                    "`Tue-Thu 02:00-06:00`, `Fri 23:00-03:00`, `Sat 22:00-Mon 04:00`, `02:00-06:00`, `Sat-Sun`; under `deny:` dates, too"
                ),
                .error(
                    "conflicting-keys", "two keys that exclude one another",
                    "keep one"),
                .error(
                    "duplicate-name",
                    "two checks of a suite, two items of `for-each`, or two of `schedule:` have one name",
                    "rename one"),
                .error(
                    "empty-value", "a key, list or text that must say something says nothing",
                    "give it a value or remove the key"),
                .error(
                    "misplaced-key", "a key that has no meaning here, such as `max-parallel` without `for-each`",
                    "move or remove it"),
                .error(
                    "missing-key", "a key that must be there is not",
                    "add it"),
                .error(
                    "missing-unit", "a bare number where a unit is needed",
                    "write the unit"),
                .error(
                    "never-open", "what `deny:` closes every week covers all that `allow:` opens",
                    "let one of them leave a time"),
                .warning(
                    "not-enforced",
                    "part of the language that this version of shipit understands and does not act on. `deploy` refuses the pipeline (2): what is written is never accepted and ignored",
                    "remove it, or use a later version"),
                .error(
                    "nowhere-to-rehearse",
                    "`rehearsed:` asks for a rehearsal, and every other environment is production, is signed for or wants one itself",
                    "declare an environment in which a rollback may be tried, such as staging"),
                .error(
                    "password-in-url", "the URL of `release.repository` holds a password",
                    "leave it out: git asks a credential helper, or use ssh"),
                .error(
                    "promotion-circle",
                    "environments are promoted to from one another, so nothing could ever be deployed",
                    "let releases come in somewhere"),
                .error(
                    "reserved-name", "an `env:` name that begins with `SHIPIT_`",
                    "choose another"),
                .error(
                    "unknown-key", "a key that the language does not have",
                    "see the suggestion"),
                .error(
                    "unknown-unit", "a unit that does not exist",
                    "`ms s m h d`, `B KB MB GB TB KiB MiB GiB TiB`, `%`"),
                .error(
                    "unknown-word", "a word that is not among the choices",
                    "see the suggestion"),
                .error(
                    "unknown-zone", "no time zone that this machine knows",
                    "`UTC`, or an IANA name such as `Europe/Athens`"),
                .error(
                    "unsupported-version", "the file is written in another version of the language",
                    "use a shipit that reads it"),
                .error(
                    "wrong-type", "a list, mapping or text where another of them is needed",
                    "see the message"),
                .error(
                    "wrong-unit", "a size where a time is needed, and the like",
                    "see the hint"),
            ]),
        ExplanationChapter(
            title: "People",
            explanations: [
                .warning(
                    "claimed-person",
                    "a person whose sign-off is needed is known by name alone, so anybody may claim to be them",
                    #"`{os-user: NAME}` or `{ssh-key: "…"}`"#),
                .error(
                    "impossible-quorum", "a role needs more signatures than it has people",
                    "lower the quorum, or add people"),
                .error(
                    "root-person", "`os-user: root`: whoever may become root could sign",
                    "name the user that the person logs in as"),
                .error(
                    "same-person", "two people have one user or one key, so one of them could sign twice",
                    "one name a person"),
                .error(
                    "unknown-person", "a role names somebody who is not among `people:`",
                    "see the suggestion"),
                .error(
                    "unknown-role", "`approvals:` names a role that is not among `roles:`",
                    "see the suggestion"),
            ]),
        ExplanationChapter(
            title: "Stages",
            explanations: [
                .error(
                    "ambiguous-item", "the name of a `for-each` group where one of its stages is meant",
                    "write `group[item]`"),
                .warning(
                    "cannot-verify", "`on-interrupt: verify`, and no `verify:` to do it with",
                    "add `verify:`"),
                .error(
                    "cycle", "stages (or checks) need one another in a circle; the circle is shown",
                    "remove one of the needs"),
                .warning(
                    "duplicate-need", "a need stands twice",
                    "remove one"),
                .warning(
                    "migration-without-backup", "a stage migrates, and none of the stages that it needs makes a backup",
                    "let it need one that does"),
                .error(
                    "missing-input", "an action lacks an input that it needs",
                    "add it under `with:`"),
                .warning(
                    "restart-without-way-back", "a `rolling-restart` that nothing can undo",
                    "give it a `rollback:`"),
                .warning(
                    "rollback-never-called",
                    "a stage that is `reversible: no` has a `rollback:`, which is never called",
                    "remove one of them"),
                .error(
                    "self-need", "a stage needs itself",
                    "remove it"),
                .error(
                    "stage-kind", "a stage has none or several of `run`, `uses` and `checks`",
                    "give it exactly one"),
                .error(
                    "not-a-plugin", "`notify:` names an action that is built in: only plugins tell somebody something",
                    "name the action of a plugin"),
                .error(
                    "unknown-action", "`uses:` names an action that does not exist",
                    "see the suggestion"),
                .error(
                    "unknown-input", "an action has no such input",
                    "see the suggestion"),
                .error(
                    "unknown-stage",
                    "a need, a contract, `from:`, an output or a test names a stage that does not exist",
                    "see the suggestion"),
                .error(
                    "unknown-suite", "a stage runs a suite that is not under `checks:`",
                    "see the suggestion"),
            ]),
        ExplanationChapter(
            title: "Hosts",
            explanations: [
                .error(
                    "bad-batch", "a batch that is neither a number of hosts nor a percentage",
                    "write it as in `[1, 25%, 100%]`"),
                .error(
                    "bad-host", "`ssh:` is given something that is no host, or that ssh would take for an option",
                    "write `HOST`, `USER@HOST` or `USER@HOST:PORT`, an IPv6 address in brackets"),
                .error(
                    "duplicate-host", "a group names a machine twice, or two machines alike",
                    "remove one of them, or give each a `name:`"),
                .error(
                    "missing-hosts", "a stage runs on a group of hosts that one of the environments lacks",
                    "define the group there, or leave the stage out there by its `if:`"),
                .error(
                    "unknown-hosts", "a stage runs on a group of hosts that no environment has",
                    "see the suggestion"),
            ]),
        ExplanationChapter(
            title: "References",
            explanations: [
                .error(
                    "bad-reference", "`${{ … }}` that is not closed, or that holds something nobody knows",
                    "see the hint"),
                .error(
                    "output-not-upstream",
                    "a stage uses an output of a stage that it does not need, directly or further up",
                    "add the need"),
                .error(
                    "reference-in-script",
                    "`${{ … }}` within a shell script: scripts are never built from values, so that no value can become a command",
                    "pass it by `env:`, or write the command as a list"),
                .error(
                    "reference-not-allowed",
                    "`${{ … }}` where nothing is substituted, or where this value is not known",
                    "see the message"),
                .error(
                    "secret-not-allowed", "a secret outside `env:`, http headers and inputs that are marked secret",
                    "pass it by `env:`"),
                .warning(
                    "skipped-output", "an output of a stage that `if:` may skip",
                    #"give a default: `${{ … || "none" }}`"#),
                .error(
                    "unknown-output", "the action of that stage gives no such output",
                    "see the suggestion"),
                .error(
                    "unknown-secret", "a secret that is not declared under `secrets:`",
                    "declare it"),
                .error(
                    "unknown-variable", "a variable that an environment does not have; the environment is named",
                    "define it there, or give a default"),
            ]),
        ExplanationChapter(
            title: "Checks and the monitor",
            explanations: [
                .error(
                    "bad-rule", "a rule that cannot be read",
                    "`SOURCE.METRIC OP VALUE [for DURATION]`, or `SOURCE fails N times`"),
                .error(
                    "missing-field", "a check lacks a field that its probe needs",
                    "add it"),
                .warning(
                    "monitor-without-rules", "the monitor samples, and judges nothing",
                    "add `rollback-when:`"),
                .warning(
                    "monitor-without-way-back",
                    "a breach would bring nothing back, for no stage that changes things has a way back",
                    "give them a `rollback:`"),
                .error(
                    "no-baseline", "a rule or a control is compared with the baseline, and none is taken",
                    "add `baseline: 2m`"),
                .error(
                    "not-a-source", "a probe that the monitor cannot sample",
                    "use one that it can"),
                .warning(
                    "rollback-verify-of-new-release",
                    "the suite of `rollback-verify:` asks for the new release, which is gone after a rollback",
                    "ask for `target.version`, or name another suite"),
                .error(
                    "short-baseline",
                    "the time of `baseline:` holds fewer samples than a rule needs: every run would be refused",
                    "take it for longer, sample more often, or lower `min-samples`"),
                .error(
                    "unknown-check", "`depends-on` names a check that the suite does not have",
                    "see the suggestion"),
                .error(
                    "unknown-metric", "a metric that does not exist",
                    "`error-rate`, `p50` … `p99`, `mean`, `value`; of a log `count` and `rate`"),
                .error(
                    "unknown-source", "a rule or a test names a source that is not under `sources:`",
                    "see the suggestion"),
            ]),
        ExplanationChapter(
            title: "Tests",
            explanations: [
                .error(
                    "ambiguous-name", "a test gives something to a name that is a stage's and a source's",
                    "write `stage NAME` or `source NAME`"),
                .error(
                    "bad-result", "what a test gives a stage or a source cannot be read",
                    "such as `fails`, `fails 2 times`, `times out`, `dies`, `takes 5m`; docs/tests.md has all"),
            ]),
        ExplanationChapter(
            title: "Plugins",
            explanations: [
                .error(
                    "bad-digest", "a pin of `sha256:` is no SHA-256",
                    "write the 64 digits that `sha256sum` prints"),
                .error(
                    "missing-call", "an action of a plugin cannot be performed",
                    "add `perform` to its `calls:`"),
                .error(
                    "outside-plugin", "a manifest names a file that is not in the plugin's folder",
                    "keep the file in the folder, and write its path relative to it"),
                .error(
                    "plugin-secret", "a stage gives a plugin a secret that the plugin's manifest does not name",
                    "name it under `secrets:` in its `plugin.yaml`, or remove it from the stage"),
                .error(
                    "refused-plugin",
                    "`uses:` names a plugin that is there and cannot be used: its manifest has mistakes, others may write its files, or one is a link",
                    "`shipit plugin list` says why"),
                .error(
                    "unsupported-protocol", "a plugin speaks another version of the plugin protocol",
                    "use a version of the plugin (or of shipit) that speaks the other's"),
            ]),
    ]
}
