public import ShipitCore

/// What an action needs to do a stage's work on hosts.
public struct HostWork: Hashable, Sendable {
    public var order: HostOrder
    /// By name: those on which the stage's command may have begun, in any of its attempts.
    public var touched: Set<String>
    /// By name: those on which this part succeeded in an attempt that was interrupted. They are left out.
    public var through: Set<String>
    /// What the command sees there besides its login's: `SHIPIT_*` and `env:`, and nothing of this machine's.
    public var variables: [String: String]
    /// Where the command starts there, relative to the home of the login; `nil` for that home.
    public var workdir: String?
    /// Whether it is asked if the work is done, instead of doing it.
    public var isVerification: Bool

    public init(
        order: HostOrder, touched: Set<String> = [], through: Set<String> = [], variables: [String: String] = [:],
        workdir: String? = nil, isVerification: Bool = false
    ) {
        self.order = order
        self.touched = touched
        self.through = through
        self.variables = variables
        self.workdir = workdir
        self.isVerification = isVerification
    }
}
