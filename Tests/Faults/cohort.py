"""A small cohort and the commands that write, so that every script disturbs the same ones and compares the same way."""

import argparse
import contextlib
import hashlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time

STEP = "--preset tiny --frames 2 --views 2 --batch 4 --threads 1".split()
# Wall clock and machine, which differ from one run to the same run again.
CLOCKS = {"seconds", "studies_per_second", "stall", "gflops", "products", "sum"}


class Cohort:
    """What commands begin with, made once; each trial works in a fresh copy at one path, so that paths agree, too."""

    def __init__(self, program, folder):
        self.program = os.path.abspath(program)
        self.folder = folder
        self.base = os.path.join(folder, "base")
        self.trial = os.path.join(folder, "trial")
        os.makedirs(self.base)
        self._make("phantom src --studies 12 --frames 4 --size 96x128 --no-extras")
        ingest = "ingest src/mimic-iv-echo --size 64 --shard-size 128KiB --jobs 2"
        for part in ("1/2", "2/2"):
            self._make(f"{ingest} --dataset parts --part {part}")
        self._make(f"{ingest} --dataset bare")
        shutil.copytree(os.path.join(self.base, "bare"), os.path.join(self.base, "ds"))
        self._make("link-icd --dataset ds --mimic-iv src/mimiciv/hosp --split 50/25/25 --top 4")
        self._make(["train", "--dataset", "ds", "--run", "pre", "--epochs", "1", *STEP])
        self._make(["train", "--dataset", "ds", "--run", "icd", "--task", "icd", "--epochs", "1", "--init", "pre", *STEP])
        self.commands = {
            "phantom": ([], "phantom out --studies 2 --frames 3 --size 96x128 --no-extras".split(), "out"),
            "ingest": (["src"], f"{ingest} --dataset out".split(), "out"),
            "merge": (["parts"], "merge parts".split(), "parts"),
            "link-icd": (["src", "bare"], "link-icd --dataset bare --mimic-iv src/mimiciv/hosp --split 50/25/25 --top 4".split(), "bare"),
            "train": (["ds"], ["train", "--dataset", "ds", "--run", "out", "--epochs", "2", "--checkpoint-every", "1", *STEP], "out"),
            "evaluate": (["ds", "icd"], "evaluate icd --bootstrap 20 --threads 1".split(), "icd"),
            "embed": (["ds", "icd"], "embed icd --out out/embeddings --threads 1".split(), "out"),
            "export": (["ds"], "export clips ds out --format npy --pack-size 64KiB".split(), "out"),
            "experiment": (["ds"], ["experiment", "heads", "--dataset", "ds", "--out", "out", "--models", "lamae", "--regimes", "full", "--seeds", "1",
                                    "--epochs", "1", "--pretrain-epochs", "1", "--bootstrap", "20", *STEP], "out"),
        }

    def _make(self, arguments):
        arguments = arguments.split() if isinstance(arguments, str) else arguments
        done = subprocess.run([self.program, *arguments], cwd=self.base, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"{' '.join(arguments)}: {done.returncode}\n{done.stderr}")

    def begin(self, name):
        """A fresh trial of a command; returns its arguments."""
        needs, arguments, result = self.commands[name]
        shutil.rmtree(self.trial, ignore_errors=True)
        os.makedirs(self.trial)
        for need in needs:
            shutil.copytree(os.path.join(self.base, need), os.path.join(self.trial, need))
        if name == "embed":
            os.makedirs(os.path.join(self.trial, "out"))
        return [self.program, *arguments]

    def start(self, arguments, environment=None, **streams):
        streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, **streams}
        return subprocess.Popen(arguments, cwd=self.trial, env={**os.environ, **(environment or {})}, **streams)

    def finish(self, process, seconds=30):
        """The exit code, negative for a signal, and what was said; None for a program that hangs, which is killed."""
        try:
            _, errors = process.communicate(timeout=seconds)
            return process.returncode, (errors or b"").decode(errors="replace")
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            return None, ""

    def run(self, arguments, environment=None, seconds=30, **streams):
        return self.finish(self.start(arguments, environment, **streams), seconds)

    def result(self, name):
        """What a command left: a digest of every file, or of every column of a database."""
        root = os.path.join(self.trial, self.commands[name][2])
        found = {}
        for folder, _, files in os.walk(root):
            for file in files:
                path = os.path.join(folder, file)
                place = os.path.relpath(path, root)
                if file.endswith(".sqlite"):
                    found.update((f"{place}:{column}", digest) for column, digest in columns(path))
                elif file.endswith((".json", ".jsonl")):
                    found[place] = digest_of(without_clocks(open(path, encoding="utf-8").read()))
                elif not file.endswith(".lock"):
                    found[place] = digest_of(open(path, "rb").read())
        return found

    def calm(self, name):
        """The undisturbed result, without what differs between two undisturbed runs, and the seconds that it takes."""
        results, seconds = [], []
        for _ in range(3):
            arguments = self.begin(name)
            start = time.monotonic()
            code, errors = self.run(arguments)
            seconds.append(time.monotonic() - start)
            if code != 0:
                raise SystemExit(f"{name}: {code}\n{errors}")
            results.append(self.result(name))
        same = {key: value for key, value in results[0].items() if not is_clocked(key) and all(other.get(key) == value for other in results)}
        self.ignored = {key for result in results for key in result} - set(same)
        return same, min(seconds)

    def differences(self, name, calm):
        """The files and columns that are not as an undisturbed run leaves them."""
        now = self.result(name)
        wrong = [key for key, value in calm.items() if now.get(key) != value]
        return wrong + [key for key in now if key not in calm and key not in self.ignored and not is_clocked(key)]


def is_clocked(key):
    """Whether what a name stands for holds times."""
    return "tfevents" in key or "tensorboard" in key or key.endswith(("_at", "table_sum.sum"))


def digest_of(data):
    return hashlib.sha256(data if isinstance(data, bytes) else repr(data).encode()).hexdigest()


def without_clocks(text):
    def strip(value):
        if isinstance(value, dict):
            return {key: strip(item) for key, item in value.items() if key not in CLOCKS}
        return [strip(item) for item in value] if isinstance(value, list) else value

    try:
        return json.dumps(strip(json.loads(text)), sort_keys=True)
    except ValueError:
        return "\n".join(json.dumps(strip(json.loads(line)), sort_keys=True) for line in text.splitlines() if line)


def columns(path):
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        tables = database.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").fetchall()
        for (table,) in tables:
            names = [row[1] for row in database.execute(f'PRAGMA table_info("{table}")')]
            rows = database.execute(f'SELECT * FROM "{table}"').fetchall()
            for place, name in enumerate(names):
                yield f"{table}.{name}", digest_of(sorted(repr(row[place]) for row in rows))


def arguments(description, **numbers):
    """Parses what every script takes: the program, which commands, and the numbers of its own."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("program")
    parser.add_argument("--commands", help="with commas between them; all if not given")
    parser.add_argument("--seed", type=int, default=1)
    for name, (value, text) in numbers.items():
        parser.add_argument(f"--{name}", type=type(value), default=value, help=f"{text} (default: {value})")
    return parser.parse_args()


@contextlib.contextmanager
def cohort(options):
    folder = os.path.realpath(tempfile.mkdtemp(prefix="echoprep-faults-"))
    try:
        yield Cohort(options.program, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def chosen(cohort, options):
    names = options.commands.split(",") if options.commands else list(cohort.commands)
    unknown = set(names) - set(cohort.commands)
    if unknown:
        raise SystemExit(f"no such command: {', '.join(sorted(unknown))}")
    return names


def is_crash(code):
    """Whether a program ended by a signal that nobody sent it."""
    return code is not None and code < 0 and -code not in (signal.SIGKILL,)
