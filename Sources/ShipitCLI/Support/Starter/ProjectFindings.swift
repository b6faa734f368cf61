import Foundation

/// What of a project can be told from its files: as little as a first pipeline needs.
struct ProjectFindings: Hashable, Sendable {
    enum Migration: String, CaseIterable, Hashable, Sendable {
        case alembic, django, prisma, rails, npm
        /// `ops/migrate` of the project's own.
        case script
    }

    enum Service: Hashable, Sendable {
        case compose
        /// A Dockerfile and nothing that says how it is run.
        case docker
        /// A unit, as `systemctl` takes it.
        case systemd(String)
        /// `ops/restart` of the project's own.
        case script
    }

    /// For names of images and containers.
    var name: String
    /// Files that are SQLite databases by their name, relative to the folder.
    var databases: [String] = []
    var migration: Migration?
    var service: Service?
    var hasDockerfile = false
    /// Of `EXPOSE` in the Dockerfile.
    var port: Int?
    var hasVersionFile = false
    /// The files that told, for people.
    var told: [String] = []

    private static let composeFiles = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"]
    private static let largest = 1 << 20

    init(name: String) { self.name = Self.plainName(name) }

    init(lookingAt folder: String) {
        self.init(name: (folder as NSString).lastPathComponent)
        let files = Set(Self.list(folder))
        func has(_ path: String) -> Bool {
            let isThere = FileManager.default.fileExists(atPath: Place.join(folder, path))
            if isThere { told.append(path) }
            return isThere
        }
        databases = Self.databases(in: folder)
        told += databases
        hasVersionFile = has("VERSION")
        hasDockerfile = has("Dockerfile")
        if hasDockerfile { port = Self.port(Self.text(folder, "Dockerfile")) }
        migration =
            [
                (Migration.script, "ops/migrate"), (.alembic, "alembic.ini"), (.django, "manage.py"),
                (.prisma, "prisma/schema.prisma"), (.rails, "bin/rails"),
            ].first { has($0.1) }?.0
        if migration == nil, files.contains("package.json"),
            Self.scripts(Self.text(folder, "package.json")).contains("migrate"), has("package.json")
        {
            migration = .npm
        }
        if has("ops/restart") {
            service = .script
        } else if Self.composeFiles.contains(where: has) {
            service = .compose
        } else if let unit = Self.unit(in: folder) {
            told.append(unit.path)
            service = .systemd(unit.name)
        } else if hasDockerfile {
            service = .docker
        }
    }

    // MARK: Files

    /// What cannot be listed or read tells nothing; the pipeline that is written can be edited.
    private static func list(_ folder: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
    }

    private static func text(_ folder: String, _ file: String) -> String {
        let bytes = try? FileBytes.read(Place.join(folder, file), atMost: largest, shownAs: file)
        return String(decoding: bytes ?? [], as: UTF8.self)
    }

    private static func databases(in folder: String) -> [String] {
        ["", "var/", "data/", "db/", "instance/"].flatMap { place in
            list(Place.join(folder, place.isEmpty ? "." : place)).filter { file in
                [".db", ".sqlite", ".sqlite3"].contains { file.hasSuffix($0) && file != $0 }
            }.map { place + $0 }
        }
    }

    private static func unit(in folder: String) -> (name: String, path: String)? {
        for place in ["", "systemd/", "deploy/", "ops/", "etc/systemd/system/"] {
            let file = list(Place.join(folder, place.isEmpty ? "." : place)).first { file in
                // It is going to stand in a script.
                file.hasSuffix(".service") && file.utf8.count > 8
                    && file.wholeMatch(of: /[A-Za-z0-9][A-Za-z0-9_.@-]*/) != nil
            }
            if let file { return (String(file.dropLast(8)), place + file) }
        }
        return nil
    }

    static func port(_ dockerfile: String) -> Int? {
        for line in dockerfile.split(whereSeparator: \.isNewline) {
            let words = line.split(whereSeparator: \.isWhitespace)
            guard words.first?.uppercased() == "EXPOSE", words.count > 1 else { continue }
            let number = words[1].prefix { $0 != "/" }
            if let port = Int(number), (1...65_535).contains(port) { return port }
        }
        return nil
    }

    private static func scripts(_ package: String) -> Set<String> {
        let json = try? JSONSerialization.jsonObject(with: Data(package.utf8)) as? [String: Any]
        return Set((json?["scripts"] as? [String: Any] ?? [:]).keys)
    }

    /// Small letters, digits and dashes: what images, containers and shells all take.
    private static func plainName(_ name: String) -> String {
        let letters = name.lowercased().unicodeScalars.map { scalar in
            ("a"..."z").contains(scalar) || ("0"..."9").contains(scalar) ? Character(scalar) : "-"
        }
        let words = String(letters).split(separator: "-")
        return words.isEmpty ? "app" : words.joined(separator: "-")
    }
}
