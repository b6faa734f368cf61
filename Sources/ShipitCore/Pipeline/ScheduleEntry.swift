/// An item of `schedule:`: a run that begins by itself.
public struct ScheduleEntry: Hashable, Sendable {
    /// What becomes of a time at which nobody looked.
    public enum Missed: String, Hashable, Sendable, CaseIterable {
        case skip
        /// The last of those that were missed is made up for, and no other.
        case once
    }

    /// What is done while the run before has not ended.
    public enum Overlap: String, Hashable, Sendable, CaseIterable {
        case skip
        /// It begins when the one before has ended; one at most waits.
        case queue
    }

    /// The tag that stands for the newest release.
    public static let latest = "latest"

    /// One of its pipeline's.
    public var name: String
    public var cron: Cron
    /// The IANA name of the zone by whose clocks it runs.
    public var zone: String
    /// `latest`, or a pattern: the highest version among the tags that match.
    public var tag: String
    /// `nil`: the pipeline's only one.
    public var environment: String?
    public var dryRun: Bool
    public var missed: Missed
    public var overlap: Overlap
    /// Up to so much later, always the same for one time, so that not everything begins at two.
    public var jitter: TimeSpan

    public init(
        name: String, cron: Cron, zone: String, tag: String = Self.latest, environment: String? = nil,
        dryRun: Bool = false, missed: Missed = .skip, overlap: Overlap = .skip, jitter: TimeSpan = .zero
    ) {
        self.name = name
        self.cron = cron
        self.zone = zone
        self.tag = tag
        self.environment = environment
        self.dryRun = dryRun
        self.missed = missed
        self.overlap = overlap
        self.jitter = jitter
    }
}

/// What a time of an entry is known by: each happens once, whoever looks at the clock.
public struct FiringKey: Hashable, Sendable, Codable {
    /// `PIPELINE/NAME`, by the name of the pipeline's file.
    public var entry: String
    /// What the clocks of the entry's zone show: `2026-12-01 02:00`.
    public var nominal: String

    public init(entry: String, nominal: String) {
        self.entry = entry
        self.nominal = nominal
    }

    public init(entry: String, _ firing: Firing) {
        self.init(entry: entry, nominal: firing.nominal.description)
    }
}

/// `deploy/nightly@2026-12-01 02:00`.
extension FiringKey: LosslessStringConvertible {
    public var description: String { "\(entry)@\(nominal)" }

    public init?(_ description: String) {
        guard let sign = description.lastIndex(of: "@"), sign != description.startIndex,
            description.index(after: sign) != description.endIndex
        else { return nil }
        self.init(
            entry: String(description[..<sign]), nominal: String(description[description.index(after: sign)...]))
    }
}
