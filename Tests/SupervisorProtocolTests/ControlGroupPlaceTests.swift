import SupervisorProtocol
import Testing

@Suite("Where control groups are", .timeLimit(.minutes(3)))
struct ControlGroupPlaceTests {
    private func folder(_ mounts: String, _ membership: String) -> String? {
        ControlGroupPlace.folder(mounts: Array(mounts.utf8), membership: Array(membership.utf8))
    }

    private static let root = "22 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n"

    @Test func `a hierarchy of version 2 alone`() {
        let mounts = Self.root + "31 23 0:28 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"
        #expect(
            folder(mounts, "0::/user.slice/user-1000.slice/session-2.scope\n")
                == "/sys/fs/cgroup/user.slice/user-1000.slice/session-2.scope")
        #expect(folder(mounts, "0::/\n") == "/sys/fs/cgroup")
    }

    @Test func `one beside those of version 1`() {
        let mounts =
            Self.root + "40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n"
            + "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n"
        let membership = "9:name=systemd:/s\n4:memory:/api/f49\n0::/here\n"
        #expect(folder(mounts, membership) == "/sys/fs/cgroup/unified/here")
    }

    @Test func `of a container only its own part is mounted`() {
        let mounts = Self.root + "31 23 0:28 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup rw\n"
        #expect(folder(mounts, "0::/docker/abc/inner\n") == "/sys/fs/cgroup/inner")
        #expect(folder(mounts, "0::/docker/abc\n") == "/sys/fs/cgroup")
        #expect(folder(mounts, "0::/docker/abcd\n") == nil)
        #expect(folder(mounts, "0::/elsewhere\n") == nil)
    }

    @Test func `what is mounted last lies on top, and names may hold anything`() {
        let mounts =
            "31 23 0:28 / /below rw - cgroup2 cgroup2 rw\n"
            + "32 23 0:28 / /with\\040blank\\134 rw shared:1 master:2 - cgroup2 cgroup2 rw\n"
        #expect(folder(mounts, "0::/a b\n") == "/with blank\\/a b")
    }

    @Test(arguments: ["", "4:memory:/x\n", "0::../x\n"])
    func `there may be none`(membership: String) {
        #expect(folder("31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", membership) == nil)
        #expect(folder(Self.root, "0::/\n") == nil)
        #expect(folder("nonsense - cgroup2\n31 -\n", "0::/\n") == nil)
    }
}
