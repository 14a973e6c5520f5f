// How fast the page is, and for whom it can be used.

import Foundation
import Testing

extension PageTests {
    @Test func `ten thousand clips follow one another at once, on few elements`() async throws {
        try await Served.with(clips: 10_000) { served in
            try await Browser.with(in: served.folder) { page in
                try await page.record()
                try await page.resize(1440, 900)
                try await page.open(served.url)
                try await page.wait("$('#where').textContent.includes('1 of 10,000')")
                for _ in 0..<30 {
                    try await page.press("ArrowRight")
                    try await Task.sleep(for: .milliseconds(60))
                }
                try await page.wait(at(31))
                for _ in 0..<6 {
                    try await page.press("ArrowDown")
                    try await Task.sleep(for: .milliseconds(150))
                }
                struct Shown: Decodable { let cold: Bool, time: Double }
                let shown = try await page.run(
                    """
                    return performance.getEntriesByName("clip shown").slice(1)
                        .map(({ detail, duration }) => ({ cold: detail.cold, time: duration }));
                    """, as: [Shown].self)
                // Their goals are 100 and 250 ms (docs/review.md); a machine that runs all other tests meanwhile gets more.
                let warm = shown.filter { !$0.cold }.map(\.time).sorted(),
                    cold = shown.filter(\.cold).map(\.time).sorted()
                #expect(warm.count > 20)
                #expect(try #require(warm.dropLast(warm.count / 20).last) < 1500)
                #expect((cold.dropLast(cold.count / 20).last ?? 0) < 3000)

                try await page.press("g")
                try await page.wait("$('.tile')?.style.backgroundImage")
                let most = try await page.run(
                    """
                    const sheet = $("#sheet");
                    let most = 0;
                    for (let step = 0; step < 40; step++) {
                        sheet.scrollTop = step * sheet.scrollHeight / 40;
                        await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
                        most = Math.max(most, sheet.querySelectorAll("*").length);
                    }
                    return most;
                    """, as: Int.self)
                #expect((50...200).contains(most))

                // A decision repaints one tile; a range is decided by one request.
                try await page.press("Home", "ArrowRight")
                try await page.wait(
                    "[...document.querySelectorAll('.tile')].every((one) => one.style.backgroundImage)")
                try await page.run(
                    """
                    window.touched = new Set();
                    new MutationObserver((changes) => { for (const { target } of changes) touched.add(target); })
                        .observe($("#sheet"), { attributes: true, subtree: true, childList: true });
                    """)
                try await page.press("3")
                try await page.wait(saved)
                #expect(try await page.run("return touched.size", as: Int.self) == 1)
                let before = try served.stored("SELECT count(*) FROM decision", as: Int.self)[0]
                try await page.run("window.posts = 0")
                try await page.press("Shift+ArrowDown", "Shift+ArrowDown", "x")
                try await page.wait(saved)
                #expect(try await page.run("return posts", as: Int.self) == 1)
                let columns = try await page.run(
                    "return Math.round($('.tall').clientWidth / $('.tile').offsetWidth)",
                    as: Int.self)
                #expect(try served.stored("SELECT count(*) FROM decision") == [before + 2 * columns + 1])
                // One key takes back what one key did.
                let excluded = "SELECT count(*) FROM v_current WHERE value = 'exclude'"
                #expect(try served.stored(excluded) == [2 * columns + 1])
                try await page.press("z")
                try await page.wait("\(said("undone")) && \(saved)")
                #expect(try served.stored(excluded) == [0])
                try await page.press("Shift+z")
                try await page.wait("\(said("redone")) && \(saved)")
                #expect(try served.stored(excluded) == [2 * columns + 1])
            }
        }
    }

    @Test func `of a dropped clip one frame comes ahead, and the others when it is looked at`() async throws {
        try await Served.with { served in
            let rows = try served.catalogued(
                "SELECT id - 1 FROM clip WHERE kept = 0 AND reason = 'doppler' ORDER BY id", as: Int.self)
            let moving = try #require(rows.first)
            try await Browser.with(in: served.folder) { page in
                try await page.open(served.url)
                try await page.wait(at(1))
                // What is sent: the first frame is that of the whole, of which none is missing.
                let asked = try await page.run(
                    """
                    const headers = { Authorization: "Bearer " + sessionStorage.getItem("echoprep.token") };
                    const [one, all] = await Promise.all(["?from=0&count=1", ""].map(async (range) => {
                        const answer = await fetch("/api/clip/\(moving)/frames" + range, { headers });
                        const [frames, height, width, channels] = ["Frames", "Height", "Width", "Channels"].map((name) => Number(answer.headers.get("X-" + name)));
                        return { frames, size: height * width * channels, bytes: new Uint8Array(await answer.arrayBuffer()) };
                    }));
                    return [one.frames === 1, one.bytes.length === one.size, all.frames > 1, all.bytes.length === all.frames * all.size,
                        one.bytes.every((byte, n) => byte === all.bytes[n])];
                    """, as: [Bool].self)
                #expect(asked == [true, true, true, true, true])

                try await page.run("performance.clearResourceTimings()")
                for place in 1...moving {
                    try await page.press("ArrowRight")
                    try await page.wait("\(at(place + 1)) && $('#frame').textContent")
                }
                try await page.wait("!$('#tag').hidden && /^[1-6] of 6$/.test($('#frame').textContent)")
                // What is asked stands in the list when all of it has come.
                try await page.wait(
                    "performance.getEntriesByType('resource').some((one) => one.name.endsWith('/api/clip/\(moving)/frames'))"
                )
                let names = try await page.run(
                    "return performance.getEntriesByType('resource').map((one) => one.name.split('/api/')[1]).filter((one) => one?.includes('frames'))",
                    as: [String].self)
                let first = try #require(names.firstIndex(of: "clip/\(moving)/frames?from=0&count=1"))
                let whole = try #require(names.firstIndex(of: "clip/\(moving)/frames"))
                #expect(first < whole)
                let ahead = Set(names).filter { name in
                    rows.contains { $0 > moving && name == "clip/\($0)/frames" }
                }
                #expect(ahead == [])
            }
        }
    }

    @Test func `the page fits three widths in both colours, and its words can be read`() async throws {
        try await Served.with("--run", "icd") { served in
            try await Browser.with(in: served.folder) { page in
                try await page.open(served.url)
                try await page.wait(at(1))
                try await page.press("p", "k", "3")
                try await page.wait("$('#predictions .bars li') && $('#labels li')")
                for theme in ["dark", "light"] {
                    for width in [360, 768, 1440] {
                        try await page.resize(width, 900)
                        for (key, leave) in [
                            ("", ""), ("g", "g"), ("?", "Escape"), ("/", "Escape"), ("y", "Escape"),
                        ] {
                            if !key.isEmpty { try await page.press(key) }
                            try await Task.sleep(for: .milliseconds(150))
                            let wide = try await page.run("return \(Self.sticksOut)", as: [String].self)
                            #expect(wide == [], "\(theme), \(width), \(key)")
                            let pale = try await page.run("return \(Self.unreadable)", as: [String].self)
                            #expect(pale == [], "\(theme), \(width), \(key)")
                            if !leave.isEmpty { try await page.press(leave) }
                        }
                    }
                    try await page.press("b")
                }
                #expect(try await page.messages() == [])
            }
        }
    }

    @Test func `the tabulator reaches every part in the order of the page, and shows where it is`()
        async throws
    {
        try await Served.with { served in
            try await Browser.with(in: served.folder) { page in
                try await page.resize(1440, 900)
                try await page.open(served.url)
                try await page.wait("\(at(1)) && $('#why tr') && $('#strip button')")
                try await page.run("window.visited = []")
                for _ in 0..<60 {
                    try await page.press("Tab")
                    try await page.run(
                        """
                        const at = document.activeElement, { outlineStyle, outlineWidth } = getComputedStyle(at);
                        if (at !== document.body) visited.push({ at, seen: outlineStyle !== "none" && outlineWidth !== "0px" });
                        """)
                    if try await page.run("return document.activeElement === document.body", as: Bool.self) {
                        break
                    }
                }
                struct Visit: Decodable { let name: String, isSeen: Bool, follows: Bool }
                let visits = try await page.run(
                    """
                    return visited.map(({ at, seen }, n) => ({
                        name: at.id || at.dataset.action || at.textContent.trim(), isSeen: seen,
                        follows: n === 0 || Boolean(visited[n - 1].at.compareDocumentPosition(at) & 4) }));
                    """, as: [Visit].self)
                #expect(visits.filter { !$0.isSeen || !$0.follows }.map(\.name) == [])
                let names = visits.map(\.name).joined(separator: " ")
                for part in ["play", "seek", "keep", "exclude", "PLAX", "good", "undo", "sheet", "help"] {
                    #expect(names.contains(part), "\(names)")
                }
            }
        }
    }

    @Test func `nothing moves by itself for whoever wants things to stand still`() async throws {
        try await Served.with { served in
            try await Browser.with("--force-prefers-reduced-motion", in: served.folder) { page in
                try await page.open(served.url)
                try await page.wait("\(at(1)) && $('#frame').textContent === '1 of 6'")
                try await Task.sleep(for: .milliseconds(400))
                #expect(try await page.run("return $('#frame').textContent") == "1 of 6")
                try await page.press("Space")
                try await page.wait("$('#frame').textContent !== '1 of 6'")
            }
        }
    }
}

extension PageTests {
    /// What sticks out to the right of the window, or of the part that one scrolls.
    fileprivate static let sticksOut = """
        [document.documentElement, ...document.querySelectorAll("#single, #sheet, aside, #form, #details, dialog[open]")]
            .filter((one) => one.offsetParent !== null || one === document.documentElement || one.open)
            .filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => one.id || one.tagName)
        """

    /// Words whose contrast to what is behind them is under 4.5.
    fileprivate static let unreadable = """
        (() => {
            const numbers = (text) => text.match(/[\\d.]+/g).map(Number);
            const over = ([r, g, b, a = 1], below) => [r, g, b].map((one, n) => one * a + below[n] * (1 - a));
            const light = (rgb) => rgb.map((one) => one / 255).map((one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4))
                .reduce((sum, one, n) => sum + one * [0.2126, 0.7152, 0.0722][n], 0);
            const behind = (element) => {
                const { backgroundColor } = getComputedStyle(element), colour = numbers(backgroundColor);
                const below = element.parentElement ? behind(element.parentElement) : [255, 255, 255];
                return element.tagName === "DIALOG" || colour.length === 3 ? colour.slice(0, 3) : over(colour, below);
            };
            const open = $("dialog[open]") ?? document.body;
            const found = new Set();
            for (const element of open.querySelectorAll("*")) {
                const words = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
                if (!words || !element.checkVisibility({ visibilityProperty: true }) || element.closest(".unseen, option")) continue;
                const below = behind(element), ink = over(numbers(getComputedStyle(element).color), below);
                const [a, b] = [light(ink), light(below)].sort((one, two) => two - one);
                if ((a + 0.05) / (b + 0.05) < 4.5) found.add(`${element.tagName}.${element.className}: ${element.textContent.slice(0, 20)} ${((a + 0.05) / (b + 0.05)).toFixed(2)}`);
            }
            return [...found];
        })()
        """
}
