import Foundation
import ShipitSyntax

/// The schema beside the pipelines, where editors with a YAML language server find it: no host serves it.
enum EditorSchema {
    static let file = ".schema.json"
    /// The first line of a pipeline whose folder holds the schema.
    static let modeline = "# yaml-language-server: $schema=\(file)\n"

    /// - Parameter root: the project whose plugins may be used; `nil` without one.
    static func text(ofProject root: String?) -> String {
        JSONValue(PipelineSchema.of(Wiring.equipment(ofProject: root).catalog)).pretty + "\n"
    }

    /// Writes it into a pipeline's folder. An older one of shipit's is replaced, for it is made anew by `shipit schema` at
    /// any time; a file that is somebody else's stays.
    static func write(besidePipeline path: String, shownAs name: String) throws(CommandFailure) {
        let target = Place.join((path as NSString).deletingLastPathComponent, file)
        let text = text(ofProject: Place.root(ofPipeline: path))
        let shown = Place.join((name as NSString).deletingLastPathComponent, file)
        var status = stat()
        if lstat(target, &status) == 0 {
            let present = String(decoding: try FileBytes.read(target, atMost: 8 << 20, shownAs: shown), as: UTF8.self)
            guard present.contains(PipelineSchema.idWithoutVersion), present != text else { return }
            guard unlink(target) == 0 else {
                throw CommandFailure(.machine, "cannot replace \(shown): \(String(cString: strerror(errno)))")
            }
        }
        try NewFile.write(text, to: target, shownAs: shown)
    }
}

extension JSONValue {
    init(_ node: SchemaNode) {
        self =
            switch node {
            case .text(let text): .string(text)
            case .integer(let number): .integer(Int64(number))
            case .flag(let flag): .bool(flag)
            case .list(let nodes): .array(nodes.map { JSONValue($0) })
            case .object(let members): .object(members.map { Member(key: $0.key, value: JSONValue($0.value)) })
            }
    }
}
