import Foundation
import ShipitCore

/// Examines the machine and the project; changes nothing.
struct Doctor {
    let place: Place

    struct Finding {
        enum State: String {
            case good = "ok"
            case warning
            case bad = "error"
        }

        var subject: String
        var state: State
        var words: String
    }

    func examine() async -> [Finding] {
        var findings = [
            Finding(subject: "shipit", state: .good, words: Wiring.version),
            Finding(subject: "libraries", state: .good, words: LibraryVersions.words),
        ]
        findings += project()
        findings += await supervisor()
        findings.append(shell())
        findings.append(builders())
        findings += serviceManager()
        return findings
    }

    // MARK: The project

    private func project() -> [Finding] {
        let project: Project
        do {
            project = try place.project()
        } catch {
            return [Finding(subject: "project", state: .bad, words: error.message)]
        }
        var findings = [Finding(subject: "project", state: .good, words: project.root)]
        let names = PipelineFile.all(of: project)
        findings.append(
            names.isEmpty
                ? Finding(subject: "pipelines", state: .bad, words: "\(project.root)/pipelines holds no *.yaml")
                : Finding(subject: "pipelines", state: .good, words: names.joined(separator: ", ")))
        findings += repositories(project, names)
        findings += state(project.stateFolder)
        return findings
    }

    /// Each repository that the pipelines take their releases from.
    private func repositories(_ project: Project, _ names: [String]) -> [Finding] {
        var seen: Set<String> = []
        var findings: [Finding] = []
        let catalog = Wiring.equipment(ofProject: project.root).catalog
        for name in names {
            let file = "pipelines/\(name).yaml"
            guard let text = try? PipelineText.read(Place.join(project.root, file), shownAs: file, catalog: catalog),
                let pipeline = text.pipeline
            else {
                findings.append(
                    Finding(subject: "pipelines", state: .bad, words: "\(file) has mistakes: shipit validate \(file)"))
                continue
            }
            let path = pipeline.release?.repository ?? "."
            guard seen.insert(path).inserted else { continue }
            findings.append(repository(pipeline.release, project, path))
        }
        return findings
    }

    private func repository(_ source: ReleaseSource?, _ project: Project, _ path: String) -> Finding {
        do {
            let tags = try Releases(source, of: project).all()
            return Finding(subject: "repository", state: .good, words: "\(path): \(Words.count(tags.count, "release"))")
        } catch {
            return Finding(subject: "repository", state: .bad, words: ErrorText.failure(error).message)
        }
    }

    private func state(_ folder: String) -> [Finding] {
        do {
            _ = try Wiring.storeForReading(folder)
        } catch {
            return [Finding(subject: "state", state: .bad, words: ErrorText.failure(error).message)]
        }
        let exists = Place.isFolder(folder)
        let nearest = exists ? folder : (folder as NSString).deletingLastPathComponent
        guard access(nearest, W_OK) == 0 else {
            return [Finding(subject: "state", state: .bad, words: "\(nearest) cannot be written")]
        }
        var findings = [
            Finding(subject: "state", state: .good, words: exists ? folder : "\(folder) (made by the first deployment)")
        ]
        if let system = FileSystem(of: nearest) {
            findings.append(
                Finding(
                    subject: "disk", state: system.freeBytes < 100 << 20 ? .warning : .good,
                    words: "\(system.freeBytes >> 20) MiB free, file system \(system.name)"))
            if system.isNetwork {
                findings.append(
                    Finding(
                        subject: "disk", state: .bad,
                        words: "the state lies on a network file system, where SQLite's locks cannot be relied on"))
            }
        }
        return findings
    }

    // MARK: The machine

    private func supervisor() async -> [Finding] {
        let path = Wiring.supervisorPath ?? Self.besideThisProgram
        guard access(path, X_OK) == 0 else {
            let words = "\(path) is missing or cannot be executed; it belongs beside shipit"
            return [Finding(subject: "supervisor", state: .bad, words: words)]
        }
        switch await Wiring.trialOfSupervisor() {
        case .failed(let trouble): return [Finding(subject: "supervisor", state: .bad, words: trouble)]
        case .worked(let isInGroup):
            return [
                Finding(subject: "supervisor", state: .good, words: path),
                Finding(
                    subject: "processes", state: .good,
                    words: isInGroup
                        ? "each command in a control group (cgroup v2), which is killed at once"
                        : "found by parentage and killed one by one: no cgroup v2 in which this user may make groups"),
            ]
        }
    }

    private func shell() -> Finding {
        if let bash = Self.program("bash") { return Finding(subject: "shell", state: .good, words: bash) }
        return Finding(
            subject: "shell", state: .warning,
            words: "there is no bash: run: texts are given to sh -eu, without pipefail")
    }

    private func builders() -> Finding {
        let found = ["docker", "buildah"].compactMap(Self.program)
        if found.isEmpty {
            return Finding(
                subject: "images", state: .good,
                words: "neither docker nor buildah: build-image can make archives alone")
        }
        return Finding(subject: "images", state: .good, words: found.joined(separator: ", "))
    }

    /// A service manager that ends the whole group ends the commands with the engine.
    private func serviceManager() -> [Finding] {
        guard ProcessInfo.processInfo.environment["INVOCATION_ID"] != nil else { return [] }
        return [
            Finding(
                subject: "service", state: .warning,
                words: "started by systemd: without KillMode=process the commands of a run die with shipit")
        ]
    }

    private static var besideThisProgram: String {
        // Only Linux has it; elsewhere the supervisor is simply not found.
        let program = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return (program as NSString).deletingLastPathComponent + "/shipit-supervisor"
    }

    private static func program(_ name: String) -> String? {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        return path.split(separator: ":").map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 && !Place.isFolder($0) }
    }
}
