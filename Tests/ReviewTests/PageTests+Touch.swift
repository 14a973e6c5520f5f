// What fingers do: swipes, taps, and that nothing needs a key.

import Foundation
import Testing

extension PageTests {
    @Test func `a finger goes through clips and sheet, decides and takes back`() async throws {
        try await Served.with("--run", "icd") { served in
            try await Browser.with(in: served.folder) { page in
                try await page.becomePhone()
                try await page.open(served.url)
                let plays = "$('#play').dataset.playing === 'true'"
                try await page.wait("\(at(1)) && \(plays) && $('#form .choice')")

                // Across the picture, far enough; down is the page's.
                try await page.swipe("#stage", across: -150, down: 12)
                try await page.wait(at(2))
                try await page.swipe("#stage", across: 150, down: -12)
                try await page.wait(at(1))
                try await page.swipe("#stage", across: 150, down: 0)
                try await page.wait("\(said("first clip")) && \(at(1))")
                try await page.swipe("#stage", across: -20, down: 0)
                try await page.swipe("#stage", across: 10, down: -120)
                #expect(try await page.run("return Boolean(\(at(1)))", as: Bool.self))

                // A tap holds it, another lets it go; frames and speed have buttons.
                #expect(try await page.run("return Boolean(\(plays))", as: Bool.self))
                try await page.tap("#stage")
                try await page.wait("!(\(plays))")
                let frame = try await page.run("return Number($('#seek').value)", as: Int.self)
                try await page.tap("[data-action=frameOn]")
                try await page.wait("Number($('#seek').value) === \((frame + 1) % 6)")
                try await page.tap("[data-action=faster]")
                try await page.wait("$('#speed').textContent === '1.5×'")
                try await page.tap("#stage")
                try await page.wait(plays)

                // Decisions, and what takes them back.
                try await page.tap("#form .choice:nth-child(2)")
                try await page.wait("\(said("exclude")) && \(saved) && \(at(2))")
                try await page.tap("[data-action=undo]")
                try await page.wait("\(said("undone")) && \(at(1)) && \(chosen()) === 0")
                try await page.tap("[data-action=undecided]")
                try await page.wait(at(2))

                // All else stands behind one button.
                try await page.tap("[data-action=help]")
                try await page.wait("$('#help').open")
                let names = try await page.run(
                    "return [...document.querySelectorAll('#help li .link')].map((one) => one.textContent)",
                    as: [String].self)
                for name in ["redo", "source picture", "filter", "predictions and attention", "next study"] {
                    #expect(names.contains(name), "\(names)")
                }
                try await page.run(
                    "[...document.querySelectorAll('#help li .link')].find((one) => one.textContent === 'source picture').id = 'named'"
                )
                try await page.tap("#named")
                try await page.wait("!$('#help').open && !$('#source').hidden")

                // The sheet: a tap goes there, a second one opens; a range by its button; a finger scrolls.
                try await page.tap("[data-action=sheet]")
                try await page.wait("document.querySelectorAll('.tile').length > 10")
                try await page.tap("[data-at='4']")
                try await page.wait("$('.tile.on').dataset.at === '4'")
                try await page.tap("[data-at='4']")
                try await page.wait("$('#sheet').hidden && \(at(5))")
                try await page.tap("[data-action=sheet]")
                try await page.tap("#range")
                try await page.tap("[data-at='6']")
                try await page.wait("$('#where').textContent.includes('3 clips')")
                try await page.tap("#choices .choice:nth-child(2)")
                try await page.wait("\(said("3 clips")) && \(saved)")
                #expect(
                    try served.stored("SELECT count(*) FROM v_current WHERE value = 'exclude'") == [3])
                try await page.tap("[data-action=undo]")
                try await page.wait("\(said("undone")) && \(saved)")
                #expect(try served.stored("SELECT count(*) FROM v_current") == [0])
                try await page.swipe("#sheet", across: 0, down: -300)
                try await page.wait("$('#sheet').scrollTop > 50 && !$('#sheet').hidden")
                #expect(try await page.messages() == [])
            }
        }
    }

    @Test func `whatever is tapped is large enough for a finger`() async throws {
        try await Served.with { served in
            try await Browser.with(in: served.folder) { page in
                try await page.becomePhone()
                try await page.open(served.url)
                try await page.wait("\(at(1)) && $('#form .choice')")
                #expect(try await page.run("return matchMedia('(pointer: coarse)').matches", as: Bool.self))
                let small = """
                    [...document.querySelectorAll("button, input, textarea, select")].filter((one) => one.checkVisibility())
                        .map((one) => [one.id || one.dataset.action || one.textContent, one.getBoundingClientRect()])
                        .filter(([, { width, height }]) => width < 32 || height < 32).map(([name]) => name)
                    """
                #expect(try await page.run("return \(small)", as: [String].self) == [])
                try await page.press("g")
                try await page.wait("$('.tile')")
                #expect(try await page.run("return \(small)", as: [String].self) == [])
            }
        }
    }
}
