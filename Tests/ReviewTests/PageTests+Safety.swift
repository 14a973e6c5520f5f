// What the page keeps, and what it keeps to itself.

import EchoCore
import Foundation
import Testing

extension PageTests {
    @Test func `a blinded reading tells no label before it is revealed`() async throws {
        try await Served.with("--blind", "--run", "icd") { served in
            let titles = try served.catalogued(
                "SELECT DISTINCT title FROM v_label JOIN v_title USING (category) WHERE value = 1",
                as: String.self)
            #expect(titles.count > 5)
            try await Browser.with(in: served.folder) { page in
                try await page.record()
                try await page.open(served.url)
                try await page.wait(at(1))
                try await page.press("p", "l")
                for number in 2...6 {
                    try await page.press("ArrowRight", "3")
                    try await page.wait("\(at(number)) && \(saved)")
                }
                try await page.press("o", "g", "ArrowRight", "g", "y", "Escape", "/", "Escape")
                try await page.wait("$('#labels').innerText.includes('Hidden')")
                let before = try await page.run("return window.answers.join(' ')", as: String.self)
                #expect(before.contains("\"figures\""))
                #expect(titles.filter { before.contains($0) } == [])
                #expect(!before.contains("\"probability\""))
                let text = try await page.run("return document.body.innerText", as: String.self)
                #expect(titles.filter { text.contains($0) } == [])
                #expect(try await page.run("return $('#blinding').textContent") == "blinded")
                // Nor to whom asks for it.
                let asked = try await page.run(
                    """
                    const headers = { Authorization: "Bearer " + sessionStorage.getItem("echoprep.token") };
                    const found = await Promise.all(["clip/0/predictions", "agreement", "filter?where=1"].map(
                        (path) => fetch("/api/" + path, { headers }).then((answer) => answer.status)));
                    return found;
                    """, as: [Int].self)
                #expect(asked == [403, 403, 403])

                try await page.press("r")
                try await page.wait("$('#blinding').textContent.includes('recorded')")
                try await page.wait("$('#predictions .bars li')")
                let after = try await page.run("return window.answers.join(' ')", as: String.self)
                #expect(titles.contains { after.contains($0) })
                try await page.press("ArrowDown")
                try await page.wait("$('#blinding').textContent === 'blinded'")
            }
        }
    }

    @Test(arguments: [UInt64(1)])
    func `nothing is lost of a thousand keys while the program is killed and started again`(
        seed: UInt64
    ) async throws {
        let keys =
            [
                "ArrowRight", "ArrowLeft", "ArrowDown", "ArrowUp", "n", "k", "x", "q", "w", "e", "z", "z",
                "Shift+z",
            ]
            + (1...9).map(String.init) + [
                "k", "1", "e", "ArrowRight", "Shift+z", "Space", ",", ".", "[", "]",
            ]
            + ["o", "m", "l", "p", "r", "b", "g", "Shift+ArrowRight", "Shift+ArrowDown"]
        var random = SeededRandom(seed: seed, "keys")
        let pressed = (0..<1000).map { _ in keys[Int(random.next() % UInt64(keys.count))] }
        try await Served.with { served in
            try await Browser.with(in: served.folder) { page in
                try await page.record()
                try await page.open(served.url)
                try await page.wait(at(1))
                var sent = Sent()
                for start in stride(from: 0, to: 1000, by: 20) {
                    try await page.press(Array(pressed[start..<start + 20]))
                    if start == 400 { served.kill() }
                    guard start == 600 else { continue }
                    try await page.wait("$('#saving').dataset.state === 'trying'")
                    try await served.start()
                    sent += try await page.run("return window.outbox", as: Sent.self)
                    try await page.run("window.isOld = true")
                    try await page.open(served.url)
                    try await page.wait("!window.isOld && document.body.dataset.mode === 'single'")
                }
                try await page.wait(saved, seconds: 20)
                sent += try await page.run("return window.outbox", as: Sent.self)
                let shown = try await page.run("return \(choices)", as: [String].self)

                let stored = try served.stored("SELECT request FROM decision ORDER BY id", as: String.self)
                let refused = Set(sent.refused)
                #expect(sent.pressed.count > 200)
                #expect(sent.acknowledged.count > 100)
                #expect(Set(sent.acknowledged).subtracting(stored) == [])
                #expect(sent.pressed.filter { !refused.contains($0) } == stored)

                // What the page showed is what was stored.
                try await page.run("location.reload()")
                try await page.wait("document.body.dataset.mode === 'single' && $('#where b').textContent")
                #expect(try await page.run("return \(choices)", as: [String].self) == shown)
            }
        }
    }

    /// `--allow-remote` opens the page under a name for which browsers keep some of their functions back.
    @Test func `a page that is not of this machine stores decisions too`() async throws {
        try await Served.with { served in
            try await Browser.with(in: served.folder) { page in
                try await page.tell(
                    "Page.addScriptToEvaluateOnNewDocument",
                    ["source": "delete Crypto.prototype.randomUUID; delete Crypto.prototype.subtle;"])
                try await page.open(served.url)
                try await page.wait(at(1))
                try await page.press("3", "2")
                try await page.wait("\(chosen("PSAX")) && \(saved)")
                #expect(try served.stored("SELECT value FROM decision ORDER BY id") == ["A4C", "PSAX"])
                #expect(try served.stored("SELECT count(DISTINCT length(request)) FROM decision") == [1])
                #expect(try await page.messages() == [])
            }
        }
    }

    @Test func `what was decided of other bytes does not come back with an undo`() async throws {
        try await Served.with { served in
            let name = try served.catalogued("SELECT name FROM clip ORDER BY id LIMIT 1", as: String.self)[0]
            try DecidedFile(in: served.dataset.path).decide("KH", "view", "PLAX", of: name, sha256: "other")
            try await Browser.with(in: served.folder) { page in
                try await page.open(served.url)
                try await page.wait("\(at(1)) && $('#form .choice')")
                try await page.press("3")
                try await page.wait("\(chosen("A4C")) && \(saved)")
                try await page.press("z")
                try await page.wait("\(said("view is open")) && \(chosen()) === 0 && \(saved)")
                try await page.run("location.reload()")
                try await page.wait("\(at(1)) && $('#form .choice') && \(chosen()) === 0")
            }
        }
    }

    @Test func `a page of elsewhere can neither ask nor decide`() async throws {
        try await Served.with { served in
            try await Browser.with(in: served.folder) { page in
                let token = try #require(served.url.split(separator: "=").last)
                try await page.open("data:text/html,elsewhere")
                let outcomes = try await page.run(
                    """
                    const ask = (path, options) => fetch("\(served.place)api/" + path, options).then((one) => one.type, () => "failed");
                    const body = JSON.stringify({ decisions: [{ request: crypto.randomUUID?.() ?? "1", place: 0, field: "view", value: "A4C" }] });
                    const headers = { Authorization: "Bearer \(token)", "Content-Type": "application/json" };
                    return [await ask("session", { headers }), await ask("decisions", { method: "POST", headers, body }),
                        await ask("decisions", { method: "POST", mode: "no-cors", body })];
                    """, as: [String].self)
                #expect(outcomes.prefix(2) == ["failed", "failed"])
                #expect(try served.stored("SELECT count(*) FROM decision") == [0])
            }
        }
    }
}

/// Requests by their ids, as the page noted them.
private struct Sent: Decodable {
    var pressed: [String] = [], acknowledged: [String] = [], refused: [String] = []

    static func += (a: inout Sent, b: Sent) {
        a.pressed += b.pressed
        a.acknowledged += b.acknowledged
        a.refused += b.refused
    }
}

extension Browser {
    /// Notes from now on what the page is answered, and what goes through its outbox.
    func record() async throws {
        let script = """
            window.answers = [];
            window.posts = 0;
            window.outbox = { pressed: [], acknowledged: [], refused: [] };
            const ask = window.fetch, keep = Storage.prototype.setItem;
            window.fetch = async (path, options) => {
                if (options?.body) window.posts++;
                const answer = await ask(path, options);
                if (answer.headers.get("content-type")?.includes("json")) answers.push(await answer.clone().text());
                if (options?.body && answer.ok) {
                    const body = JSON.parse(options.body);
                    if (path.endsWith("undo") || path.endsWith("redo")) outbox.acknowledged.push(body.request);
                    outbox.acknowledged.push(...(body.decisions ?? []).map(({ request }) => request));
                } else if (options?.body && answer.status === 404) {
                    outbox.refused.push(JSON.parse(options.body).request);
                }
                return answer;
            };
            Storage.prototype.setItem = function (name, value) {
                if (name.startsWith("echoprep.outbox.")) {
                    const { kind, id, places } = JSON.parse(value);
                    const counted = (n) => id.slice(0, 24) + n.toString(16).padStart(12, "0");
                    if (kind === "decide") outbox.pressed.push(...places.map((_, n) => counted(n)));
                    else if (kind !== "reveal") outbox.pressed.push(id);
                }
                return keep.call(this, name, value);
            };
            """
        try await tell("Page.addScriptToEvaluateOnNewDocument", ["source": script])
    }
}
