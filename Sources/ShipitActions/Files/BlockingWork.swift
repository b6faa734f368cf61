import Dispatch
import ShipitEngine
import Synchronization

/// Raised when the attempt is ended while something long and synchronous is being done for it.
final class StopFlag: Sendable {
    private let raised = Mutex(false)

    func raise() { raised.withLock { $0 = true } }

    func check() throws(ActionError) { if raised.withLock(\.self) { throw .cancelled } }
}

/// Does work that blocks away from the few threads that Swift's tasks share; the engine keeps driving its run meanwhile.
func blocking<Value: Sendable>(
    _ work: @escaping @Sendable (StopFlag) throws(ActionError) -> Value
) async throws(ActionError) -> Value {
    let stop = StopFlag()
    let result = await withTaskCancellationHandler {
        await withCheckedContinuation { (continuation: CheckedContinuation<Result<Value, ActionError>, Never>) in
            DispatchQueue.global().async {
                do throws(ActionError) {
                    continuation.resume(returning: .success(try work(stop)))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
    } onCancel: {
        stop.raise()
    }
    return try result.get()
}
