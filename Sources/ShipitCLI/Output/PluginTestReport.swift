import ShipitCore
import ShipitEngine
import ShipitPlugins

/// How a plugin has kept what every action promises.
struct PluginTestReport {
    var plugin: Plugin
    var results: [PluginTrial.Result]

    var hasPassed: Bool { results.allSatisfy(\.hasPassed) }

    var text: String {
        var text = "plugin \(plugin.manifest.name) \(SafeText.line(plugin.manifest.version)), \(plugin.signedDigest)\n"
        for result in results {
            text += "\n\(SafeText.line("\(result.stage.name) (\(result.stage.perform.action))"))\n"
            var table = Table(indent: "  ")
            for finding in result.findings {
                table.add(word(finding.standing), finding.rule.rawValue, SafeText.joined(finding.words))
            }
            text += table.text
        }
        let broken = results.flatMap(\.findings).count { $0.standing == .broken }
        return text + "\n" + (broken == 0 ? "every promise is kept\n" : "\(Words.count(broken, "promise")) not kept\n")
    }

    private func word(_ standing: TrialFinding.Standing) -> String {
        switch standing {
        case .kept: "ok"
        case .broken: "BROKEN"
        case .notOffered: "-"
        }
    }

    var json: JSONValue {
        .members([
            "plugin": .members([
                "name": .string(plugin.manifest.name), "version": .string(plugin.manifest.version),
                "folder": .string(plugin.folder), "digest": .string(plugin.signedDigest),
            ]),
            "passed": .bool(hasPassed),
            "cases": .array(results.map(Self.json)),
        ])
    }

    private static func json(_ result: PluginTrial.Result) -> JSONValue {
        .members([
            "stage": .string(result.stage.name.text), "action": .string(result.stage.perform.action),
            "passed": .bool(result.hasPassed),
            "rules": .array(
                result.findings.map { finding in
                    .members([
                        "rule": .string(finding.rule.rawValue), "state": .string(finding.standing.rawValue),
                        "seen": .string(finding.words),
                    ])
                }),
        ])
    }
}
