"""How fast the page of `echoprep review` is, in a real browser, over thousands of clips.

    python Tests/Oracles/bench_review.py PATH_OF_ECHOPREP_BINARY [--clips 10000] [--studies 40] [--at near,cold,far]
        [--latency 50] [--pace 1] [--mock FOLDER]

Clips are a phantom's, as large as real ones, whose files stand in the database again and again. Three places: `near`, the
files in memory; `cold`, the files just dropped from the page cache; `far`, those and a network between program and browser
whose packets take half of `--latency` milliseconds each way. The network is a pair of tun devices in namespaces of their
own, through which this script passes the packets: that needs root, and no module of the kernel.

At each place a clip a second is looked at (`--pace`): the next one, which the page has fetched ahead; the first of the next
study, which it has not; dropped ones, which come out of their source file. Milliseconds from the key to the picture on the
screen; of the sheet, from a jump to the last picture in sight, and how many elements it has; of decisions, from the key to
the word "saved". Goals: 100 ms, not fetched ahead 250, 200 elements, one of which a decision touches.

`--mock FOLDER` has a peer go the same way: a page of which it needs index.html, app.js and app.css, before a server of this
script's.
"""

import argparse
import contextlib
import ctypes
import fcntl
import heapq
import http.client
import http.server
import json
import mmap
import multiprocessing
import operator
import os
import re
import select
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from pathlib import Path

DRIVERS = ["/usr/bin/chromedriver", "/usr/lib/chromium-browser/chromedriver"]
BROWSERS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]
KEYS = {"ArrowLeft": "\ue012", "ArrowUp": "\ue013", "ArrowRight": "\ue014", "ArrowDown": "\ue015", "Enter": "\ue007",
        "Home": "\ue011", "Escape": "\ue00c"}


class Browser:
    """A window of headless Chromium, driven over the W3C WebDriver protocol."""

    def __init__(self, driver, chromium):
        self.process = subprocess.Popen([driver, "--port=0"], stdout=subprocess.PIPE, text=True)
        line = ""
        while "successfully on port" not in line:
            line = self.process.stdout.readline() or sys.exit("the browser's driver does not start")
        self.connection = http.client.HTTPConnection("127.0.0.1", int(re.search(r"port (\d+)", line)[1]), timeout=60)
        self.path = ""
        arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        options = {"binary": chromium, "args": arguments}
        session = self.send("POST", "/session", {"capabilities": {"alwaysMatch": {"goog:chromeOptions": options}}})
        self.version = session["capabilities"]["browserVersion"]
        self.path = "/session/" + session["sessionId"]
        self.send("POST", "/goog/cdp/execute", {"cmd": "Emulation.setDeviceMetricsOverride", "params": {
            "width": 1440, "height": 900, "deviceScaleFactor": 1, "mobile": False}})

    def send(self, method, path, body=None):
        self.connection.request(method, self.path + path, json.dumps(body or {}), {"Content-Type": "application/json"})
        answer = self.connection.getresponse()
        value = json.loads(answer.read())["value"]
        return value if answer.status == 200 else sys.exit(f"the browser refuses {path}: {value}")

    def run(self, script):
        return self.send("POST", "/execute/sync", {"script": f"return (async () => {{ {script} }})()", "args": []})

    def wait(self, expression):
        until = time.time() + 30
        while not self.run(f"return Boolean({expression})"):
            if time.time() > until:
                shown = self.run("return document.body.innerText.slice(0, 300)")
                sys.exit(f"waited in vain for {expression}: {shown}")
            time.sleep(0.05)

    def press(self, *keys):
        actions = [{"type": kind, "value": KEYS.get(key, key)} for key in keys for kind in ("keyDown", "keyUp")]
        self.send("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})

    def go(self, pace, shown, *keys):
        """Presses keys, waits until one more is `shown`, and so long as a person looks at a clip."""
        until, before = time.time() + pace, self.run(f"return {shown}")
        self.press(*keys)
        self.wait(f"{shown} > {before}")
        time.sleep(max(0, until - time.time()))

    def close(self):
        try:
            self.send("DELETE", "")
        finally:
            self.process.kill()
            self.process.wait()


# The network.

LIBC = ctypes.CDLL(None, use_errno=True)


def new_network(name, address):
    """A network namespace of this process with one tun device, and what it is read and written by."""
    if LIBC.unshare(0x40000000):
        raise OSError(ctypes.get_errno(), "no network namespace")
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, 0x400454CA, struct.pack("16sH22x", name.encode(), 0x1001))
    for command in ["link set lo up", f"addr add {address}/24 dev {name}", f"link set {name} up mtu 1500 txqueuelen 20000"]:
        subprocess.run(["ip", *command.split()], check=True)
    return os.open("/proc/self/ns/net", os.O_RDONLY), device


def pass_packets(devices, seconds):
    """Takes packets from each of two devices to the other, each `seconds` later, until it is killed."""
    other = dict(zip(devices, reversed(devices)))
    waiting, count = [], 0
    while True:
        pause = max(0, waiting[0][0] - time.monotonic()) if waiting else None
        for device in select.select(devices, [], [], pause)[0]:
            due = time.monotonic() + seconds
            try:
                for _ in range(64):
                    heapq.heappush(waiting, (due, count, other[device], os.read(device, 2000)))
                    count += 1
            except BlockingIOError:
                pass
        now = time.monotonic()
        while waiting and waiting[0][0] <= now:
            _, _, device, packet = heapq.heappop(waiting)
            try:
                os.write(device, packet)
            except OSError:
                pass  # lost, as packets are


class Network:
    """Where program and browser are: on this machine, or at both ends of a slow way."""

    def __init__(self, latency=None):
        self.address, self.program, self.passing = "127.0.0.1", None, None
        if latency is None:
            return
        self.address = "10.77.0.1"
        self.program, near = new_network("near", self.address)
        _, far = new_network("far", "10.77.0.2")
        self.passing = os.fork()
        if not self.passing:
            pass_packets([near, far], latency / 2000)

    def enter_program(self):
        if self.program is not None and LIBC.setns(self.program, 0x40000000):
            raise OSError(ctypes.get_errno(), "no way to the program's network")

    def close(self):
        if self.passing:
            os.kill(self.passing, signal.SIGKILL)
            os.waitpid(self.passing, 0)


# The dataset.

def make_dataset(echoprep, folder, studies, clips):
    """A phantom, ingested, whose rows of `clip` stand again under other names until there are enough; how many files it has."""
    if (folder / "dataset/echoprep.sqlite").exists():
        db = sqlite3.connect(folder / "dataset/echoprep.sqlite")
        return db.execute("SELECT count(DISTINCT sha256) FROM clip").fetchone()[0]
    for command in [["phantom", folder / "phantom", "--studies", studies, "--frames", 48, "--size", "480x640"],
                    ["ingest", folder / "phantom/mimic-iv-echo", "--dataset", folder / "dataset"]]:
        done = subprocess.run([echoprep, *map(str, command)], capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{command[0]} ended with {done.returncode}: {done.stderr}")
    db = sqlite3.connect(folder / "dataset/echoprep.sqlite")
    own = {"study_key": "study_key || '-' || n", "path": "n || '/' || path", "sop_key": "NULL",
           "name": "study_key || '-' || n || '/' || substr(name, length(study_key) + 2)",
           "tensor": "iif(kept, coalesce(tensor, name), NULL)"}
    columns = [row[1] for row in db.execute("PRAGMA table_info(clip)") if row[1] != "id"]
    distinct = db.execute("SELECT count(*) FROM clip").fetchone()[0]
    db.execute(f"""
        WITH RECURSIVE again (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM again WHERE n < {clips})
        INSERT INTO clip ({", ".join(columns)}) SELECT {", ".join(own.get(name, name) for name in columns)}
        FROM again, clip ORDER BY n, clip.id LIMIT {max(0, clips - distinct)}""")
    db.commit()
    for n in range(1, clips // distinct + 1):
        (folder / f"phantom/mimic-iv-echo/{n}").symlink_to(".")
    return distinct


def forget_files(folder):
    """Drops the files of a folder from the page cache."""
    os.sync()
    for path in filter(Path.is_file, folder.rglob("*")):
        with open(path, "rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def read_files(folder):
    for path in filter(Path.is_file, folder.rglob("*")):
        with open(path, "rb") as file:
            while file.read(1 << 24):
                pass


# Ours.

class Echoprep:
    name = "echoprep"

    def __init__(self, echoprep, folder, network):
        (folder / "dataset/review.sqlite").unlink(missing_ok=True)
        self.process = subprocess.Popen(
            [echoprep, "review", str(folder / "dataset"), "--rater", "KH", "--host", network.address, "--allow-remote"],
            stdout=subprocess.PIPE, text=True, preexec_fn=network.enter_program)
        self.url = self.process.stdout.readline().strip()
        db = sqlite3.connect(folder / "dataset/echoprep.sqlite")
        self.kept = [bool(kept) for (kept,) in db.execute("SELECT kept FROM clip ORDER BY id")]

    def close(self):
        self.process.kill()
        self.process.wait()

    def look(self, page, pace):
        page.send("POST", "/url", {"url": self.url})
        clips = "performance.getEntriesByName('clip shown').length"
        page.wait(clips)
        time.sleep(2 * pace)
        opened = page.run("""const [{ startTime, duration }] = performance.getEntriesByName("clip shown");
            return startTime + duration;""")
        for key in ["ArrowRight"] * 40 + ["ArrowDown"] * 25:
            page.go(pace, clips, key)
        page.press("/")
        page.run("""const { kept } = document.querySelector("#filter form").elements; kept.value = "dropped";
            kept.dispatchEvent(new Event("input", { bubbles: true }));""")
        page.wait("!document.querySelector('#filtered').hidden")
        page.press("Escape")
        page.go(pace, clips, "g", "Home", "Enter")
        for _ in range(20):
            page.go(pace, clips, "g", *["ArrowRight"] * 4, "Enter")
        shown = page.run("""return performance.getEntriesByName("clip shown").slice(1)
            .map(({ detail, duration }) => [detail.place, detail.cold, duration]);""")
        times = {"opened": [opened], "fetched ahead": [], "not fetched ahead": [], "dropped": []}
        for place, cold, milliseconds in shown:
            times["fetched ahead" if not cold else "not fetched ahead" if self.kept[place] else "dropped"].append(milliseconds)
        return times

    def sheet(self, page):
        page.press("/")
        page.run("""const { kept } = document.querySelector("#filter form").elements; kept.value = "all";
            kept.dispatchEvent(new Event("input", { bubbles: true }));""")
        page.wait("document.querySelector('#filtered').hidden")
        page.press("Escape")
        page.press("g")
        found = scroll(page, "#sheet", ".tile")
        page.press("Home", "ArrowRight")
        page.wait("[...document.querySelectorAll('.tile')].every((one) => one.style.backgroundImage)")
        found["touched"] = []
        found["saved"] = []
        page.run("""window.touched = new Set(); window.saved = [];
            new MutationObserver((changes) => { for (const { target } of changes) touched.add(target); })
                .observe(document.querySelector("#sheet"), { attributes: true, subtree: true, childList: true });
            addEventListener("keydown", () => { window.pressed = performance.now(); }, true);
            new MutationObserver(() => {
                if (document.querySelector("#saving").dataset.state === "saved") saved.push(performance.now() - pressed);
            }).observe(document.querySelector("#saving"), { attributes: true });""")
        for key in "34121234523451234567":
            page.run("touched.clear()")
            page.press(key)
            page.wait("document.querySelector('#saving').dataset.state === 'saved'")
            found["touched"].append(page.run("return touched.size"))
        found["saved"] = page.run("return saved")
        return found


def scroll(page, sheet, tile):
    """Jumps through a sheet; how many elements it has at most, and how long pictures take."""
    page.wait(f"document.querySelectorAll('{tile}').length > 20")
    return page.run(f"""
        const sheet = document.querySelector("{sheet}");
        const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
        const inSight = (one) => {{ const {{ top, bottom }} = one.getBoundingClientRect(), all = sheet.getBoundingClientRect();
            return bottom > all.top && top < all.bottom; }};
        let elements = 0;
        const pictures = [];
        for (let step = 0; step < 20; step++) {{
            sheet.scrollTop = (step * 7 % 20) * (sheet.scrollHeight - sheet.clientHeight) / 20;
            const began = performance.now();
            for (;;) {{
                await frame();
                const tiles = [...sheet.querySelectorAll("{tile}")].filter(inSight);
                elements = Math.max(elements, sheet.querySelectorAll("*").length);
                if (tiles.length && tiles.every((one) => one.style.backgroundImage) || performance.now() - began > 9000) break;
            }}
            pictures.push(performance.now() - began);
        }}
        return {{ elements, pictures }};""")


# The peer.

class Mock:
    """A page of kept clips alone, before a server that has the shards mapped."""

    name = "the mock"

    def __init__(self, static, folder, network):
        reader, writer = os.pipe()
        self.process = os.fork()
        if not self.process:
            network.enter_program()
            server = self.server(Path(static), folder / "dataset", network.address)
            os.write(writer, f"{server.server_address[1]}\n".encode())
            server.serve_forever()
        self.url = f"http://{network.address}:{int(os.read(reader, 20))}/"

    def close(self):
        os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)

    @staticmethod
    def server(static, dataset, address):
        db = sqlite3.connect(dataset / "echoprep.sqlite")
        db.row_factory = sqlite3.Row
        clips = [dict(row) for row in db.execute("SELECT * FROM clip WHERE kept = 1 ORDER BY id")]
        shards = {}
        for path in (dataset / "shards").glob("*.safetensors"):
            with open(path, "rb") as file:
                data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            length = int.from_bytes(data[:8], "little")
            shards[path.name] = (data, 8 + length, json.loads(data[8:8 + length]))
        columns = operator.itemgetter(*[x * 224 // 96 for x in range(96)])

        def frames(place):
            clip = clips[place]
            data, start, tensors = shards[clip["shard"]]
            first, last = tensors[clip["tensor"] or clip["name"]]["data_offsets"]
            return memoryview(data)[start + first:start + last]

        def sprite(number):
            rows = [bytearray(961) for _ in range(960)]
            for n, place in enumerate(range(100 * number, min(len(clips), 100 * number + 100))):
                all_frames = frames(place)
                middle = len(all_frames) // 50176 // 2 * 50176
                for y in range(96):
                    row = all_frames[middle + y * 224 // 96 * 224:][:224]
                    rows[n // 10 * 96 + y][1 + n % 10 * 96:97 + n % 10 * 96] = bytes(columns(row))
            def chunk(kind, body):
                return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
            return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 960, 960, 8, 0, 0, 0, 0))
                    + chunk(b"IDAT", zlib.compress(b"".join(rows), 1)) + chunk(b"IEND", b""))

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                parts = self.path.split("/")[1:]
                kind = "application/json"
                if parts[0] != "api":
                    name = parts[0] or "index.html"
                    kind = {"html": "text/html", "js": "text/javascript", "css": "text/css"}[name.split(".")[-1]]
                    body = (static / name).read_bytes()
                elif parts[1] == "clips":
                    body = json.dumps([[c["study_key"], c["name"], 1, c["frames"], None] for c in clips]).encode()
                elif parts[1] == "sheet":
                    body, kind = sprite(int(parts[2])), "image/png"
                elif parts[3] == "frames":
                    body, kind = frames(int(parts[2])), "application/octet-stream"
                else:
                    body = json.dumps({**clips[int(parts[2])], "labels": []}).encode()
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        return http.server.ThreadingHTTPServer((address, 0), Handler)

    def look(self, page, pace):
        page.send("POST", "/url", {"url": self.url})
        page.wait("window.latency?.length")
        time.sleep(2 * pace)
        times = {}
        for name, key, count in [("fetched ahead", "ArrowRight", 40), ("not fetched ahead", "ArrowDown", 25)]:
            page.run("window.latency = []")
            for _ in range(count):
                page.go(pace, "window.latency.length", key)
            times[name] = page.run("return window.latency")
        return times

    def sheet(self, page):
        page.press("g")
        return scroll(page, "#grid", "#tall i")


def figures(values):
    """Median and 95th percentile."""
    if not values:
        return "–"
    values = sorted(values)
    return f"{values[len(values) // 2]:.0f} ({values[-(-len(values) * 95 // 100) - 1]:.0f}), {len(values)}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("echoprep")
    parser.add_argument("--clips", type=int, default=10_000)
    parser.add_argument("--studies", type=int, default=40)
    parser.add_argument("--at", default="near,cold,far")
    parser.add_argument("--latency", type=float, default=50)
    parser.add_argument("--pace", type=float, default=1)
    parser.add_argument("--mock")
    parser.add_argument("--folder", help="where the clips lie, or are put and stay")
    o = parser.parse_args()
    driver, chromium = (next(filter(os.path.exists, paths), None) for paths in (DRIVERS, BROWSERS))
    if not driver or not chromium:
        return print("the page of review: left out, for Chromium or its driver is missing (make deps-test)")
    echoprep = str(Path(o.echoprep).resolve())
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        folder = Path(o.folder or folder)
        files = make_dataset(echoprep, folder, o.studies, o.clips)
        print(f"{o.clips:,} clips, {files} files of 48 frames again and again; milliseconds: median (95th percentile), number")
        for place in o.at.split(","):
            # Each in a process of its own, which is in the network that it makes; the folder is not its to remove.
            child = multiprocessing.get_context("fork").Process(target=measure, args=(o, echoprep, folder, place, driver, chromium))
            child.start()
            child.join()
            if child.exitcode:
                sys.exit(1)


def measure(o, echoprep, folder, place, driver, chromium):
    if place == "far" and (os.geteuid() or not os.path.exists("/dev/net/tun") or not shutil.which("ip")):
        return print("far: left out, for it takes root, /dev/net/tun and the command ip (apt-get install iproute2)")
    words = {"near": "files in memory", "cold": "files not in memory", "far": f"the same, {o.latency:g} ms away"}[place]
    with contextlib.closing(Network(o.latency if place == "far" else None)) as network:
        for kind in [Echoprep, Mock] if o.mock else [Echoprep]:
            (read_files if place == "near" else forget_files)(folder)
            with contextlib.closing(kind(o.mock if kind is Mock else echoprep, folder, network)) as server:
                with contextlib.closing(Browser(driver, chromium)) as page:
                    times = server.look(page, o.pace)
                    sheet = server.sheet(page)
            print(f"{place}: {words}; {server.name}, Chromium {page.version}, load {os.getloadavg()[0]:.1f}")
            for name, values in times.items():
                print(f"  a clip {name:18}  {figures(values)}")
            print(f"  the sheet's pictures       {figures(sheet['pictures'])}; at most {sheet['elements']} elements")
            if "saved" in sheet:
                print(f"  a decision is saved        {figures(sheet['saved'])}; touches {max(sheet['touched'])} of them")
            sys.stdout.flush()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    main()
