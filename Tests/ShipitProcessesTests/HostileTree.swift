/// A tree of processes that does not want to end, as shell text.
struct HostileTree: Sendable {
    enum Ending: CaseIterable, Sendable {
        /// It goes on until its time is up.
        case endless
        case stopped
        case success
        case failure
        case killed
    }

    let script: String
    let ending: Ending
    let count: Int

    /// One of very many, by its number.
    init(seed: UInt64, actors: String, pids: String) {
        var random = SplitMix(state: seed)
        let ending = Ending.allCases[Int(random.next() % 5)]
        var kinds: [String] = []
        var lines: [String] = []
        for _ in 0..<2 + random.next() % 4 {
            let kind = Self.kinds[Int(random.next() % UInt64(Self.kinds.count))]
            let start = Self.starts[Int(random.next() % UInt64(Self.starts.count))]
            kinds.append(kind)
            lines.append(start.replacing("BODY", with: "sh '\(actors)' \(kind) '\(pids)'"))
        }
        if random.next() % 3 == 0 { lines.insert("trap '' TERM", at: 0) }
        // Each of them has said who it is before the tree goes on.
        lines.append("while [ \"$(cat '\(pids)' 2>/dev/null | wc -l)\" -lt \(kinds.count) ]; do sleep 0.01; done")
        lines.append("echo ready")
        switch ending {
        case .endless: lines.append("while :; do sleep 0.05; done")
        case .stopped: lines.append("kill -STOP $$; sleep 1000")
        case .success: lines.append("exit 0")
        case .failure: lines.append("exit 3")
        case .killed: lines.append("kill -9 $$")
        }
        script = lines.joined(separator: "\n")
        self.ending = ending
        count = kinds.count
    }

    private static let kinds = [
        "plain", "stubborn", "forks", "hops", "stops", "zombies", "renames", "leaves", "shouts", "reaps", "crowd",
    ]

    private static let starts = [
        "BODY &", "setsid BODY &", "(BODY &)", "(setsid BODY &)", "(setsid setsid BODY &) &",
        "(env -i PATH=/usr/bin:/bin setsid BODY &)", "env -i PATH=/usr/bin:/bin setsid -f setsid -f BODY",
        "(setsid BODY </dev/null >/dev/null 2>&1 &)",
    ]

    /// `sh actors.sh KIND PIDS`: writes its line of `/proc/PID/stat` into PIDS, then misbehaves.
    static let actors = #"""
        kind=$1 pids=$2
        read -r line < /proc/$$/stat
        echo "$line" >> "$pids"
        case $kind in
        plain) exec sleep 1000 ;;
        stubborn) trap '' TERM HUP INT; while :; do sleep 0.05; done ;;
        forks) trap '' TERM; while :; do sleep 0.05 & sleep 0.01; done ;;
        hops) trap '' TERM; sleep 0.02; setsid sh "$0" hops "$pids" & exit 0 ;;
        stops) kill -STOP $$; exec sleep 1000 ;;
        zombies) sh -c : & sh -c : & exec sleep 1000 ;;
        renames) exec bash -c 'exec -a "[kworker/1:2-events]" sleep 1000' ;;
        leaves) cd /; umask 0; exec env -i sleep 1000 </dev/null >/dev/null 2>&1 ;;
        shouts) trap '' PIPE; while :; do echo noise; sleep 0.05; done ;;
        reaps) exec python3 -c 'import ctypes, os, time
        ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                time.sleep(1000)
            os._exit(0)
        time.sleep(1000)' ;;
        crowd) for i in 1 2 3 4 5 6 7 8; do (setsid sleep 1000 &); done; exec sleep 1000 ;;
        esac

        """#
}

/// A small generator with a seed, so that a failure can be had again.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
