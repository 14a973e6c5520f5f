"""Downloads by a server that stalls, cuts and fails, into a dataset that must not know of it.

    python Tests/Oracles/stage.py PATH_OF_ECHOPREP_BINARY [KILLS]

An HTTP server on this machine gives the files of a phantom to curl: one request in six hangs, one is cut in the middle of
the file, one is answered with 503, one with a web page and 200. The dataset must be the one that is made of the files
themselves, the files on the stage never more than the space for ten studies, also when the program is killed twenty (or
KILLS) times.
"""

import http.server
import os
import pathlib
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

from kills import shards


class Unreliable(http.server.BaseHTTPRequestHandler):
    folder, chance, faults = None, random.Random(5), {}

    def do_GET(self):
        body = (self.folder / self.path.lstrip("/")).read_bytes()
        fault = self.chance.choice(["", "", "hang", "cut", "fail", "page"])
        self.faults[fault] = self.faults.get(fault, 0) + 1
        if fault == "fail":
            return self.send_error(503)
        if fault == "page":
            body = b"<html>please log in</html>"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            if fault == "cut":
                self.wfile.write(body[: len(body) // 2])
            elif fault == "hang":
                self.wfile.write(body[:100])
                self.wfile.flush()
                time.sleep(8)
            else:
                self.wfile.write(body)
        except OSError:
            pass

    def log_message(self, *_):
        pass


def rows(dataset):
    """All of a row but the time of its file, which is the download's."""
    db = sqlite3.connect(dataset / "echoprep.sqlite")
    names = [name for _, name, *_ in db.execute("PRAGMA table_info(clip)") if name not in ("run_id", "mtime")]
    return db.execute(f"SELECT {', '.join(names)} FROM clip ORDER BY id").fetchall()


def watch(folder, most, done):
    while not done.is_set():
        total = 0
        # Folders come and go meanwhile.
        for place, _, names in os.walk(folder):
            for name in names:
                try:
                    total += os.stat(os.path.join(place, name)).st_size
                except OSError:
                    pass
        most.append(total)
        time.sleep(0.005)


def main(program, kills=20):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        phantom = [program, "phantom", folder / "cohort", "--studies", "60", "--frames", "8", "--size", "177x254"]
        subprocess.run(phantom, check=True, capture_output=True, timeout=600)
        source, lists = folder / "cohort" / "mimic-iv-echo", folder / "lists"
        lists.mkdir()
        for path in source.glob("*.csv*"):
            shutil.copy(path, lists)
        names = sorted(str(path.relative_to(source)) for path in source.rglob("*") if path.is_file())
        sums = subprocess.run(["sha256sum", *names], cwd=source, check=True, capture_output=True, text=True).stdout
        (lists / "SHA256SUMS.txt").write_text(sums)
        sizes = {}
        for path in source.rglob("*.dcm"):
            sizes[path.parent] = sizes.get(path.parent, 0) + path.stat().st_size
        space = 10 * max(sizes.values()) // 1024
        Unreliable.folder = source
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Unreliable)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        options = ["--size", "32", "--shard-size", "256KiB", "--jobs", "2"]
        plain, staged = folder / "plain", folder / "staged"
        subprocess.run([program, "ingest", source, "--dataset", plain, *options], check=True, capture_output=True)
        url = f"http://127.0.0.1:{server.server_port}/"
        command = [
            program, "ingest", lists, "--dataset", staged, *options, "--space", f"{space}KiB", "--stage-jobs", "8",
            "--stage", f"curl -sS -f -o {{to}} {url}{{path}}", "--stall", "1", "--retry-wait", "0.05", "--tries", "30",
        ]  # fmt: skip
        most, done = [], threading.Event()
        watcher = threading.Thread(target=watch, args=(staged / ".stage", most, done))
        watcher.start()
        chance, killed = random.Random(3), 0
        while killed < kills:
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(chance.uniform(0, 4))
            process.send_signal(signal.SIGKILL)
            if process.wait() == 0:
                break
            killed += 1
        finished = subprocess.run(command, capture_output=True, text=True, timeout=600)
        done.set()
        watcher.join()
        if finished.returncode != 0 or "not downloaded" in finished.stdout:
            sys.exit(f"the staged ingest failed: {finished.stdout}{finished.stderr}")
        if rows(plain) != rows(staged) or shards(plain) != shards(staged):
            sys.exit("the datasets differ")
        if max(most) > 1024 * space:
            sys.exit(f"{max(most)} bytes lay on the stage, more than {1024 * space}")
        faults = {name or "whole": count for name, count in Unreliable.faults.items()}
        print(
            f"{len(sizes)} studies of {len(names)} files by curl, answers {faults}, {killed} kills: the same dataset; "
            f"{max(most):,} of {1024 * space:,} bytes on the stage at most, in {len(most):,} looks"
        )


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
