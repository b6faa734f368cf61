import ShipitEngine

#if canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Tells a host that was never reached from one that was lost: a file that holds a word until ssh, once it is let in, empties it.
///
/// Emptying needs no room on the disk, and whatever else becomes of the file counts as reached: that nothing was begun is said
/// only where it is certain.
struct ReachMark {
    let path: String

    /// Before ssh is started. One of an attempt that is taken up again stays as it is.
    func prepare() throws(ActionError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            if errno == EEXIST { return }
            throw Disk.failure("make", path)
        }
        defer { close(descriptor) }
        guard write(descriptor, "not reached\n", 12) == 12 else {
            let failure = Disk.failure("write", path)
            unlink(path)
            throw failure
        }
    }

    /// What ssh has `sh` do here when the host has let us in.
    var command: String { ":>" + RemoteScript.quoted(path) }

    var isReached: Bool {
        var facts = stat()
        return stat(path, &facts) != 0 || facts.st_size == 0
    }
}
