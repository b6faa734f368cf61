/// Why a call could not be answered as it was meant to be.
enum Trouble: Error {
    /// What is asked for cannot work, however often it is tried.
    case wrongInput(String)
    /// Nobody answers, or not in time: worth another try.
    case notNow(String)
    case failed(String)

    var reason: String {
        switch self {
        case .wrongInput(let reason), .notNow(let reason), .failed(let reason): reason
        }
    }

    var exitCode: Int32 {
        switch self {
        case .wrongInput: 78
        case .notNow: 75
        case .failed: 1
        }
    }
}
