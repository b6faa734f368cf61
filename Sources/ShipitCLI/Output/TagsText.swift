import ShipitCore

/// `tags`: what may be deployed, newest first as given.
enum TagsText {
    struct Row: Hashable, Sendable {
        var release: Release
        /// The environments where it is live.
        var liveIn: [String]

        init(_ release: Release, liveIn: [String] = []) {
            self.release = release
            self.liveIn = liveIn
        }
    }

    static func text(_ rows: [Row]) -> String {
        guard !rows.isEmpty else { return "no tags that the pipeline's release: accepts\n" }
        var table = Table(["TAG", "VERSION", "COMMIT", "LIVE IN"])
        for row in rows {
            table.add(
                SafeText.line(row.release.tag), SafeText.line(row.release.version), "\(row.release.commit.prefix(12))",
                SafeText.line(row.liveIn.joined(separator: ", ")))
        }
        return table.text
    }

    static func json(_ rows: [Row]) -> String {
        let values = rows.map { row in
            JSONValue.members([
                "tag": .string(row.release.tag), "version": .string(row.release.version),
                "commit": .string(row.release.commit), "liveIn": .array(row.liveIn.map(JSONValue.string)),
            ])
        }
        return JSONValue.array(values).pretty + "\n"
    }
}
