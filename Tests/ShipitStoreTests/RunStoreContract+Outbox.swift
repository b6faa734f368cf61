import ShipitCore
import ShipitEngine
import ShipitStore
import Testing

extension RunStoreContract {
    static let outbox: [RunStoreContract] = [
        RunStoreContract("messages come into the outbox with their events, and only with them") { open in
            let store = try open()
            let run = Sample.run("r1")
            try store.create(
                run, events: [.runCreated(run.created)], notices: [notice(1, .waiting)], at: Sample.start)
            let epoch = try store.lockTaken(by: run)
            try store.tell([notice(2, .paused), notice(2, .paused, of: .stage("tell"))], run, epoch, after: 1)
            #expect {
                try store.tell([notice(3, .failed)], run, epoch, after: 1)
            } throws: { error in
                if case StoreError.conflict = error { true } else { false }
            }
            let kept = try open().outbox(of: "r1")
            #expect(
                kept.map(\.notice) == [
                    notice(1, .waiting), notice(2, .paused), notice(2, .paused, of: .stage("tell")),
                ])
            #expect(kept.allSatisfy { $0.state == .open && $0.tries == 0 && $0.run == "r1" })
            #expect(Set(kept.map(\.key)).count == 3)
            #expect(try store.outbox(of: "nosuch").isEmpty)
        },
        RunStoreContract("a message that somebody has taken is nobody else's, until it is settled or their time is up")
        {
            open in
            let (store, run) = try begun(open)
            let first = try #require(try store.takeNotice(of: run, at: Sample.start))
            #expect(first.tries == 1)
            #expect(try open().takeNotice(of: nil, at: Sample.start + .seconds(29)) == nil)
            // Who took it was killed before it could say how it went: it is sent again, under the same key.
            let again = try #require(try open().takeNotice(of: nil, at: Sample.start + .seconds(30)))
            #expect((again.key, again.tries) == (first.key, 2))
            // Who was too slow has nothing to say about the try of another.
            try store.settle(first, .failed("too slow"), at: Sample.start + .seconds(31))
            #expect(try store.takeNotice(of: run, at: Sample.start + .seconds(31)) == nil)
            try store.settle(again, .delivered, at: Sample.start + .seconds(32))
            #expect(try store.outbox(of: run).map(\.state) == [.delivered])
            #expect(try store.takeNotice(of: nil, at: Sample.start + .hours(24)) == nil)
        },
        RunStoreContract("what fails is tried again later and later, and given up after the last try") { open in
            let (store, run) = try begun(open)
            var (now, waits): (Instant, [Int64]) = (Sample.start, [])
            for number in 1...NoticeTries.policy.attempts {
                let message = try #require(try store.takeNotice(of: run, at: now))
                #expect(message.tries == number)
                try store.settle(message, .failed("no answer"), at: now)
                guard number < NoticeTries.policy.attempts else { break }
                let next = try store.outbox(of: run)[0].nextTry
                #expect(try store.takeNotice(of: run, at: next + .milliseconds(-1)) == nil)
                waits.append((next - now).milliseconds / 1000)
                now = next
            }
            #expect(waits == [5, 15, 45, 135, 405, 1215, 3600, 3600, 3600])
            let kept = try store.outbox(of: run)[0]
            #expect((kept.state, kept.trouble) == (.undelivered, "no answer"))
            #expect(try store.takeNotice(of: nil, at: now + .hours(100)) == nil)
        },
        RunStoreContract("what cannot be helped is given up at once") { open in
            let (store, run) = try begun(open)
            let message = try #require(try store.takeNotice(of: run, at: Sample.start))
            try store.settle(message, .failedForGood("wrong inputs"), at: Sample.start)
            let kept = try store.outbox(of: run)[0]
            #expect((kept.state, kept.trouble) == (.undelivered, "wrong inputs"))
        },
        RunStoreContract("a last try that was cut off is not repeated for ever") { open in
            let (store, run) = try begun(open)
            var now = Sample.start
            for _ in 1...NoticeTries.policy.attempts {
                _ = try #require(try store.takeNotice(of: run, at: now))
                now = now + .hours(2)
            }
            #expect(try store.takeNotice(of: run, at: now) == nil)
            #expect(try store.outbox(of: run)[0].state == .undelivered)
        },
        RunStoreContract("news of one entry come in their order, those of others do not wait for them") { open in
            let (store, run) = try begun(open)
            let epoch = try #require(try store.lock(of: "production")).epoch
            let first = try #require(try store.takeNotice(of: run, at: Sample.start))
            try store.settle(first, .failed("no answer"), at: Sample.start)
            let other = Notice(.entry(2), .failed, sequence: 2)
            try store.tell([notice(2, .failed), other], Sample.run(run), epoch, after: 1)
            // The news make the one before them due at once.
            let taken = [
                try store.takeNotice(of: run, at: Sample.start + .seconds(1)),
                try store.takeNotice(of: run, at: Sample.start + .seconds(1)),
                try store.takeNotice(of: run, at: Sample.start + .seconds(1)),
            ]
            #expect(taken.map { $0?.notice } == [first.notice, other, nil])
            try store.settle(try #require(taken[0]), .delivered, at: Sample.start + .seconds(2))
            #expect(try store.takeNotice(of: run, at: Sample.start + .seconds(2))?.notice == notice(2, .failed))
        },
        RunStoreContract("of one run or of any, the oldest first") { open in
            let (store, _) = try begun(open)
            let other = Sample.run("r2", environment: "staging")
            try store.create(
                other, events: [.runCreated(other.created)], notices: [notice(1, .waiting)],
                at: Sample.start + .seconds(-1))
            #expect(try store.takeNotice(of: "r1", at: Sample.start)?.run == "r1")
            #expect(try store.takeNotice(of: nil, at: Sample.start)?.run == "r2")
            #expect(try store.takeNotice(of: nil, at: Sample.start) == nil)
        },
    ]

    private static func notice(_ sequence: Int64, _ moment: Moment, of source: Notice.Source = .entry(1)) -> Notice {
        Notice(source, moment, sequence: sequence)
    }

    /// A run with one message.
    private static func begun(_ open: Opening) throws -> (store: any RunStore, run: RunID) {
        let store = try open()
        let run = Sample.run("r1")
        try store.create(run, events: [.runCreated(run.created)], notices: [notice(1, .started)], at: Sample.start)
        _ = try store.lockTaken(by: run)
        return (store, "r1")
    }
}

extension RunStore {
    fileprivate func lockTaken(by run: NewRun) throws -> Epoch {
        let answer = try takeLock(
            environment: run.created.environment, run: run.created.run, holder: try .current())
        guard case .taken(let epoch) = answer else { throw StoreError.failed("begin a run", cause: "\(answer)") }
        return epoch
    }

    fileprivate func tell(_ notices: [Notice], _ run: NewRun, _ epoch: Epoch, after last: Int64) throws {
        _ = try append(
            [.paused(reason: "a word")], notices: notices, to: run.created.run, at: Sample.start + .seconds(1),
            epoch: epoch, after: last, summary: RunSummaryState(state: .paused))
    }
}
