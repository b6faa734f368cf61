internal import Foundation
public import ShipitCore

/// What commands see of the caller's environment and of a plan; stages add what only a run has.
public enum CommandVariables {
    /// Names of the caller's that every command sees (`semantics.md`, Stages 10).
    static let passed: Set<String> = [
        "PATH", "HOME", "USER", "SHELL", "LANG", "TZ", "TMPDIR", "SSH_AUTH_SOCK",
    ]

    /// For checks that are asked on their own.
    public static func outsideOfRuns(
        _ plan: Plan, caller: [String: String], tree: String?, hasRelease: Bool
    ) -> [String: String] {
        hasRelease ? all(plan, caller: caller, tree: tree) : withoutRelease(plan, caller: caller)
    }

    static func all(_ plan: Plan, caller: [String: String], tree: String?) -> [String: String] {
        var variables = withoutRelease(plan, caller: caller)
        variables["SHIPIT_TAG"] = plan.release.tag
        variables["SHIPIT_VERSION"] = plan.release.version
        variables["SHIPIT_COMMIT"] = plan.release.commit
        variables["SHIPIT_PREVIOUS_VERSION"] = plan.previous?.version ?? ""
        variables["SHIPIT_TREE"] = tree ?? ""
        return variables
    }

    private static func withoutRelease(_ plan: Plan, caller: [String: String]) -> [String: String] {
        var variables = callers(plan, caller)
        variables["SHIPIT_ENVIRONMENT"] = plan.environment
        for (name, value) in plan.vars {
            variables["SHIPIT_VAR_" + name.replacing("-", with: "_").replacing(".", with: "_")] = value
        }
        return variables
    }

    /// What an action from outside sees of them: of the caller's own, the names that every command sees, and those of `access`.
    static func narrowed(
        _ variables: [String: String], to access: ActionAccess, _ plan: Plan, caller: [String: String]
    ) -> [String: String] {
        var asked = plan
        asked.passEnv = access.environment
        let given = callers(asked, caller)
        let taken = Set(plan.passEnv).subtracting(passed).subtracting(given.keys)
        return variables.filter { !taken.contains($0.key) }.merging(given) { $1 }
    }

    private static func callers(_ plan: Plan, _ environment: [String: String]) -> [String: String] {
        var feedsSecret: Set<String> = []
        for case .environment(let name) in plan.secrets.values { feedsSecret.insert(name) }
        let asked = passed.union(plan.passEnv)
        return environment.filter { name, _ in
            (asked.contains(name) || name.hasPrefix("LC_")) && !feedsSecret.contains(name)
        }
    }
}
