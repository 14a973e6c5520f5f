"""Times `label import` on as many labels as MIMIC-IV-ECHO's 525,422 files have with 23 views.

    python Tests/Oracles/bench_import.py PATH_OF_ECHOPREP_BINARY [DIVISOR]

A table with a view and its probability a clip, one with a probability for each view in no order, and the same as a row a
label. Each import is a process of its own; its seconds and its peak memory are printed, and the size of the database.
"""

import os
import random
import sqlite3
import sys
import tempfile
import time
from pathlib import Path

ECHOPREP = str(Path(sys.argv[1]).resolve())
CLIPS = 525_422 // int((sys.argv + ["1"])[2])
VIEWS = [f"V{n:02}" for n in range(23)]
SCHEMA = Path(__file__).resolve().parents[2] / "schemas/labels.sql"


def dataset(folder):
    """A database with a row for each clip, seventy a study; returns their names."""
    folder.mkdir()
    database = sqlite3.connect(folder / "echoprep.sqlite")
    database.executescript(SCHEMA.read_text())
    database.execute("INSERT INTO run (id, command, started_at, program_version, schema_version, command_line) "
                     "VALUES (1, 'ingest', '', '', 0, '')")
    names = [f"{90_000_000 + n // 70 * 137}/{90_000_000 + n // 70 * 137}_{n % 70:04}" for n in range(CLIPS)]
    database.executemany(
        "INSERT INTO clip (run_id, study_key, subject_id, name, path, kept, shard) VALUES (1, ?, ?, ?, ?, 1, 'x')",
        ((name.split("/")[0], n // 140, name, f"{name}.dcm") for n, name in enumerate(names)))
    database.commit()
    return names


def tables(folder, names):
    """The three csv files, by what they are."""
    numbers = random.Random(1)
    shuffled = numbers.sample(names, len(names))
    files = {name: folder / f"{name}.csv" for name in ("view", "wide", "long")}
    with files["view"].open("w") as file:
        file.write("clip,view,probability\n")
        file.writelines(f"{name},{numbers.choice(VIEWS)},{1 - numbers.random():.6f}\n" for name in names)
    with files["wide"].open("w") as file:
        file.write(f"clip,{','.join(VIEWS)}\n")
        file.writelines(f"{name},{','.join(f'{numbers.random():.6f}' for _ in VIEWS)}\n" for name in shuffled)
    with files["long"].open("w") as file:
        file.write("key,target,value\n")
        for name in shuffled:
            file.writelines(f"{name},{view},{numbers.random():.4f}\n" for view in VIEWS)
    return files


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = tables(folder, dataset(folder / "data"))
        for name, path in files.items():
            start = time.monotonic()
            command = [ECHOPREP, "label", "import", path, "--dataset", folder / "data", "--name", "bench", "--unit", "clip"]
            child = os.posix_spawn(ECHOPREP, [str(word) for word in command], os.environ, file_actions=[
                (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)])
            _, status, usage = os.wait4(child, 0)
            if status:
                sys.exit(f"{name}: label import failed")
            labels = CLIPS * (1 if name == "view" else len(VIEWS))
            size = (folder / "data/echoprep.sqlite").stat().st_size
            print(f"{name}: {labels:,} labels in {time.monotonic() - start:.1f} s ({usage.ru_utime:.1f} s of a processor), "
                  f"at most {usage.ru_maxrss / 1024:.0f} MiB; the database then has {size / 1e6:.0f} MB", flush=True)


if __name__ == "__main__":
    main()
