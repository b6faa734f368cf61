import ShipitCore

/// A small catalog in the shape of the real ones, so that these tests stand apart from the adapters.
let testCatalog = Catalog(
    actions: [
        ActionDescription(
            name: "backup/sqlite", help: "Copies a database while it is in use.",
            inputs: [
                FieldDescription("database", .path, required: true, help: "the database file"),
                FieldDescription("to", .path, required: true, help: "the folder of backups"),
                FieldDescription("verify", .choice(["none", "integrity", "restore"]), help: "how far to try it"),
                FieldDescription("keep", .number, help: "how many backups stay"),
                FieldDescription("min-size", .size, help: "smaller is a failure"),
            ],
            outputs: ["path", "sha256", "bytes"], undo: .nothing),
        ActionDescription(
            name: "restore", help: "Brings a backup back.",
            inputs: [FieldDescription("backup", .path, required: true, help: "the backup")], outputs: [], undo: .none),
        ActionDescription(
            name: "migrate", help: "Applies migrations.",
            inputs: [
                FieldDescription("status", .command, required: true, help: "prints what is pending"),
                FieldDescription("apply", .command, required: true, help: "applies"),
                FieldDescription("revert", .command, help: "reverts"),
            ], outputs: [], undo: .performs),
        ActionDescription(
            name: "build-image", help: "Builds an image.",
            inputs: [
                FieldDescription("context", .path, required: true, help: "the folder to build"),
                FieldDescription("tag", .text, required: true, help: "the image's name"),
                FieldDescription("no-cache", .boolean, help: "build everything anew"),
                FieldDescription("args", .map, help: "build arguments"),
                FieldDescription("token", .text, secret: true, help: "for a private registry"),
            ], outputs: ["image", "digest"], undo: .nothing, onInterrupt: .rerun),
        ActionDescription(
            name: "rolling-restart", help: "Restarts instances in turn.",
            inputs: [
                FieldDescription("instances", .number, required: true, help: "how many"),
                FieldDescription("max-parallel", .number, help: "at once"),
                FieldDescription("start", .command, help: "starts one"),
                FieldDescription("health", .check, required: true, help: "when one is well"),
                FieldDescription("min-healthy-time", .duration, help: "how long"),
                FieldDescription("healthy-deadline", .duration, help: "how long at most"),
                FieldDescription("max-unhealthy", .ratio, help: "share"),
                FieldDescription("ports", .list(.number), help: "of the instances"),
                FieldDescription("balancer", .url, help: "where it listens"),
            ], outputs: nil, undo: .performs, undoInput: "start"),
        ActionDescription(
            name: "canary", help: "Starts one instance.", inputs: [], outputs: nil, undo: .none),
        // Of a plugin.
        ActionDescription(
            name: "chat-webhook", help: "Posts to a chat.",
            inputs: [
                FieldDescription("url", .url, required: true, secret: true, help: "the webhook"),
                FieldDescription("text", .text, help: "what it says"),
                FieldDescription("wait", .duration, help: "how long"),
            ], outputs: [], undo: .none, access: ActionAccess()),
    ],
    probes: [
        ProbeDescription(
            name: "http", help: "Asks a web server.", subject: .url,
            fields: [
                FieldDescription("status", .textOrPattern, help: "the status"),
                FieldDescription("body", .textOrPattern, help: "what it holds"),
                FieldDescription("json", .map, help: "paths and conditions"),
                FieldDescription("header", .map, help: "headers and conditions"),
                FieldDescription("time", .condition(.time), help: "the time taken"),
                FieldDescription("requests", .number, help: "how many"),
                FieldDescription("concurrency", .number, help: "at once"),
                FieldDescription("p95", .condition(.time), help: "the 95th percentile"),
                FieldDescription("error-rate", .condition(.ratio), help: "share of failures"),
            ], samples: true),
        ProbeDescription(
            name: "tcp", help: "Connects.", subject: .text,
            fields: [FieldDescription("time", .condition(.time), help: "the time taken")], samples: true),
        ProbeDescription(
            name: "run", help: "Runs a command.", subject: .command,
            fields: [
                FieldDescription("exit", .number, help: "the exit status"),
                FieldDescription("stdout", .textOrPattern, help: "what it prints"),
                FieldDescription("number", .condition(.count), help: "the first number printed"),
                FieldDescription("count", .textOrPattern, help: "lines that are counted"),
            ], samples: true),
        ProbeDescription(
            name: "file", help: "Looks at a file.", subject: .path,
            fields: [
                FieldDescription("exists", .boolean, help: "whether it is there"),
                FieldDescription("age", .condition(.time), help: "since it was changed"),
                FieldDescription("size", .condition(.size), help: "its size"),
            ], samples: false),
        ProbeDescription(
            name: "log", help: "Counts lines.", subject: .path,
            fields: [FieldDescription("pattern", .textOrPattern, required: true, help: "what is counted")],
            samples: true),
        ProbeDescription(
            name: "disk", help: "Looks at a file system.", subject: .path,
            fields: [
                FieldDescription("free", .condition(.size), required: true, help: "what is free")
            ], samples: false),
        ProbeDescription(
            name: "tls", help: "Looks at a certificate.", subject: .text,
            fields: [FieldDescription("expires-in", .condition(.time), help: "how long it holds")], samples: false),
        ProbeDescription(
            name: "redis", help: "Asks Redis.", subject: .text,
            fields: [FieldDescription("time", .condition(.time), help: "the time taken")], samples: true),
        ProbeDescription(
            name: "prometheus", help: "Asks Prometheus.", subject: .url,
            fields: [FieldDescription("query", .text, required: true, help: "what is asked")], samples: true),
        ProbeDescription(
            name: "report", help: "Reads a report.", subject: .path,
            fields: [
                FieldDescription("format", .choice(["junit", "k6"]), required: true, help: "whose it is"),
                FieldDescription("p95", .condition(.time), help: "the 95th percentile"),
                FieldDescription("error-rate", .condition(.ratio), help: "share of failures"),
            ], samples: false),
    ])
