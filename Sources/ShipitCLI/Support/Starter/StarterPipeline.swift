/// The first pipeline of a project, as text: commented, valid without a warning, and unwilling to pretend. What nobody could
/// know fails with words that say what is missing, before anything has changed.
struct StarterPipeline: Hashable, Sendable {
    enum Kind: String, CaseIterable, Hashable, Sendable {
        case sqlite, app, commands

        var words: String {
            switch self {
            case .sqlite: "an app with an SQLite database: backed up, migrated, restarted, watched"
            case .app: "an app with another database: the same, with a backup command of yours"
            case .commands: "commands only: restarted and watched"
            }
        }
    }

    var kind: Kind
    var name: String
    /// Of SQLite.
    var database: String
    /// Answers 200 when the app is well; `nil` where nothing answers.
    var health: String?
    var findings: ProjectFindings

    /// Where the author must say what nobody could find out.
    static let mark = "REPLACE"

    static func likelyKind(_ findings: ProjectFindings) -> Kind {
        if !findings.databases.isEmpty { return .sqlite }
        return findings.migration == nil ? .commands : .app
    }

    static func likelyHealth(_ findings: ProjectFindings) -> String {
        "http://127.0.0.1:\(findings.port ?? 8080)/health"
    }

    var text: String {
        var parts = [
            head, "stages:\n  preflight:                  # looks, and changes nothing\n    checks: preflight\n",
        ]
        if kind != .commands { parts += [backup, migrate] }
        if buildsImage { parts.append(image) }
        parts += [restart]
        if health != nil { parts.append(Self.smoke) }
        parts.append(checks)
        if health != nil { parts.append(Self.monitor) }
        return parts.joined(separator: "\n")
    }

    /// How often it must be edited before it can deploy.
    var replacements: Int { text.split(separator: "\n").count { $0.contains("# \(Self.mark)") } }

    private var buildsImage: Bool { findings.hasDockerfile && findings.service == .docker }

    // MARK: The head

    private var head: String {
        var text = """
            # How a release goes live, and how it comes back. Check every edit with `shipit validate`, look at it with
            # `shipit graph`, and see what would happen with `shipit plan TAG`.
            shipit: 1
            name: \(name)

            release:
              tags: "v*"                  # which tags may be deployed

            """
        if findings.hasVersionFile {
            text += "  require: [version-file: VERSION]   # its content at the tag is the version\n"
        }
        text += "\nenvironments:\n  production:\n"
        if let health {
            text += "    vars:\n      health: \(Self.quoted(health))   # answers 200 when all is well\n"
        } else {
            text += "    vars: {}\n"
        }
        return text
    }

    // MARK: Stages

    private var backup: String {
        guard kind == .sqlite else {
            return """
                  backup:
                    needs: [preflight]
                \(placeholder("how the database is backed up: pg_dump, mysqldump …"))

                """
        }
        return """
              backup:
                needs: [preflight]
                uses: backup/sqlite       # a copy of the database in use, proven by restoring it
                with: {database: \(Self.quoted(database)), to: backups, verify: restore, keep: 14}

            """
    }

    private var migrate: String {
        var text = "  migrate:\n    needs: [backup]\n"
        if let commands = migration {
            text += "    run: \(commands.apply)\n"
            if let verify = commands.verify {
                text +=
                    "    on-interrupt: verify      # after a crash this tells whether it is done\n    verify: \(verify)\n"
            }
        } else {
            text += placeholder("how the database is migrated to this release") + "\n"
        }
        if kind == .sqlite {
            text += """
                    rollback:                 # what the app wrote since the backup is lost with it
                      uses: restore
                      with: {backup: "${{ stages.backup.outputs.path }}", database: \(Self.quoted(database))}

                """
        } else {
            text +=
                "    # rollback: how the old schema comes back; until it is said, a rollback leaves the migration in place\n"
        }
        return text
    }

    private var migration: (apply: String, verify: String?)? {
        switch findings.migration {
        case .alembic: ("alembic upgrade head", "alembic current --check-heads")
        case .django: ("python3 manage.py migrate --noinput", "python3 manage.py migrate --check")
        case .prisma: ("npx prisma migrate deploy", "npx prisma migrate status")
        case .rails: ("bin/rails db:migrate", "bin/rails db:abort_if_pending_migrations")
        case .npm: ("npm run migrate", nil)
        case .script: ("ops/migrate", nil)
        case nil: nil
        }
    }

    private var image: String {
        """
          image:
            needs: [preflight]
            uses: build-image           # of the tag's files, not of the work tree's
            with: {context: ., tag: "\(findings.name):${{ release.version }}"}

        """
    }

    private var restart: String {
        let needs = [kind == .commands ? nil : "migrate", buildsImage ? "image" : nil].compactMap(\.self)
        let head = "  restart:\n    needs: [\((needs.isEmpty ? ["preflight"] : needs).joined(separator: ", "))]\n"
        // SHIPIT_TARGET_* is this release when deploying, and the one before it when going back.
        switch findings.service {
        case .compose:
            return head + """
                    env: {APP_VERSION: "${{ target.version }}"}   # for the compose file: image: \(findings.name):${APP_VERSION}
                    run: docker compose up --detach --wait
                    rollback: |               # an empty version: nothing was live before this release
                      if [ -z "$SHIPIT_TARGET_VERSION" ]; then docker compose down; else docker compose up --detach --wait; fi

                """
        case .systemd(let unit):
            return head + """
                    run: |                    # the unit starts the app from the folder `current`
                      ln -sfn "$SHIPIT_TARGET_TREE" current
                      systemctl restart \(unit)
                    rollback: |               # an empty tree: nothing was live before this release
                      [ -n "$SHIPIT_TARGET_TREE" ] || exec systemctl stop \(unit)
                      ln -sfn "$SHIPIT_TARGET_TREE" current
                      systemctl restart \(unit)

                """
        case .docker: return head + docker
        case .script:
            return head + """
                    run: ops/restart
                    leaves-running: true      # what it starts in the background stays
                    rollback: ops/restart     # reads SHIPIT_TARGET_VERSION: the release to go back to

                """
        case nil:
            return head + placeholder("how this release is started") + """

                    leaves-running: true      # what it starts in the background stays
                    rollback: |               # \(Self.mark): start SHIPIT_TARGET_VERSION, the release before this one
                      echo "pipelines/\(name).yaml, $SHIPIT_STAGE: say here how the release before is started" >&2
                      exit 1

                """
        }
    }

    private var docker: String {
        let (name, port) = (findings.name, findings.port ?? 8080)
        let start =
            "docker run --detach --name \(name) --restart unless-stopped --publish 127.0.0.1:\(port):\(port) "
            + "\"\(name):$SHIPIT_TARGET_VERSION\""
        return """
                run: |
                  docker rm --force \(name)
                  \(start)
                rollback: |               # an empty version: nothing was live before this release
                  docker rm --force \(name)
                  [ -z "$SHIPIT_TARGET_VERSION" ] || \(start)

            """
    }

    private static let smoke = """
          smoke:
            needs: [restart]
            checks: smoke
            retry: {attempts: 5, delay: 2s}

        """

    /// It fails rather than pass for done.
    private func placeholder(_ what: String) -> String {
        """
            run: |                    # \(Self.mark): \(what)
              echo "pipelines/\(name).yaml, $SHIPIT_STAGE: say here \(what)" >&2
              exit 1
        """
    }

    // MARK: Checks and the monitor

    private var checks: String {
        var text = """
            checks:
              preflight:
                - {name: Free disk, disk: ., free: "> 1GB"}

            """
        switch findings.service {
        case .compose, .docker: text += "    - {name: Docker answers, run: docker info}\n"
        case .systemd: text += "    - {name: systemd is there, run: systemctl --version}\n"
        case .script, nil: break
        }
        if health != nil {
            text += """
                  smoke:
                    - {name: Health, http: "${{ vars.health }}", status: 200, time: "< 1s"}

                """
        }
        return text
    }

    private static let monitor = """
        monitor:                        # what breaches a rule brings the old release back by itself
          from: restart
          for: 10m
          sources:
            api: {http: "${{ vars.health }}", every: 2s, timeout: 1s}
          rollback-when:
            - api.error-rate > 5% for 1m
            - api.p95 > 500ms for 2m

        """

    // MARK: Values

    /// As YAML takes any text between double quotes.
    static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case _
            where scalar.value < 0x20 || (0x7F...0xA0).contains(scalar.value)
                || (0x2028...0x2029).contains(scalar.value) || scalar.value == 0xFEFF:
                let digits = String(scalar.value, radix: 16, uppercase: true)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
