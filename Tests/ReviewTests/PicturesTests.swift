// The pictures of docs/review.md, taken anew by `make review-pictures`.

import EchoCore
import Foundation
import Pictures
import Testing
import TestSupport

private let folder = ProcessInfo.processInfo.environment["ECHOPREP_REVIEW_PICTURES"]

@Suite(.enabled(if: folder != nil && Browser.isInstalled, "make review-pictures")) struct PicturesTests {
    @Test func `the page is pictured as docs show it`() async throws {
        try await Served.with("--run", "icd", of: .sharp) { served in
            try await Browser.with(in: served.folder) { page in
                try await page.resize(1440, 860, scale: 0.8)
                try await page.open(served.url)
                try await page.wait("document.querySelector('#where b').textContent")
                // A few decisions that one would make of a phantom, whose clips stand in the order of their views.
                for keys in [
                    ["k", "1", "e"], ["k", "2", "w"], ["x"], ["k", "3", "e"], ["k", "4", "q"], ["x"],
                ] {
                    try await page.press(keys)
                    try await page.wait("document.querySelector('#saving').dataset.state === 'saved'")
                }
                try await page.press("ArrowUp", "ArrowDown", "p", "k", "1")
                try await page.wait("document.querySelector('#predictions .bars li')")
                try await page.wait("document.querySelector('#strip i').style.backgroundImage")
                try await Task.sleep(for: .seconds(1))
                try await page.press("Space")
                try await take(page, "review")

                try await page.press("g")
                try await page.wait("document.querySelector('.tile')?.style.backgroundImage")
                try await page.press(
                    "ArrowRight", "Shift+ArrowRight", "Shift+ArrowRight", "Shift+ArrowRight", "k")
                try await page.resize(1440, 720, scale: 0.7)
                try await Task.sleep(for: .seconds(1))
                try await take(page, "review-sheet")

                try await page.press("g", "b", "p")
                try await page.resize(390, 844, scale: 0.8)
                try await Task.sleep(for: .seconds(1))
                try await take(page, "review-phone")
            }
        }
    }

    /// Fewer shades make a file that a repository can hold: the pictures' noise is most of it.
    private func take(_ page: Browser, _ name: String) async throws {
        let seen = try Picture(png: [UInt8](try await page.picture()))
        let pixels = seen.pixels.map { UInt8(min(255, (Int($0) + 4) / 8 * 8)) }
        let file = try Picture(
            width: seen.width, height: seen.height, channels: seen.channels, pixels: pixels
        ).png()
        #expect(file.count < 200_000)
        try Data(file).write(
            to: URL(fileURLWithPath: try #require(folder)).appendingPathComponent(name + ".png"))
    }
}
