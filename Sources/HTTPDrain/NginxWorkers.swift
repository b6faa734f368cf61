import Glibc

/// The workers that nginx has at one moment. After a reload there are others, and those of before take no new connections.
struct NginxWorkers {
    private let master: Int
    private let before: Set<Int>

    init(pidFile: String) throws(Trouble) {
        guard let text = Files.read(pidFile), let master = Int(text.trimmed) else {
            throw .wrongInput("\(pidFile) holds no process id: is nginx running, and is that its `pid`?")
        }
        self.master = master
        before = try Self.children(of: master)
    }

    func areReplaced() throws(Trouble) -> Bool {
        let now = try Self.children(of: master)
        return !now.subtracting(before).isEmpty && now.intersection(before).allSatisfy(Self.isLeaving)
    }

    private static func children(of master: Int) throws(Trouble) -> Set<Int> {
        guard let list = Files.read("/proc/\(master)/task/\(master)/children") else {
            throw .notNow("nginx's master process \(master) is gone")
        }
        return Set(list.split(separator: " ").compactMap { Int($0) })
    }

    private static func isLeaving(_ worker: Int) -> Bool {
        guard let title = Files.read("/proc/\(worker)/cmdline") else { return true }
        return title.isEmpty || title.contains("shutting down")
    }
}
