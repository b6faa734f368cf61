import FoundationEssentials
public import ShipitCore
public import ShipitEngine

/// Looks at a git repository, by `git`.
public struct GitProbe: Probe {
    public init() {}

    public let description = ProbeDescription(
        name: "git", help: "Look at a git repository, by git.", subject: .path,
        fields: [
            FieldDescription("clean", .boolean, help: "Whether the work tree must be as the commit is."),
            FieldDescription("branch", .text, help: "The branch that must be checked out."),
            FieldDescription("at", .text, help: "What HEAD must be the same commit as, such as v1.2.0 or origin/main."),
            FieldDescription("ahead", .condition(.count), help: "A condition on commits that the upstream lacks."),
            FieldDescription("behind", .condition(.count), help: "A condition on commits that only the upstream has."),
            FieldDescription("upstream", .text, fallback: "the branch's own", help: "What `ahead` and `behind` mean."),
            FieldDescription("age", .condition(.time), help: "A condition on the age of the commit."),
        ], samples: false)

    public func measure(_ request: ResolvedProbe) async -> Measurement {
        await request.asked { () async throws(BadField) in
            let fields = Fields(request)
            let clean = try fields.boolean("clean")
            let branch = try fields.text("branch")
            let at = try fields.text("at")
            let ahead = try fields.limit("ahead", in: .count)
            let behind = try fields.limit("behind", in: .count)
            let upstream = try fields.text("upstream") ?? "@{upstream}"
            let age = try fields.limit("age", in: .time)
            let path = request.absolute(try request.subjectText("git", "a path"))
            let deadline = ContinuousClock.now + .milliseconds(request.timeout.milliseconds)
            func git(_ words: String...) async -> Result<String, NoAnswer> {
                var request = request
                request.timeout = TimeSpan(milliseconds: max(1, Int64((deadline - .now).inSeconds * 1000)))
                let result = await request.run(
                    ["git", "-C", path] + words, ["GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"])
                return result.flatMap { ended in
                    ended.isSuccess
                        ? .success(ended.output.split(whereSeparator: \.isNewline).joined(separator: "\n"))
                        : .failure(NoAnswer(reason: ended.complaint))
                }
            }
            do throws(NoAnswer) {
                let head = try await git("rev-parse", "--verify", "HEAD^{commit}").get()
                var judgement = Judgement()
                var seen = ["HEAD is \(head.prefix(12))"]
                if let clean {
                    let changed = try await git("status", "--porcelain").get().split(separator: "\n")
                    judgement.measured("clean", changed.isEmpty ? 1 : 0)
                    seen.append(changed.isEmpty ? "clean" : "\(changed.count) changed")
                    if clean != changed.isEmpty {
                        judgement.miss(
                            "clean",
                            clean
                                ? "it is changed: \(Words.excerpt(changed.prefix(3).joined(separator: ", ")))"
                                : "it is clean, expected changes")
                    }
                }
                if let branch {
                    let found = try await git("rev-parse", "--abbrev-ref", "HEAD").get()
                    seen.append("on \(found)")
                    if found != branch {
                        judgement.miss("branch", "it is on \(Words.excerpt(found)), expected \(branch)")
                    }
                }
                if let at {
                    let wanted = try await git("rev-parse", "--verify", "--end-of-options", "\(at)^{commit}").get()
                    if wanted != head {
                        judgement.miss("at", "HEAD is \(head.prefix(12)), and \(at) is \(wanted.prefix(12))")
                    }
                }
                if ahead != nil || behind != nil {
                    let counts = try await git(
                        "rev-list", "--left-right", "--count", "--end-of-options", "HEAD...\(upstream)"
                    ).get()
                        .split(whereSeparator: \.isWhitespace).compactMap { Double($0) }
                    func count(_ value: Double) -> String { Words.rounded(value, digits: 0) }
                    judgement.expect("ahead", ahead, counts.first, "it is ahead by", count)
                    judgement.expect("behind", behind, counts.last, "it is behind by", count)
                }
                if age != nil {
                    let written = Double(try await git("log", "-1", "--format=%ct").get())
                    let now = Date().timeIntervalSince1970
                    judgement.expect(
                        "age", age, written.map { max(0, now - $0) }, "the commit is", Words.seconds, after: " old")
                }
                return judgement.measurement(evidence: "\(path): \(seen.joined(separator: ", "))")
            } catch {
                return Measurement(.noAnswer(error.reason), evidence: path)
            }
        }
    }
}
