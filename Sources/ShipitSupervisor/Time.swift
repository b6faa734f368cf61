import Glibc

enum Time {
    /// Milliseconds since 1970, for people.
    static var wall: Int64 { read(CLOCK_REALTIME) }

    /// Milliseconds that no clock setting moves, for deadlines.
    static var steady: Int64 { read(CLOCK_MONOTONIC) }

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
