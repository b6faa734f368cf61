import ShipitCore

/// What may stand under a key, said once beside the decoder that reads it: the schema for editors and docs/language.md
/// are made of it.
indirect enum Shape {
    /// Text that says something and is read as it stands. Numbers and `yes` are text, too.
    case text
    /// The same, or `""`.
    case value
    /// Words for people, in which anything may stand.
    case anyText
    /// Text in which `${{ … }}` is substituted.
    case template
    case yesOrNo
    case whole(ClosedRange<Int>)
    case number(in: ClosedRange<Int>? = nil)
    case duration
    /// Longer than nothing.
    case positiveDuration
    case ratio
    /// A ratio of at most 100%.
    case share
    /// `OP VALUE` of any dimension.
    case condition
    /// One of these words.
    case word([String])
    /// Text that matches a regular expression (of ECMA-262), and what that is, for messages: `a rule, such as …`.
    case pattern(String, String)
    case list(Shape, isEmpty: Bool = false)
    /// A list, or one value that stands for a list of itself.
    case listOrOne(Shape, isEmpty: Bool = true)
    /// A mapping whose keys the author chooses.
    case mapping(Names, of: Shape, isEmpty: Bool = true)
    case section(any SectionKey.Type)
    case either([Shape])
    /// The key may be left without a value.
    case orNothing(Shape)
    /// A script for the shell, or an argv list.
    case command
    /// A command, `{run: …}`, or `{uses: …, with: …}`.
    case call
    /// The name of an action of the catalog.
    case action
    /// The inputs of the action that `uses` names.
    case inputs
    /// A check of a suite: what all checks have, one probe of the catalog and that probe's fields.
    case check
    /// A source of the monitor: one probe that can be sampled, its fields, and how often.
    case source
    /// Not looked at: the keys of later versions.
    case anything

    /// What an author's own key may be.
    enum Names {
        /// Of stages, suites, sources, environments, people and roles.
        case names
        /// Of environment variables and secrets.
        case variables
        /// The same, without those that begin with `SHIPIT_`.
        case ownVariables
        /// Of `vars:`, which scripts read as `SHIPIT_VAR_<name>`.
        case vars
        case any
    }
}

/// What a key of the language takes and is for.
struct KeyDescription {
    var shape: Shape
    /// A sentence or two, in Markdown, with full stops.
    var help: String
    /// What holds without the key.
    var fallback: String?
    /// As it stands in a file.
    var example: String?

    init(_ shape: Shape, _ help: String, fallback: String? = nil, example: String? = nil) {
        self.shape = shape
        self.help = help
        self.fallback = fallback
        self.example = example
    }

    /// A key that is understood and not yet enforced.
    static func later(_ help: String) -> KeyDescription { KeyDescription(.anything, help) }
}

/// What the keys of a mapping are together.
struct SectionDescription {
    /// Of its definition in the schema, such as `stage`.
    var name: String
    /// Where it stands in a file, for headings: `stages.NAME`.
    var place: String
    /// Sentences in Markdown.
    var help: String
    var mayBeEmpty: Bool

    init(_ name: String, at place: String, _ help: String, mayBeEmpty: Bool = true) {
        self.name = name
        self.place = place
        self.help = help
        self.mayBeEmpty = mayBeEmpty
    }
}
