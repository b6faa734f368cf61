import ShipitCore

extension Reference {
    /// What `${{ … }}` may name, with what it is, in the order of docs/language.md.
    static let names: KeyValuePairs<String, String> = [
        "release.tag": "The tag that is deployed.",
        "release.version": "Its version: the tag without a leading `v`.",
        "release.commit": "Its commit, 40 hexadecimal digits.",
        "release.tree": "A folder with the tag's tree, to be read only.",
        "target.tag":
            "The release that is worked towards: this one when performing, the live one before it when undoing.",
        "target.version": "The version of that release.",
        "target.commit": "The commit of that release.",
        "target.tree": "The tree of that release.",
        "previous.tag": "The release that was live before; empty on a first deployment.",
        "previous.version": "The version of that release.",
        "previous.commit": "The commit of that release.",
        "environment": "The environment's name.",
        "vars.NAME": "A variable of the environment, or what `--set` gave.",
        "secrets.NAME": "A secret: in `env`, in headers and in inputs that take secrets, nowhere else.",
        "stages.NAME.outputs.OUTPUT":
            "What a stage gave. It must be among what this one needs; of a stage that may be skipped it needs a default.",
        "item": "The item of `for-each`.",
        "instance.index": "In a rolling restart: the number of the instance, from 1.",
        "instance.name": "Its name.",
        "instance.port": "Its port.",
        "run.id": "The run.",
        "run.moment": "In `notify`: what is told of, in the word of `on`.",
        "run.outcome": "In `notify`: how the run ended; empty while it has not.",
        "run.reason": "In `notify`: why; empty where nobody said.",
    ]
}
