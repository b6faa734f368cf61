import Foundation
import Testing

/// The plugin status-page, asking the built program what there is to say.
@Suite(.serialized, .timeLimit(.minutes(3)), .needsBinaries, .needs("python3"))
struct StatusPageTests {
    private func project(tags: [String], more: String = "") async throws -> ScratchProject {
        let project = try await ScratchProject(
            """
            shipit: 1
            name: deploy
            environments: {production: {}}
            stages:
              work: {run: 'test ! -e broken', rollback: 'true'}
              page:
                needs: [work]
                uses: status-page
                with: {page: site/index.html, title: "<Ours>", shipit: "\(try Binaries.shipit())"\(more)}
            """, files: ["site/keep": ""], tags: tags)
        try ShippedPlugin.put("status-page", into: project)
        return project
    }

    @Test func `the page has the live release and the last runs, and names are text`() async throws {
        let project = try await project(tags: ["v1", "v2<script>"])
        try await project.shipit("deploy", "v1").exits(0)
        try project.touch("broken")
        try await project.shipit("deploy", "v2<script>").exits(4)
        try FileManager.default.removeItem(atPath: project.path("broken"))
        try await project.shipit("deploy", "v2<script>").exits(0)
        let page = try #require(project.read("site/index.html"))
        let (live, runs) = try halves(of: page)
        // The run that writes it is not over: what is live is the one before.
        #expect(live.contains("<td>v1</td>") && !live.contains("v2"))
        #expect(runs.contains("<td>v2&lt;script&gt;</td><td>running</td>"))
        #expect(runs.contains("<td>v2&lt;script&gt;</td><td>rolled-back</td>"))
        #expect(page.contains("<h1>&lt;Ours&gt;</h1>") && !page.contains("<script>"))
        #expect(try await project.state(of: "page")["outputs"]["runs"] == "3")
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: project.path("site")).sorted() == [
                "index.html", "keep",
            ])
    }

    private func halves(of page: String) throws -> (live: String, runs: String) {
        let cut = try #require(page.range(of: "<h2>Last runs</h2>"))
        return (String(page[..<cut.lowerBound]), String(page[cut.upperBound...]))
    }

    @Test func `it lists as many as it is told to`() async throws {
        let project = try await project(tags: ["v1", "v2", "v3"], more: ", runs: 2")
        for tag in ["v1", "v2", "v3"] { try await project.shipit("deploy", tag).exits(0) }
        let (live, runs) = try halves(of: try #require(project.read("site/index.html")))
        #expect(live.contains("<td>v2</td>"))
        #expect(runs.contains("v3") && runs.contains("v2") && !runs.contains("v1"))
    }

    @Test func `a page that cannot be written fails its stage, and says which folder`() async throws {
        let project = try await project(tags: ["v1"])
        try FileManager.default.removeItem(atPath: project.path("site"))
        try await project.shipit("deploy", "v1").exits(4).says("status-page", "site: No such file or directory")
    }
}
