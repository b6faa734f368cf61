import ShipitCore
import Testing

@testable import ShipitImport

@Suite(.timeLimit(.minutes(1))) struct ChecklistReaderTests {
    private func items(_ markdown: String) -> [ChecklistItem] { ChecklistReader.read(markdown).items }

    @Test func `boxes are found in lists, numbered steps, headings, code, tables and after a colon`() {
        let found = items(
            """
            # Title
            ### [ ] Tell everybody
            - [x] Images built
            1. [ ] Stop the app
               - [X] Really stopped
            ```
            Selected window: [ ] to be said
              [ ] Code pulled
            ```
            | Step | Done | Owner |
            | --- | --- | --- |
            | Backup | [x] | Ana |
            Decided? [ ] yes [ ] no
            """)
        #expect(
            found.map(\.text) == [
                "Tell everybody", "Images built", "Stop the app", "Really stopped", "Selected window: to be said",
                "Code pulled", "Backup | Ana", "Decided? yes", "Decided? no",
            ])
        #expect(found.map(\.isTicked) == [false, true, false, true, false, false, true, false, false])
        #expect(found.map(\.line) == [2, 3, 4, 5, 7, 8, 12, 13, 13])
        #expect(found.map(\.level) == [1, 1, 1, 2, 1, 2, 1, 1, 1])
    }

    @Test func `links, indexes and talk about boxes are no boxes`() {
        #expect(
            items(
                """
                - [x](https://example.com) is a link
                - [x]: https://example.com
                Tick `[x]` when it is done, and leave [ ] otherwise.
                ```
                values[x] = list[ ]
                []
                ```
                """
            ).isEmpty)
    }

    @Test func `a further box of a line belongs to the words of the first`() {
        #expect(
            items("- [ ] **DECISION: [ ] GO  [ ] DEFER**").map(\.text) == ["**DECISION: [ ] GO  [ ] DEFER**"])
    }

    @Test func `sections are headings, bold lines and lines above boxes in code`() {
        let found = items(
            """
            # Release
            ## Before
            **Tasks**:
            - [ ] one
            **Duration**: 5 minutes
            - [ ] two
            ## Day
            ```
            T-60min: ready
              [ ] three
            T-30min: begin
              [ ] four
            ```
            - [ ] five
            """)
        #expect(
            found.map(\.section) == [
                ["Before", "Tasks"], ["Before", "Tasks"], ["Day", "T-60min: ready"], ["Day", "T-30min: begin"], ["Day"],
            ])
    }

    @Test func `what stands below an item is its notes, blocks of code included`() {
        let found = items(
            """
            - [ ] Rows counted
              ```sql
              SELECT count(*) FROM users;
              ```
              - Expected: more than none
            - [ ] Lead agrees
              - [ ] Tests pass
              - Signature: ____
            - [ ] Long words that
            go on here
            """)
        #expect(found[0].notes.count == 4)
        #expect(found[1].notes == ["  - Signature: ____"])
        #expect(found[3].notes == ["go on here"])
    }

    @Test func `owners come from notes, handles, and from whose sign-off it is`() {
        let found = items(
            """
            **Team Lead**: Release crew
            ## Technical Lead Sign-Off
            - [ ] Tests pass
            ## Rest
            - [ ] @pm (Morgan) - Aware
            - [ ] Uses @types/node and mail@example.com
            - [ ] Schema
              - Owner: Database Administrator
            - [ ] **CTO Approval**
              - [ ] Risk accepted
            """)
        #expect(
            found.map { $0.owner?.role } == [
                "technical-lead", "pm", nil, "database-administrator", "cto", "cto",
            ])
        #expect(found[1].owner?.person == "morgan")
    }

    @Test func `line ends of Windows and a byte order mark change nothing`() {
        let found = items("\u{FEFF}# T\r\n- [x] one\r\n- [ ] two\r\n")
        #expect(found.map(\.text) == ["one", "two"])
        #expect(found.map(\.line) == [2, 3])
    }
}
