import Foundation
import ShipitSyntax

/// The files that a pipeline includes, from the pipeline's folder and nowhere else: no link on the way is followed, so that
/// none can lead out, and what is no file is refused without waiting for it.
enum IncludedFiles {
    /// The language's own limit is lower.
    private static let limit = 16 << 20

    static func loader(beneath folder: String) -> PipelineReader.Loader {
        { path throws(IncludeRefusal) in try read(path, beneath: folder) }
    }

    private static func read(_ path: String, beneath folder: String) throws(IncludeRefusal) -> [UInt8] {
        var parts = path.split(separator: "/").map(String.init)
        guard let name = parts.popLast(), !parts.contains("..") else { throw IncludeRefusal("is no path") }
        var place = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard place >= 0 else { throw refusal(errno, folder) }
        defer { close(place) }
        for part in parts {
            let next = openat(place, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            guard next >= 0 else { throw refusal(errno, part) }
            close(place)
            place = next
        }
        // Without O_NONBLOCK, opening a named pipe would wait for its writer.
        let descriptor = openat(place, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw refusal(errno, name) }
        defer { close(descriptor) }
        return try bytes(of: descriptor)
    }

    private static func bytes(of descriptor: Int32) throws(IncludeRefusal) -> [UInt8] {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw refusal(errno, "") }
        guard status.st_mode & S_IFMT == S_IFREG else { throw IncludeRefusal("is no file") }
        guard status.st_size <= limit else { throw IncludeRefusal("is larger than \(limit >> 20) MiB") }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while bytes.count <= limit {
            let count = Foundation.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw refusal(errno, "") }
            if count == 0 { return bytes }
            bytes += buffer[..<count]
        }
        throw IncludeRefusal("is larger than \(limit >> 20) MiB")
    }

    /// `part`: of the path, where it went wrong.
    private static func refusal(_ code: Int32, _ part: String) -> IncludeRefusal {
        switch code {
        case ENOENT: IncludeRefusal("is not there", hint: "paths are from the pipeline's folder")
        case ELOOP: IncludeRefusal("is reached by a link, which is not followed", hint: "put the file itself there")
        // A link to a folder is none when it is not followed.
        case ENOTDIR: IncludeRefusal("is not there: \(part) is no folder, or a link, which is not followed")
        default: IncludeRefusal("cannot be read: \(String(cString: strerror(code)))")
        }
    }
}
