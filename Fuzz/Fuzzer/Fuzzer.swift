import FuzzTargets
import Glibc

@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<Int32>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ body: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
) -> Int32

/// The target whose name is the environment's `SHIPIT_FUZZ_TARGET`.
private let target = FuzzTarget.named(getenv("SHIPIT_FUZZ_TARGET").map { String(cString: $0) } ?? "")

/// libFuzzer with one of our targets; its arguments are libFuzzer's. Without a target it names them with their longest input.
@main struct Fuzzer {
    static func main() {
        guard target != nil else {
            for target in FuzzTarget.all { print(target.name, target.longest) }
            return
        }
        var count = CommandLine.argc
        var arguments = CommandLine.unsafeArgv
        exit(
            runDriver(&count, &arguments) { bytes, count in
                attempt(Array(UnsafeBufferPointer(start: bytes, count: count)))
                return 0
            })
    }
}

/// Tries one input. libFuzzer keeps that of a process that ends.
private func attempt(_ input: [UInt8]) {
    let begin = processorTime()
    do {
        try target?.check(input)
    } catch {
        fatalError("\(error)")
    }
    let time = processorTime() - begin
    if time > 1 { fatalError("it takes \(time) s") }
}

/// Seconds. While others have the processor, it is not the input's.
private func processorTime() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}
