import ShipitCore
import ShipitEngine

/// Asking checks outside of a run: what their references stand for, and whom they ask.
struct CheckValues {
    let plan: Plan
    let tree: String?
    let secrets: [String: String]

    func resolve(_ check: Check) throws(CommandFailure) -> Check {
        try check.mapText { (template) throws(CommandFailure) in try resolve(template) }
    }

    private func resolve(_ template: Template) throws(CommandFailure) -> Template {
        var parts: [Template.Part] = []
        for part in template.parts {
            guard case .reference(let reference, let fallback) = part else {
                parts.append(part)
                continue
            }
            let value: String? =
                switch reference {
                case .secret(let name): secrets[name]
                case .release("tree"), .target("tree"): tree
                case .target(let field): plan.release.field(field)
                default: nil
                }
            guard let text = value ?? fallback else {
                throw CommandFailure(.usage, "\(reference) has no value outside of a run")
            }
            parts.append(.text(text))
        }
        return Template(parts: parts)
    }

    static func isTree(_ reference: Reference) -> Bool {
        reference == .release("tree") || reference == .target("tree")
    }

    static func measure(_ name: String, _ request: ResolvedProbe) async -> ShipitEngine.Measurement {
        guard let probe = Wiring.probes.first(where: { $0.description.name == name }) else {
            return ShipitEngine.Measurement(.noAnswer("no probe is called \"\(name)\""))
        }
        return await probe.measure(request)
    }
}
