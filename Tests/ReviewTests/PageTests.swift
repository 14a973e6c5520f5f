// The page of `echoprep review` in a real browser, served by the built program: every key.

import Foundation
import Testing

/// Whether the tests below can look at the page.
@Suite(.enabled(if: Browser.isInstalled, "Chromium or its driver is missing: make deps-test"), .serialized)
struct PageTests {
    @Test func `every key does what the help says of it`() async throws {
        try await Served.with("--run", "icd") { served in
            try await Browser.with(in: served.folder) { page in
                try await page.open(served.url)
                try await page.wait("\(at(1)) && $('#where .study')")
                #expect(try await page.run("return location.href", as: String.self) == served.place)

                // Along the clips and studies.
                try await page.press("ArrowRight")
                try await page.wait(at(2))
                try await page.press("d", "a", "ArrowLeft", "ArrowLeft")
                try await page.wait("\(at(1)) && \(said("first clip"))")
                let study = "$('#where .study').textContent"
                let first = try await page.run("return \(study)", as: String.self)
                try await page.press("ArrowDown")
                try await page.wait("\(study) !== '\(first)'")
                try await page.press("ArrowUp")
                try await page.wait(at(1))

                // Time.
                try await page.wait("$('#play').dataset.playing === 'true'")
                let seek = "Number($('#seek').value)"
                let still = "$('#play').dataset.playing === 'false'"
                try await page.wait("\(seek) > 0")
                try await page.press("Space")
                try await page.wait(still)
                let frame = try await page.run("return \(seek)", as: Int.self)
                try await page.press(".")
                try await page.wait("\(seek) === (\(frame) + 1) % 6")
                try await page.press(",", ",")
                try await page.wait("\(seek) === (\(frame) + 5) % 6")
                try await page.press("]", "]", "]", "]")
                try await page.wait("$('#speed').textContent === '2×'")
                try await page.press("[", "[", "[", "[", "[", "[", "[")
                try await page.wait("$('#speed').textContent === '0.25×'")

                // What else is known.
                try await page.press("o")
                try await page.wait("$('#source').width === 254 && $('#clip').hidden")
                try await page.wait("$('#caption').textContent.includes('crop')")
                try await page.press("m")
                try await page.wait("!$('#caption').textContent.includes('crop')")
                try await page.press("m", "o")
                try await page.wait("$('#source').hidden")
                try await page.wait("$('#why tr')")
                try await page.wait("$('#labels .evidence')")
                try await page.press("l")
                try await page.wait("$('#labels li') && !$('#labels .evidence')")
                try await page.press("p")
                try await page.wait("document.querySelectorAll('#predictions .bars li').length > 3")
                try await page.press("p", "r")
                try await page.wait("$('#predictions').hidden && \(said("Nothing is hidden"))")

                // Decisions: the last that is asked leads on.
                let views = ["PLAX", "PSAX", "A4C", "A2C", "A3C", "A5C", "SC", "SSN", "other"]
                for (number, view) in views.enumerated() {
                    try await page.press("\(number + 1)")
                    try await page.wait(chosen(view))
                }
                for (key, word) in [("k", "keep"), ("x", "exclude")] {
                    try await page.press(key)
                    try await page.wait("\(said(word)) && $('#saving').dataset.state === 'saved'")
                }
                try await page.wait("\(at(2)) && \(chosen()) === 0")
                for (key, word) in [("q", "poor"), ("w", "fair"), ("e", "good"), ("3", "A4C")] {
                    try await page.press(key)
                    try await page.wait(chosen(word))
                }
                try await page.press("k")
                try await page.wait(at(3))
                try await page.press("ArrowLeft")
                try await page.wait("\(at(2)) && \(chosen()) === 3")
                try await page.press("z")
                try await page.wait("\(said("undone")) && \(chosen()) === 2")
                try await page.press("z", "z")
                try await page.wait("\(chosen("fair")) && \(chosen()) === 1")
                try await page.press("Shift+z", "Shift+z", "Shift+z")
                try await page.wait("\(said("redone")) && \(chosen("good")) && \(chosen()) === 3")
                try await page.press("c")
                try await page.wait("document.activeElement.tagName === 'TEXTAREA'")
                try await page.press("k", "x", " ", "1", "Enter")
                try await page.wait("\(said("note")) && document.activeElement === document.body && \(saved)")
                try await page.press("t")
                try await page.wait(said("--form"))
                try await page.press("ArrowLeft", "n")
                try await page.wait(at(3))
                #expect(
                    try served.stored("SELECT value FROM v_current WHERE field = 'note'", as: String.self)
                        == ["kx 1"])
                #expect(
                    try served.stored("SELECT value FROM v_current WHERE field <> 'note' ORDER BY value")
                        == ["A4C", "exclude", "good", "keep", "other"])

                // The sheet.
                try await page.press("g")
                try await page.wait("document.querySelectorAll('.tile').length > 20")
                try await page.press("ArrowRight", "Shift+ArrowRight", "Shift+ArrowRight", "x")
                try await page.wait(
                    "\(said("3 clips")) && document.querySelectorAll('.tile.exclude').length === 4")
                try await page.press("End", "Home", "Enter")
                try await page.wait("\(at(1)) && $('#sheet').hidden")

                // Dialogs; a key that is changed.
                try await page.press("/")
                try await page.wait("$('#filter').open")
                try await page.run(
                    """
                    const { kept } = $("#filter form").elements;
                    kept.value = "dropped";
                    kept.dispatchEvent(new Event("input", { bubbles: true }));
                    """)
                try await page.wait("!$('#filtered').hidden")
                // A list in the dialog has the focus; a key right behind the one that closes it is no letter of the list's.
                try await page.press("Escape", "g")
                try await page.wait("!$('#filter').open && !$('#tag').hidden && !$('#sheet').hidden")
                try await page.press("g")
                let dropped = try served.catalogued("SELECT count(*) FROM clip WHERE kept = 0", as: Int.self)[
                    0]
                try await page.wait("$('#where').textContent.endsWith('of \(dropped)')")
                try await page.wait("$('#notice').hidden && $('#frame').textContent")
                try await page.press("y")
                try await page.wait("$('#agreement').innerText.includes('No two raters')")
                try await page.press("Escape", "b")
                try await page.wait("document.documentElement.dataset.theme === 'light'")
                try await page.press("?")
                try await page.wait("$('#help').open")
                try await page.run("$('[aria-label^=\"change the key of clip: exclude\"]').focus()")
                try await page.press("Enter", "j", "Escape", "ArrowRight", "j")
                try await page.wait("\(said("exclude")) && \(chosen()) === 0")
                try await page.press("x", "ArrowLeft")
                try await page.wait("\(at(2)) && \(chosen("exclude"))")

                #expect(try await page.messages() == [])
                let foreign = try await page.requests().filter { url in
                    !["\(served.place)", "blob:\(served.place)", "data:"].contains { url.hasPrefix($0) }
                }
                #expect(foreign == [])
            }
        }
    }
}
