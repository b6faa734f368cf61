/// The colours of one state: letters are read well on the fill, in light and in dark.
struct GraphInk: Hashable, Sendable {
    var fill: String
    var stroke: String
    var text: String

    init(_ paint: StageGraph.Paint, isDark: Bool) {
        let (fill, stroke) = isDark ? Self.dark(paint) : Self.light(paint)
        self.fill = fill
        self.stroke = stroke
        text = Self.letters(isDark: isDark)
    }

    static func ground(isDark: Bool) -> String { isDark ? "#0d1117" : "#ffffff" }
    static func letters(isDark: Bool) -> String { isDark ? "#f0f6fc" : "#1f2328" }
    static func line(isDark: Bool) -> String { isDark ? "#848d97" : "#7d8590" }
    static func noReturn(isDark: Bool) -> String { isDark ? "#ff7b72" : "#a40e26" }

    private static func light(_ paint: StageGraph.Paint) -> (fill: String, stroke: String) {
        switch paint {
        case .pending: ("#f6f8fa", "#7d8590")
        case .waiting: ("#fff8c5", "#9a6700")
        case .running: ("#ddf4ff", "#0969da")
        case .succeeded: ("#dafbe1", "#1a7f37")
        case .failed: ("#ffd7d5", "#cf222e")
        case .skipped: ("#ffffff", "#838b95")
        case .cancelled: ("#e2e6ea", "#57606a")
        case .interrupted: ("#ffe2cc", "#bc4c00")
        case .unknown: ("#ffdff0", "#bf3989")
        case .undone: ("#f3e8ff", "#8250df")
        }
    }

    private static func dark(_ paint: StageGraph.Paint) -> (fill: String, stroke: String) {
        switch paint {
        case .pending: ("#21262d", "#848d97")
        case .waiting: ("#3b2e04", "#d29922")
        case .running: ("#0c2d6b", "#58a6ff")
        case .succeeded: ("#0f3d1e", "#3fb950")
        case .failed: ("#6a1518", "#f85149")
        case .skipped: ("#0d1117", "#6e7681")
        case .cancelled: ("#343b43", "#9198a1")
        case .interrupted: ("#5a2606", "#f0883e")
        case .unknown: ("#541a3a", "#f778ba")
        case .undone: ("#3c1e70", "#bc8cff")
        }
    }
}
