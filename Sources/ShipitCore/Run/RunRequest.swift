/// What a person asks of the engine that drives a run.
public enum RunRequest: Hashable, Sendable {
    case act(OperatorAct)
    case approve(SignOff)
    case reject(SignOff, why: String)

    public var happening: Happening {
        switch self {
        case .act(let act): .asked(act)
        case .approve(let signOff): .approved(signOff)
        case .reject(let signOff, let why): .rejected(signOff, why: why)
        }
    }
}

/// An act as it always was; a word is told from it by its key.
extension RunRequest: Codable {
    private enum Key: String, CodingKey {
        case signOff, why
    }

    public init(from decoder: any Decoder) throws {
        let json = try decoder.container(keyedBy: Key.self)
        guard let signOff = try json.decodeIfPresent(SignOff.self, forKey: .signOff) else {
            self = .act(try OperatorAct(from: decoder))
            return
        }
        let why = try json.decodeIfPresent(String.self, forKey: .why)
        self = why.map { .reject(signOff, why: $0) } ?? .approve(signOff)
    }

    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .act(let act): try act.encode(to: encoder)
        case .approve(let signOff):
            var json = encoder.container(keyedBy: Key.self)
            try json.encode(signOff, forKey: .signOff)
        case .reject(let signOff, let why):
            var json = encoder.container(keyedBy: Key.self)
            try json.encode(signOff, forKey: .signOff)
            try json.encode(why, forKey: .why)
        }
    }
}
