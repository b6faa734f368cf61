import ShipitCore
import Synchronization

#if canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Runs work that blocks on a thread of its own, so that it takes none of the few that Swift's tasks share, and gives up
/// waiting for it when the time is up: a name server or a network file system may not answer for minutes.
func onThread<Value: Sendable>(
    within limit: TimeSpan, otherwise late: Value, _ work: @escaping @Sendable () -> Value
) async -> Value {
    let first = FirstAnswer<Value>()
    startThread { first.give(work()) }
    let timer = Task {
        // Cancelled when the work is done; then nobody waits for this answer any more.
        try? await Task.sleep(for: .milliseconds(limit.milliseconds))
        first.give(late)
    }
    defer { timer.cancel() }
    return await first.value()
}

/// Hands on the first of several answers and drops the others.
private final class FirstAnswer<Value: Sendable>: Sendable {
    private enum State {
        case open
        case awaited(CheckedContinuation<Value, Never>)
        case given(Value)
    }

    private let state = Mutex(State.open)

    func give(_ value: Value) {
        let waiting = state.withLock { state -> CheckedContinuation<Value, Never>? in
            switch state {
            case .open:
                state = .given(value)
                return nil
            case .awaited(let continuation):
                state = .given(value)
                return continuation
            case .given: return nil
            }
        }
        waiting?.resume(returning: value)
    }

    func value() async -> Value {
        await withCheckedContinuation { continuation in
            let known = state.withLock { state -> Value? in
                if case .given(let value) = state { return value }
                state = .awaited(continuation)
                return nil
            }
            if let known { continuation.resume(returning: known) }
        }
    }
}

private final class ThreadBody {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}

private func startThread(_ body: @escaping @Sendable () -> Void) {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    defer { pthread_attr_destroy(&attributes) }
    var thread = pthread_t()
    let context = Unmanaged.passRetained(ThreadBody(body)).toOpaque()
    let refused = pthread_create(
        &thread, &attributes,
        { context in
            Unmanaged<ThreadBody>.fromOpaque(context!).takeRetainedValue().run()
            return nil
        }, context)
    if refused != 0 {
        // No more threads: slower on this one, and still an answer.
        Unmanaged<ThreadBody>.fromOpaque(context).takeRetainedValue().run()
    }
}
