/// Where a run stands, in the words of `status`.
public enum RunPhase: String, Hashable, Sendable, Codable {
    case waiting, running, monitoring
    case rollingBack = "rolling-back"
    case paused, interrupted, finished
}
