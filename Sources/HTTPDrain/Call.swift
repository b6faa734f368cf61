/// Answers one call. `drain` takes a server out and waits until its connections are gone; `return` brings it back.
struct Call {
    private let request: Request
    private let messages: Messages

    init(_ request: Request, _ messages: Messages) {
        self.request = request
        self.messages = messages
    }

    /// - Returns: the exit status.
    func answer() throws(Trouble) -> Int32 {
        switch request.call {
        case .preview: try preview(try request.inputs.balancer())
        case .perform: try perform(try request.inputs.balancer())
        case .verify: return verify(try request.inputs.balancer())
        case .undo:
            // Where no attempt has come to say how the server stood, none has touched it.
            guard let was = request.outputs.was else { break }
            try undo(try request.inputs.balancer(), to: was)
        }
        return 0
    }

    private var target: Standing { request.action == .drain ? .drained : .serving }

    private func preview(_ balancer: any Balancer) throws(Trouble) {
        let before = try balancer.standing().standing
        guard before != target else {
            messages.preview(["\(balancer.name) is \(before.rawValue) already"])
            return
        }
        var lines = ["\(balancer.name): from \(before.rawValue) to \(target.rawValue)"]
        if target == .drained {
            lines.append(
                "wait until its connections are gone, at most \(request.inputs.wait) s (\(try balancer.connections()) now)"
            )
        }
        messages.preview(lines)
    }

    private func perform(_ balancer: any Balancer) throws(Trouble) {
        let (before, isInForce) = try balancer.standing()
        // What an earlier attempt has found is the start, not what it has made of it.
        if request.outputs.was == nil { try messages.output(was: before) }
        if before == .maintenance, target == .drained {
            throw .failed("\(balancer.name) is in maintenance: somebody else has taken it out")
        }
        let open = try balancer.connections()
        if before != target || !isInForce { try balancer.set(target) }
        guard target == .drained else { return }
        if open > 0 { messages.log("\(open) connections of \(balancer.name) are still open") }
        var left = open
        let isEmpty = try Patience.wait(request.inputs.wait) { () throws(Trouble) in
            left = try balancer.connections()
            return left == 0
        }
        guard isEmpty else {
            throw .notNow("\(left) connections of \(balancer.name) were still open after \(request.inputs.wait) s")
        }
        try messages.output(drained: open)
    }

    private func verify(_ balancer: any Balancer) -> Int32 {
        do throws(Trouble) {
            let (standing, isInForce) = try balancer.standing()
            guard standing == target, isInForce else { return 1 }
            if target == .drained, try balancer.connections() > 0 { return 1 }
            return 0
        } catch {
            messages.reason(error.reason)
            return 2
        }
    }

    private func undo(_ balancer: any Balancer, to was: Standing) throws(Trouble) {
        let (standing, isInForce) = try balancer.standing()
        if standing != was || !isInForce { try balancer.set(was) }
    }
}
