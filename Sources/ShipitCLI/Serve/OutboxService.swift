import ServiceLifecycle

/// Sends what the outbox holds, of every run: what the engines that caused it did not get to deliver.
struct OutboxService: Service {
    let desk: NoticeDesk

    init(_ project: Project) throws {
        desk = NoticeDesk(store: try Wiring.store(project.stateFolder), stateFolder: project.stateFolder)
    }

    func run() async throws {
        await cancelWhenGracefulShutdown { await desk.run() }
    }
}
