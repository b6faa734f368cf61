#if canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// What an error number of the system means, in the words that people search for.
func errnoWords(_ number: Int32) -> String {
    switch number {
    case ECONNREFUSED: "connection refused"
    case ECONNRESET: "connection reset"
    case ETIMEDOUT: "timed out"
    case EHOSTUNREACH: "no route to the host"
    case ENETUNREACH: "the network is unreachable"
    case ENOENT: "no such file"
    case EACCES: "permission denied"
    case ENOEXEC: "not a program: does it lack a #! line?"
    case ENOTDIR: "a part of the path is not a folder"
    default: String(cString: strerror(number))
    }
}
