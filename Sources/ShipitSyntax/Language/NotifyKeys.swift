import ShipitCore

extension NotifyDecoder.Key {
    static var aboutSection: SectionDescription {
        SectionDescription(
            "notify", at: "notify",
            "Who is told of what, by the action of a plugin. Telling never holds up or fails a run: see docs/notify.md."
        )
    }

    static var required: [Self] { [.on, .uses] }

    var about: KeyDescription {
        switch self {
        case .on:
            KeyDescription(
                .listOrOne(.word(NotifyDecoder.words), isEmpty: false),
                "What is told of: how a run goes on and how it ends. `changed` is a dry-run's.",
                example: "on: [waiting, rolled-back, rollback-failed]")
        case .uses: KeyDescription(.action, "The action of a plugin.", example: "uses: chat-webhook")
        case .with:
            KeyDescription(
                .inputs,
                "Its inputs. `run.moment`, `run.outcome` and `run.reason` are known here; what a stage gave needs a "
                    + "default.",
                example: #"with: {text: "${{ release.version }}: ${{ run.moment }}"}"#)
        }
    }
}

extension NotifyDecoder.StageKey {
    static var aboutSection: SectionDescription {
        SectionDescription(
            "stage.notify", at: "stages.NAME.notify",
            "Tells somebody when the stage is reached. The run goes on at once, however the telling goes.")
    }

    static var required: [Self] { [.uses] }

    var about: KeyDescription {
        switch self {
        case .uses: NotifyDecoder.Key.uses.about
        case .with: KeyDescription(.inputs, "Its inputs.")
        }
    }
}
