import Glibc
import ShipitEngine
import SupervisorProtocol

extension LocalProcesses {
    /// Why this process could not run a run's commands in the run's folder; `nil` when it could, or when there is no folder yet.
    /// Looks only, and waits for a moment where another's supervisor may be about to leave.
    public static func trouble(inFolder path: String) -> String? {
        let folder = RunFolder(path)
        var status = stat()
        guard stat(path, &status) == 0 else { return errno == ENOENT ? nil : RunFolder.words(path, errno) }
        for name in ["", Ledger.fileName, OutputFrame.fileName, "work", "notes.jsonl"] {
            let place = name.isEmpty ? path : folder.place(name)
            if let trouble = trouble(at: place) { return trouble }
        }
        return troubleOfSupervisor(folder)
    }

    private static func trouble(at path: String) -> String? {
        var status = stat()
        guard stat(path, &status) == 0 else { return errno == ENOENT ? nil : RunFolder.words(path, errno) }
        let isFolder = status.st_mode & S_IFMT == S_IFDIR
        guard access(path, isFolder ? R_OK | W_OK | X_OK : R_OK | W_OK) != 0 else { return nil }
        let why = errno
        return RunFolder.words(path, why) + (why == EACCES ? " (it belongs to \(userName(status.st_uid)))" : "")
    }

    /// Commands run as whoever started their supervisor, so it serves that user and the superuser alone.
    private static func troubleOfSupervisor(_ folder: RunFolder) -> String? {
        // One that nothing runs under leaves after three seconds without an engine.
        for _ in 0..<90 {
            var status = stat()
            guard geteuid() != 0, folder.hasSupervisor, stat(folder.place(supervisorSocketName), &status) == 0,
                status.st_uid != geteuid()
            else { return nil }
            usleep(50_000)
        }
        var status = stat()
        let owner = stat(folder.place(supervisorSocketName), &status) == 0 ? userName(status.st_uid) : "another user"
        return "its commands run under a supervisor of \(owner)'s, which serves nobody else until they have ended"
    }

    private static func userName(_ id: uid_t) -> String {
        getpwuid(id).map { String(cString: $0.pointee.pw_name) } ?? "user \(id)"
    }
}
