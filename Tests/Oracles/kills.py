"""An ingest that is killed again and again against one that is left alone.

    python Tests/Oracles/kills.py .build/release/echoprep [KILLS]

A hundred times (or KILLS times) `ingest` on four workers gets SIGKILL after a random time and is started again. The
shards must be those of the undisturbed run byte for byte, and the rows of `clip` the same.
"""

import hashlib
import pathlib
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time


def shards(dataset):
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (dataset / "shards").iterdir()
        if not path.name.startswith(".")
    }


def rows(dataset, query="SELECT * FROM clip ORDER BY id"):
    return sqlite3.connect(dataset / "echoprep.sqlite").execute(query).fetchall()


def main(program, kills=100):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        phantom = [program, "phantom", folder / "cohort", "--studies", "45", "--frames", "16", "--size", "354x508"]
        subprocess.run(phantom, check=True, capture_output=True, timeout=600)

        def command(dataset):
            source = folder / "cohort" / "mimic-iv-echo"
            arguments = ["ingest", source, "--dataset", dataset, "--jobs", "4", "--shard-size", "2MiB"]
            return [program, *map(str, arguments)]

        calm, stormy = folder / "calm", folder / "stormy"
        begin = time.monotonic()
        subprocess.run(command(calm), check=True, capture_output=True, timeout=600)
        seconds = time.monotonic() - begin
        chance = random.Random(7)
        killed, finished = 0, 0
        while killed < kills:
            process = subprocess.Popen(command(stormy), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            # Short lives first, so that there is work left for all of them; then the whole run begins anew.
            time.sleep(chance.uniform(0, seconds / 4))
            process.send_signal(signal.SIGKILL)
            if process.wait() == 0:
                finished += 1
                compare(calm, stormy)
                subprocess.run(["rm", "-rf", str(stormy)], check=True)
            else:
                killed += 1
        subprocess.run(command(stormy), check=True, capture_output=True, timeout=600)
        compare(calm, stormy)
        [(files, kept)] = rows(calm, "SELECT count(*), sum(kept) FROM clip")
        print(
            f"{killed} kills over {finished + 1} ingests of {files} files, {kept} kept ({seconds:.1f} s undisturbed): "
            f"{len(shards(calm))} shards and all rows are those of the undisturbed run"
        )


def compare(calm, stormy):
    if shards(calm) != shards(stormy):
        sys.exit("the shards differ")
    if rows(calm) != rows(stormy):
        sys.exit("the rows differ")


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
