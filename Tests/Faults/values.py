#!/usr/bin/env python3
"""Numbers and values that nobody means, at every place where the program takes one: what becomes of each is counted.

    python3 Tests/Faults/values.py .build/release/echoprep [--seed N] [--per N] [--jobs N] [--only KIND …] [--show]

Four kinds: the numbers of every option of every command; the numbers of a run's config.json; every column of every table
of a dataset's database, with its schema left as it is; schemas that are not ours. A trial holds where the program ends by
itself within 20 seconds of computing with 0, 1, 2 or 64, in a short message without a row's value and without a control
character. Everything is made from a phantom; nothing but Python and the program is needed.
"""

import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import random
import re
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile

SECONDS, WALL, MEMORY = 20, 90, 12 << 30
NUMBERS = ["-1", "0", "1", str(2**31), str(2**62), str(2**63), "1000000000", "1e308", "nan", "inf", "", "text"]
ESCAPES = "\x1b]0;title\x07\x1b[31mred"


class Limits:
    """What a trial may take; set in the child before the program starts."""

    def __call__(self):
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 5))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def run(program, arguments, folder, limited=True):
    """The exit code (below 0 for a signal, None where it did not end) and what was said."""
    environment = dict(os.environ, SWIFT_BACKTRACE="enable=no", OPENBLAS_NUM_THREADS="1")
    process = subprocess.Popen(
        [str(program), *arguments], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, env=environment, preexec_fn=Limits() if limited else None)
    try:
        out, err = process.communicate(timeout=WALL)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        return None, out, err
    return process.returncode, out, err


class Template:
    """A dataset, two runs and a label table, from a phantom of twelve studies."""

    def __init__(self, program, folder):
        self.folder = pathlib.Path(folder)

        def make(*arguments):
            code, out, err = run(program, arguments, self.folder, limited=False)
            if code != 0:
                sys.exit(f"echoprep {' '.join(arguments)}: {code}\n{err.decode(errors='replace')}")

        make("phantom", "ph", "--studies", "12", "--frames", "10", "--size", "177x254", "--seed", "10", "--no-extras")
        make("ingest", "ph/mimic-iv-echo", "--dataset", "ds", "--size", "112")
        make("link-icd", "--dataset", "ds", "--mimic-iv", "ph/mimiciv/hosp", "--split", "50/25/25", "--top", "5")
        with sqlite3.connect(self.folder / "ds/echoprep.sqlite") as db:
            studies = [row[0] for row in db.execute("SELECT study_id FROM echo_study ORDER BY study_id")]
            self.secrets = sorted(
                {str(value) for row in db.execute("SELECT study_id, subject_id, study_datetime FROM echo_study") for value in row})
        self.study = str(studies[0])
        rows = "".join(f"{study},{-20 + n}\n" for n, study in enumerate(studies))
        (self.folder / "gls.csv").write_text("study_id,gls\n" + rows)
        rows = "".join(f"{study},{study},I50,{n % 2},0.{n % 10}\n" for n, study in enumerate(studies))
        (self.folder / "answers.csv").write_text("study_id,subject_id,code,label,probability\n" + rows)
        make("label", "import", "gls.csv", "--dataset", "ds", "--name", "gls")
        step = ["--views", "2", "--frames", "2", "--batch", "2", "--epochs", "1", "--threads", "1"]
        make("train", "--dataset", "ds", "--run", "pre", *step)
        make("train", "--dataset", "ds", "--run", "icd", "--task", "icd", "--init", "pre", *step)
        self.step = step
        self.clip = next((self.folder / "ph/mimic-iv-echo/files").rglob("*.dcm")).relative_to(self.folder)

    def copy(self, folder):
        """A copy to spoil; what is never written in place is shared."""

        def share(source, target):
            if source.endswith((".dcm", ".safetensors")):
                os.link(source, target)
            else:
                shutil.copyfile(source, target)

        for name in os.listdir(self.folder):
            source = self.folder / name
            if source.is_dir():
                shutil.copytree(source, pathlib.Path(folder) / name, copy_function=share)
            else:
                shutil.copyfile(source, pathlib.Path(folder) / name)

    def commands(self):
        """Every command with as little work as it can have."""
        return {
            "phantom": ["phantom", "new", "--studies", "1", "--frames", "4", "--size", "64x64", "--no-extras"],
            "ingest": ["ingest", "ph/mimic-iv-echo", "--dataset", "new", "--size", "32"],
            "merge": ["merge", "ds", "--compact"],
            "inspect": ["inspect", str(self.clip), "--png", "frame.png"],
            "inspect contact-sheet": ["inspect", "ds", "--contact-sheet", "sheets"],
            "verify": ["verify", "ds"],
            "link-icd": ["link-icd", "--dataset", "ds", "--mimic-iv", "ph/mimiciv/hosp"],
            "label import": ["label", "import", "gls.csv", "--dataset", "ds", "--name", "other"],
            "label list": ["label", "list", "--dataset", "ds"],
            "label compare": ["label", "compare", "link-icd", "link-icd", "--dataset", "ds"],
            "label drop": ["label", "drop", "--dataset", "ds", "--name", "gls"],
            "train": ["train", "--dataset", "ds", "--run", "new", *self.step],
            "evaluate": ["evaluate", "icd", "--bootstrap", "5", "--threads", "1"],
            "experiment": ["experiment", "table1", "--dataset", "ds", "--out", "new", "--preset", "tiny", "--models", "mae",
                           "--regimes", "full", "--seeds", "1", "--pretrain-epochs", "1", "--bootstrap", "5", *self.step],
            "embed": ["embed", "icd", "--threads", "1"],
            "export model": ["export", "model", "icd", "new"],
            "export clips": ["export", "clips", "ds", "new", "--format", "npy"],
            "export labels": ["export", "labels", "new.csv", "--dataset", "ds"],
            "export croissant": ["export", "croissant", "--dataset", "ds"],
            "engines": ["engines", "--threads", "1"],
        }


class Trials:
    def __init__(self, program, template, seed, per):
        self.program, self.template, self.random, self.per = program, template, random.Random(seed), per

    # Options -------------------------------------------------------------------------------------------------------

    def options(self):
        """Each number that an option takes, one option at a time."""
        help_text = subprocess.run([self.program, "--experimental-dump-help"], capture_output=True, check=True).stdout
        declared = {}

        def visit(command, path):
            name = command["commandName"]
            path = path + [name] if name != "echoprep" else path
            declared[" ".join(path)] = command.get("arguments", [])
            for inner in command.get("subcommands", []):
                visit(inner, path)

        visit(json.loads(help_text)["command"], [])
        for name, base in self.template.commands().items():
            if name == "inspect contact-sheet":
                wanted = {"count", "seed"}
            else:
                wanted = None
            for argument in declared[name.removesuffix(" contact-sheet")]:
                if argument["kind"] != "option" or "preferredName" not in argument:
                    continue
                option = argument["preferredName"]["name"]
                if wanted is not None and option not in wanted or not self.takes_numbers(name, base, option):
                    continue
                for value in NUMBERS:
                    rest = without(base, "--" + option)
                    written = [f"--{option}", ""] if value == "" else [f"--{option}={value}"]
                    yield f"{name} --{option}={value}", None, rest + written

    def takes_numbers(self, name, base, option):
        """Whether 1 is a value of the option and a word is none, or it is a text in which numbers stand."""
        if option in ("size", "split", "seeds", "part", "shard-size", "pack-size", "space", "memory", "codes"):
            return option != "codes"
        if option in ("config", "explain"):
            return option == "explain"
        probe = [*without(base, "--" + option), f"--{option}=text", "surplus", "surplus", "surplus"]
        code, out, err = run(self.program, probe, self.template.folder)
        return b"is invalid for" in err and b"'text'" in err and not enumerated(err)

    # config.json ---------------------------------------------------------------------------------------------------

    def config(self):
        values = [-1, 0, 1, 2**31, 2**62, 2**63, 1e308, -1e308, 0.5, None, "text", [], {}, True]
        commands = [
            ["evaluate", "RUN", "--bootstrap", "5", "--threads", "1"],
            ["embed", "RUN", "--threads", "1"],
            ["train", "--resume", "--run", "RUN", "--threads", "1"],
            ["train", "--extend", "2", "--run", "RUN", "--threads", "1"],
            ["export", "model", "RUN", "new"],
            ["export", "model", "RUN", "new", "--to", "timm"],
            ["train", "--init", "RUN", "--dataset", "ds", "--run", "new", *self.template.step],
        ]
        for run_name in ("icd", "pre"):
            path = f"{run_name}/config.json"
            whole = json.loads((self.template.folder / path).read_text())
            for place in numbers(whole):
                for value in values:
                    for command in self.random.sample(commands, min(self.per, len(commands))):
                        spoilt = replaced(whole, place, value)

                        def prepare(folder, spoilt=spoilt, path=path):
                            (folder / path).write_text(json.dumps(spoilt))

                        arguments = [run_name if word == "RUN" else word for word in command]
                        name = f"{path} {'.'.join(map(str, place))}={value}: {' '.join(arguments[:3])}"
                        yield name, prepare, arguments

    # Database ------------------------------------------------------------------------------------------------------

    def readers(self):
        study = self.template.study
        commands = self.template.commands()
        extra = {
            "inspect dataset": ["inspect", "ds"],
            "explain": ["link-icd", "--dataset", "ds", "--explain", study],
            "where": ["export", "labels", "new.csv", "--dataset", "ds", "--where", "age > 0 OR files > 0"],
            "meds": ["export", "labels", "new", "--dataset", "ds", "--format", "meds"],
            "parquet": ["export", "labels", "new.parquet", "--dataset", "ds", "--format", "parquet"],
            "train icd": ["train", "--dataset", "ds", "--run", "new", "--task", "icd", *self.template.step],
            "train lvef": ["train", "--dataset", "ds", "--run", "new", "--task", "lvef", *self.template.step],
            "train gls": ["train", "--dataset", "ds", "--run", "new", "--task", "label:gls", *self.template.step],
            "ingest again": ["ingest", "ph/mimic-iv-echo", "--dataset", "ds", "--size", "112"],
            "groups": ["label", "import", "groups.csv", "--groups", "--dataset", "ds", "--name", "groups"],
            "clips": ["export", "clips", "ds", "new", "--format", "webdataset"],
        }
        for name in ("phantom", "ingest", "inspect", "engines", "experiment", "export model"):
            commands.pop(name, None)
        return list((commands | extra).values())

    def database(self):
        path = self.template.folder / "ds/echoprep.sqlite"
        values = [None, b"\x00\xff\x1b[31m", 2**62, -1, 7, 1e300, float("inf"), ESCAPES, "../escaped", ""]
        with sqlite3.connect(path) as db:
            tables = [
                (name, [row[1] for row in db.execute(f"PRAGMA table_info({name})")])
                for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
                if db.execute(f"SELECT count(*) FROM {name}").fetchone()[0] > 0
            ]
        readers = self.readers()
        for table, columns in tables:
            for column in columns:
                for value in values:
                    whole = self.random.random() < 0.5
                    for command in self.random.sample(readers, min(self.per, len(readers))):

                        def prepare(folder, table=table, column=column, value=value, whole=whole):
                            (folder / "groups.csv").write_text("prefix,group\nI50,heart failure\n")
                            return spoil(folder / "ds/echoprep.sqlite", table, column, value, whole)

                        yield f"{table}.{column}={value!r}: {' '.join(command[:3])}", prepare, command

    def schema(self):
        endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
        with sqlite3.connect(self.template.folder / "ds/echoprep.sqlite") as db:
            objects = db.execute("SELECT type, name FROM sqlite_schema WHERE type IN ('table', 'view') ORDER BY name").fetchall()
            columns = {name: [row[1] for row in db.execute(f"PRAGMA table_info({name})")] for _, name in objects}
        for kind, name in objects:
            view = f"CREATE VIEW {name} AS {endless} SELECT " + ", ".join(f"i AS {c}" for c in columns[name]) + " FROM n"
            changes = {
                "endless view": [f"DROP {kind} {name}", view],
                "other columns": [f"DROP {kind} {name}", f"CREATE TABLE {name} (x)"],
                "gone": [f"DROP {kind} {name}"],
            }
            if kind == "table":
                changes["trigger"] = [
                    f"CREATE TRIGGER t AFTER {when} ON {name} BEGIN {endless.replace('WITH', 'SELECT count(*) FROM (WITH', 1)} SELECT i FROM n); END;"
                    .replace("TRIGGER t", f"TRIGGER t_{when}") for when in ("INSERT", "DELETE", "UPDATE")]
            for what, statements in changes.items():
                for command in self.random.sample(self.readers(), self.per):

                    def prepare(folder, statements=statements):
                        (folder / "groups.csv").write_text("prefix,group\nI50,heart failure\n")
                        db = sqlite3.connect(folder / "ds/echoprep.sqlite", isolation_level=None)
                        db.execute("PRAGMA foreign_keys = OFF")
                        for statement in statements:
                            db.execute(statement)
                        db.close()

                    yield f"{name} {what}: {' '.join(command[:3])}", prepare, command


def without(arguments, option):
    """The same without an option and its value."""
    if option not in arguments:
        return list(arguments)
    place = arguments.index(option)
    return arguments[:place] + arguments[place + 2:]


def enumerated(message):
    return b"Please provide one of" in message or b"possible values" in message


def numbers(value, place=()):
    """The places of all numbers in an object of JSON."""
    if isinstance(value, bool):
        return
    if isinstance(value, (int, float)):
        yield place
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from numbers(inner, place + (key,))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from numbers(inner, place + (index,))


def replaced(value, place, new):
    if not place:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[place[0]] = replaced(value[place[0]], place[1:], new)
    return copy


def spoil(path, table, column, value, whole):
    """Puts a value where the definition does not allow it, and leaves the definition as it was. False where it cannot be."""
    db = sqlite3.connect(path, isolation_level=None)
    try:
        sql = db.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (table,)).fetchone()[0]
        version = db.execute("PRAGMA schema_version").fetchone()[0]
        loose = sql.replace(") STRICT, WITHOUT ROWID", ") WITHOUT ROWID").replace(") STRICT", ")")
        loose = re.sub(r"(?<! IS) NOT NULL", "", loose)

        def define(text, number):
            db.execute("PRAGMA writable_schema = ON")
            db.execute("UPDATE sqlite_schema SET sql = ? WHERE name = ?", (text, table))
            db.execute(f"PRAGMA schema_version = {number}")
            db.execute("PRAGMA writable_schema = OFF")

        define(loose, version + 1)
        db.close()
        db = sqlite3.connect(path, isolation_level=None)
        db.execute("PRAGMA ignore_check_constraints = ON")
        db.execute("PRAGMA foreign_keys = OFF")
        done = False
        for condition in ["1"] * whole + [f"{column} = (SELECT min({column}) FROM {table})", f"{column} IS NULL"]:
            try:
                done = db.execute(f"UPDATE OR ABORT {table} SET {column} = ? WHERE {condition}", (value,)).rowcount > 0
            except (sqlite3.IntegrityError, sqlite3.OperationalError, OverflowError):
                continue
            if done:
                break
        define(sql, version + 2)
        return done
    finally:
        db.close()


def verdict(code, out, err, secrets, own):
    """A word for how it ended, and whether that holds."""
    if code is None or code in (-24, -9):
        return "over 20 s", False
    if code < 0 or code > 128 and code != 130:
        return "crash", False
    text = (out + err).decode(errors="replace")
    if any(ord(c) < 32 and c not in "\n\t\r" or 0x7F <= ord(c) < 0xA0 for c in text):
        return "control characters", False
    message = err.decode(errors="replace")
    if code == 1 and any(secret in message for secret in secrets if secret not in own):
        return "a row's value", False
    if code in (1, 64) and len(message) > 4000:
        return "long message", False
    return {0: "done", 1: "refused", 2: "done", 64: "usage"}.get(code, f"exit {code}"), code in (0, 1, 2, 64)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--per", type=int, default=2, help="commands a spoilt value")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--only", nargs="*", default=["options", "config", "database", "schema"])
    parser.add_argument("--share", type=float, default=1, help="of all trials")
    parser.add_argument("--show", action="store_true", help="print each trial that does not hold")
    options = parser.parse_args()
    program = options.program.resolve()
    failed = 0
    with tempfile.TemporaryDirectory(prefix="values-") as folder:
        template = Template(program, folder)
        trials = Trials(program, template, options.seed, options.per)

        def attempt(trial):
            name, prepare, arguments = trial
            with tempfile.TemporaryDirectory(prefix="trial-") as work:
                template.copy(work)
                if prepare is not None and prepare(pathlib.Path(work)) is False:
                    return None
                code, out, err = run(program, arguments, work)
                outside = sorted(os.listdir(pathlib.Path(work).parent))
                word, holds = verdict(code, out, err, template.secrets, " ".join(arguments))
                if any("escaped" in entry for entry in outside) or (pathlib.Path(work) / "escaped").exists():
                    word, holds = "wrote outside", False
                return name, word, holds, err.decode(errors="replace")[-300:]

        for kind in options.only:
            all_trials = list(getattr(trials, kind)())
            chosen = [t for t in all_trials if options.share >= 1 or trials.random.random() < options.share]
            counts, held, total = collections.Counter(), 0, 0
            with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
                for result in pool.map(attempt, chosen):
                    if result is None:
                        continue
                    name, word, holds, said = result
                    counts[word] += 1
                    total += 1
                    held += holds
                    if not holds and options.show:
                        print(f"  {word}: {name}\n    {said.strip()!r}", flush=True)
            failed += total - held
            words = ", ".join(f"{count} {word}" for word, count in counts.most_common())
            print(f"{kind}: {total} trials, {held} held ({words})", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
