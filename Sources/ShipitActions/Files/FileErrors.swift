#if canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// What an error number of the system means, for a person.
func errorWords(_ number: Int32) -> String {
    switch number {
    case ENOENT: "no such file"
    case EACCES, EPERM: "permission denied"
    case ENOSPC: "the disk is full"
    case ELOOP: "it is a link"
    case EROFS: "the file system is read-only"
    default: String(cString: strerror(number))
    }
}
