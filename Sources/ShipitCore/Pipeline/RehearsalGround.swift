/// Where rehearsals may be held: a rehearsal takes a release down again, which production must never see.
public struct RehearsalGround: Sendable {
    /// What of an environment decides.
    public struct Place: Hashable, Sendable {
        public var name: String
        public var promotedFrom: String?
        /// Whether people must sign for it.
        public var isSigned: Bool
        public var wantsRehearsal: Bool

        public init(name: String, promotedFrom: String? = nil, isSigned: Bool = false, wantsRehearsal: Bool = false) {
            self.name = name
            self.promotedFrom = promotedFrom
            self.isSigned = isSigned
            self.wantsRehearsal = wantsRehearsal
        }
    }

    private let places: [Place]

    public init(_ places: [Place]) { self.places = places }

    /// - Parameter environments: those that the pipeline declares.
    public init(_ environments: [Environment]) {
        self.init(
            environments.map {
                Place(
                    name: $0.name, promotedFrom: $0.promote?.from, isSigned: $0.approvals != nil,
                    wantsRehearsal: $0.rehearsed != nil)
            })
    }

    /// Why no rehearsal may be held there; `nil` where one may.
    public func refusal(of name: String) -> String? {
        guard let place = places.first(where: { $0.name == name }) else {
            return "the pipeline declares no environments, so this is where it is deployed in earnest"
        }
        if name == "production" { return "it is called production" }
        if place.wantsRehearsal { return "it wants a rehearsal itself (rehearsed:)" }
        if place.isSigned { return "people must sign for it (approvals:)" }
        if place.promotedFrom != nil, !places.contains(where: { $0.promotedFrom == name }) {
            return "releases are promoted to it, and no further"
        }
        return nil
    }

    /// Where a rehearsal counts for an environment: where its releases come from, if one may be held there, otherwise
    /// wherever one may.
    public func environments(for name: String) -> [String] {
        if let from = places.first(where: { $0.name == name })?.promotedFrom, refusal(of: from) == nil { return [from] }
        return places.map(\.name).filter { $0 != name && refusal(of: $0) == nil }
    }
}
