import ShipitEngine

/// A program that builds images.
enum ImageBuilder: String, CaseIterable, Sendable {
    case docker, buildah
    /// No container engine at all: the context as a reproducible archive.
    case archive

    /// Answers only where images can be built: the client alone is not enough.
    var presence: [String]? {
        switch self {
        case .docker: ["docker", "version", "--format", "{{.Server.Version}}"]
        case .buildah: ["buildah", "version"]
        case .archive: nil
        }
    }
}

/// What is to be built, in absolute paths; every command line is made here.
struct ImageOrder: Hashable, Sendable {
    /// The label that says of which commit an image is: what `verify` goes by.
    static let revisionLabel = "org.opencontainers.image.revision"

    var context: String
    /// The Dockerfile.
    var file: String
    var tag: String
    var noCache: Bool
    var arguments: [String: String]
    var version: String
    var commit: String

    func build(_ builder: ImageBuilder) -> [String] {
        var words = [builder.rawValue, "build", "--tag", tag, "--file", file]
        if noCache { words.append("--no-cache") }
        words += [
            "--label", "\(Self.revisionLabel)=\(commit)", "--label", "org.opencontainers.image.version=\(version)",
        ]
        for name in arguments.keys.sorted() { words += ["--build-arg", "\(name)=\(arguments[name]!)"] }
        return words + [context]
    }

    /// Prints the image's id and, on the same line, of which commit it is.
    func inspect(_ builder: ImageBuilder) -> [String] {
        switch builder {
        case .docker, .archive:
            [
                "docker", "image", "inspect", "--format",
                "{{.Id}} {{index .Config.Labels \"\(Self.revisionLabel)\"}}", tag,
            ]
        case .buildah:
            [
                "buildah", "inspect", "--type", "image", "--format",
                "sha256:{{.FromImageID}} {{index .OCIv1.Config.Labels \"\(Self.revisionLabel)\"}}", tag,
            ]
        }
    }

    /// The same bytes for the same tree, whoever makes it, when and where: names sorted, no times, no owners, and of the
    /// modes only who may execute. Links stay links; what has several names is there several times.
    func archive(to path: String) -> [String] {
        [
            "tar", "--create", "--file", path, "--directory", context, "--format=posix",
            "--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime", "--sort=name", "--mtime=@0",
            "--owner=0", "--group=0", "--numeric-owner", "--mode=u+rw,go-w,a+rX,a-st", "--hard-dereference", "--", ".",
        ]
    }
}

/// The id and the commit of an image, as an inspection prints them.
struct InspectedImage: Hashable {
    var digest: String
    var commit: String?

    init?(_ output: [UInt8]) {
        let words = String(decoding: output, as: UTF8.self).split(whereSeparator: \.isWhitespace).map(String.init)
        guard let digest = words.first, digest.wholeMatch(of: /sha256:[0-9a-f]{64}/) != nil else { return nil }
        self.digest = digest
        commit = words.dropFirst().first
    }
}
