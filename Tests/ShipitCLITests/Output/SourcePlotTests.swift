import Foundation
import FoundationXML
import ShipitCore
import Testing

@testable import ShipitCLI

@Suite(.timeLimit(.minutes(3)))
struct SourcePlotTests {
    /// A run that breached, and what its only source gave, from the begin of monitoring on.
    static func report(_ kinds: [Sample.Kind], every: TimeSpan = .seconds(5)) -> RunReport {
        let story = Story.undoFailed()
        var report = RunReportTests.report(story)
        let began = story.state.monitoringStartedAt!
        report.view.samples = kinds.enumerated().map { number, kind in
            let at = began + .milliseconds(every.milliseconds * Int64(number))
            return RecordedSample(source: "api", sample: Sample(at: at, kind: kind), standings: "")
        }
        return report
    }

    static func good(_ seconds: Double) -> Sample.Kind { .good(seconds: seconds, number: nil) }

    @Test func `a source has a plot of its answers and one of the share of errors that a rule asks for`() throws {
        let plots = SourcePlot.plots(of: Self.report([Self.good(0.02), .error, Self.good(0.03), .noData]))
        #expect(plots.map(\.dimension) == [.time, .ratio])
        let answers = try #require(plots.first)
        #expect(answers.samples.columns.map(\.high) == [0.02, 0.03])
        #expect(answers.limits.map(\.value) == [0.2] && answers.limits.map(\.warns) == [true])
        #expect(answers.failures.count == 2)
        let errors = try #require(plots.last)
        #expect(errors.samples.columns.isEmpty && errors.lines.map(\.metric) == ["error-rate"])
        #expect(errors.limits.map(\.value) == [0.05] && errors.limits.map(\.warns) == [false])
        #expect(errors.lines[0].trace.highest == 0.5)
    }

    @Test func `a spike of one sample in a day is still seen`() throws {
        var kinds = Array(repeating: Self.good(0.02), count: 17_280)
        kinds[9_000] = Self.good(4)
        let plot = try #require(SourcePlot.plots(of: Self.report(kinds)).first)
        #expect(plot.samples.columns.count <= Trace.width)
        #expect(plot.samples.highest == 4 && plot.highest == 4)
        #expect(plot.samples.columns.count { $0.high == 4 } == 1)
    }

    @Test func `the breach, the stages and the limit are in the picture, and it is well-formed`() throws {
        let report = Self.report(Array(repeating: Self.good(0.02), count: 70))
        let figures = SourcePlot.plots(of: report).map { PlotDrawing(plot: $0).figure }
        #expect(figures.count == 2)
        for figure in figures {
            let document = try XMLDocument(xmlString: figure)
            func count(_ path: String) throws -> Int { try document.nodes(forXPath: path).count }
            #expect(try count("//line[@class='breach']") == 1)
            #expect(try count("//rect[@class='band undo']") == 2)
            #expect(try count("//line[starts-with(@class, 'limit')]") == 1)
        }
        #expect(figures[0].contains("class=\"sample\"") && figures[1].contains("class=\"trace first\""))
        #expect(ReportHTML.text(report).contains(figures[0]))
    }

    @Test func `a line is broken where nothing was judged for long`() throws {
        // 20 answers, two minutes of nothing, 20 answers.
        let silence = Array(repeating: Sample.Kind.noData, count: 24)
        let answers = Array(repeating: Self.good(0.02), count: 20)
        let plot = try #require(SourcePlot.plots(of: Self.report(answers + silence + answers)).last)
        let path = try #require(PlotDrawing(plot: plot).figure.firstMatch(of: #/class="trace first" d="([^"]*)"/#)?.1)
        #expect(path.count { $0 == "M" } == 2)
    }

    @Test func `words of others are no tags in a figure`() throws {
        var report = Self.report([Self.good(0.02)])
        report.view.state = Story(Story.plan(monitor: Self.hostile)).state
        report.view.samples[0].source = "<b>"
        for plot in SourcePlot.plots(of: report) {
            _ = try XMLDocument(xmlString: PlotDrawing(plot: plot).figure)
        }
    }

    private static let hostile = Monitor(
        sources: [
            MonitorSource(name: "<b>", probe: ProbeRequest(probe: "tcp", subject: .text(Template(literal: "x"))))
        ], rollbackWhen: [Story.rule("api.p95 > 1s")])

    @Test func `status, why and the report tell the samples that decided`() throws {
        let report = Self.report([Self.good(0.25), .error] + Array(repeating: .noData, count: 3))
        let words = "the last samples of api (UTC): 01:30:20 250ms, 01:30:25 error, 01:30:30 no data"
        #expect(StatusText.text(report.view, now: report.now).contains(words))
        #expect(WhyText.text(Why(report, lock: nil)).contains(words))
        #expect(ReportHTML.text(report).contains(words))
        #expect(ReportMarkdown.text(report).contains("01:30:25 error"))
        let json = StatusJSON.text(report.view)
        #expect(json.contains("\"kind\": \"no-data\"") && json.contains("\"seconds\": 0.25"))
        #expect(WhyJSON.text(Why(report, lock: nil)).contains("\"seconds\": 0.25"))
    }
}
