import ShipitCore

/// A first plugin: it points a link at a place, as deployments that keep each release in a folder do. Small, and right in all
/// that a plugin promises.
struct PluginStarter {
    enum Language: String, CaseIterable {
        case sh, python, swift
    }

    struct File {
        var path: String
        var text: String
        var isProgram = false
    }

    var name: String
    var language: Language

    static func isName(_ name: String) -> Bool {
        let isPlain = { (byte: UInt8) in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        }
        guard let first = name.utf8.first, isPlain(first), name.utf8.count <= 64 else { return false }
        return name.utf8.allSatisfy {
            isPlain($0) || [UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-")].contains($0)
        }
    }

    var files: [File] {
        var files = [
            File(path: "plugin.yaml", text: manifest), File(path: PluginCases.fileName, text: cases),
        ]
        switch language {
        case .sh: files.append(File(path: name, text: Self.shell, isProgram: true))
        case .python: files.append(File(path: name, text: Self.python, isProgram: true))
        case .swift: files.append(File(path: "main.swift", text: Self.swift))
        }
        return files
    }

    /// What to type.
    var next: [String] {
        let build = language == .swift ? ["swiftc -O plugins/\(name)/main.swift -o plugins/\(name)/\(name)"] : []
        return build + ["shipit plugin test plugins/\(name)"]
    }

    private var manifest: String {
        """
        shipit-plugin: 1
        name: \(name)
        version: 0.1.0
        run: [./\(name)]
        actions:
          point:
            description: Points a link at a place.
            inputs:
              link: {type: path, required: true, description: "the link, which is made or changed"}
              to: {type: text, required: true, description: where it leads}
            outputs:
              was: {type: text, description: where it led before}
            calls: [preview, perform, verify, undo]

        """
    }

    private var cases: String {
        """
        # What `shipit plugin test` tries the plugin with: each stage is a case.
        shipit: 1
        name: test
        stages:
          point: {uses: \(name)/point, with: {link: current, to: "releases/${{ release.version }}"}}

        """
    }

    private static let shell = #"""
        #!/bin/sh
        # Started as: PROGRAM CALL ACTION. See docs/plugins.md of shipit.
        set -eu

        say() { printf '%s\n' "$1" >> "$SHIPIT_MESSAGES"; }

        # field NAME: a text of the request that stands there without escapes; jq reads all of JSON.
        field() { sed -n 's/.*"'"$1"'":"\([^"\\]*\)".*/\1/p' "$SHIPIT_REQUEST"; }

        link=$(field link)
        to=$(field to)
        if [ -z "$link" ] || [ -z "$to" ]; then
            say '{"reason":"link and to must be texts without quotes and backslashes"}'
            exit 78
        fi

        # point TARGET: at once, so that nobody ever sees no link.
        point() {
            ln -sfn "$1" "$link.new"
            mv -fT "$link.new" "$link"
        }

        case $1 in
        preview)
            say "{\"preview\":[\"point $link at $to\"]}" ;;
        perform)
            # What undo needs is said before anything changes, and only by the first attempt.
            grep -q '"was":' "$SHIPIT_REQUEST" || say "{\"output\":{\"was\":\"$(readlink "$link" || true)\"}}"
            point "$to"
            say '{"progress":1,"note":"the link is changed"}' ;;
        verify)
            [ "$(readlink "$link" || true)" = "$to" ] ;;
        undo)
            rm -f "$link.new"
            # Without it no attempt has come to change anything.
            grep -q '"was":' "$SHIPIT_REQUEST" || exit 0
            was=$(field was)
            if [ -n "$was" ]; then point "$was"; else rm -f "$link"; fi ;;
        esac

        """#

    private static let python = #"""
        #!/usr/bin/env python3
        """Started as: PROGRAM CALL ACTION. See docs/plugins.md of shipit."""

        import json
        import os
        import sys

        WRONG_INPUT = 78


        def say(message):
            with open(os.environ["SHIPIT_MESSAGES"], "a", encoding="utf-8") as file:
                file.write(json.dumps(message) + "\n")


        def target(link):
            return os.readlink(link) if os.path.islink(link) else ""


        def point(link, to):
            """At once, so that nobody ever sees no link."""
            new = link + ".new"
            if os.path.lexists(new):
                os.unlink(new)
            os.symlink(to, new)
            os.replace(new, link)


        def answer(call, inputs, outputs):
            link, to = inputs["link"], inputs["to"]
            if os.path.lexists(link) and not os.path.islink(link):
                say({"reason": f"{link} is there and is no link"})
                return WRONG_INPUT
            if call == "preview":
                say({"preview": [f"point {link} at {to}"]})
            elif call == "perform":
                # What undo needs is said before anything changes, and only by the first attempt.
                if "was" not in outputs:
                    say({"output": {"was": target(link)}})
                point(link, to)
                say({"progress": 1, "note": "the link is changed"})
            elif call == "verify":
                return 0 if target(link) == to else 1
            elif call == "undo":
                if os.path.lexists(link + ".new"):
                    os.unlink(link + ".new")
                # Without it no attempt has come to change anything.
                if outputs.get("was"):
                    point(link, outputs["was"])
                elif "was" in outputs and os.path.lexists(link):
                    os.unlink(link)
            return 0


        with open(os.environ["SHIPIT_REQUEST"], encoding="utf-8") as file:
            request = json.load(file)
        sys.exit(answer(sys.argv[1], request["inputs"], request["outputs"]))

        """#

    private static let swift = #"""
        // Started as: PROGRAM CALL ACTION. See docs/plugins.md of shipit. Built with: swiftc -O main.swift -o NAME
        import Foundation

        struct Request: Decodable {
            struct Inputs: Decodable { var link, to: String }
            struct Outputs: Decodable { var was: String? }

            var inputs: Inputs
            var outputs: Outputs
        }

        let environment = ProcessInfo.processInfo.environment
        let files = FileManager.default

        func say(_ message: [String: Any]) throws {
            var line = try JSONSerialization.data(withJSONObject: message)
            line.append(UInt8(ascii: "\n"))
            let file = try FileHandle(forWritingTo: URL(fileURLWithPath: environment["SHIPIT_MESSAGES"] ?? ""))
            try file.seekToEnd()
            try file.write(contentsOf: line)
            try file.close()
        }

        func target(_ link: String) -> String { (try? files.destinationOfSymbolicLink(atPath: link)) ?? "" }

        /// At once, so that nobody ever sees no link.
        func point(_ link: String, at target: String) throws {
            unlink(link + ".new")
            try files.createSymbolicLink(atPath: link + ".new", withDestinationPath: target)
            guard rename(link + ".new", link) == 0 else { throw CocoaError(.fileWriteUnknown) }
        }

        let bytes = try Data(contentsOf: URL(fileURLWithPath: environment["SHIPIT_REQUEST"] ?? ""))
        let request = try JSONDecoder().decode(Request.self, from: bytes)
        let (link, to, was) = (request.inputs.link, request.inputs.to, request.outputs.was)

        switch CommandLine.arguments[1] {
        case "preview":
            try say(["preview": ["point \(link) at \(to)"]])
        case "perform":
            // What undo needs is said before anything changes, and only by the first attempt.
            if was == nil { try say(["output": ["was": target(link)]]) }
            try point(link, at: to)
            try say(["progress": 1, "note": "the link is changed"])
        case "verify":
            exit(target(link) == to ? 0 : 1)
        case "undo":
            unlink(link + ".new")
            // Without it no attempt has come to change anything.
            if let was, !was.isEmpty { try point(link, at: was) } else if was != nil { unlink(link) }
        default:
            exit(78)
        }

        """#
}
