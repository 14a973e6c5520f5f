"""An ingest that is killed again and again against one that is left alone.

    python Tests/Oracles/kills.py .build/release/echoprep [KILLS]

A hundred times (or KILLS times) `ingest` on four workers gets SIGKILL after a random time and is started again. The
shards must be those of the undisturbed run byte for byte, and the rows of `clip` the same.

Then the release changes: a study is withdrawn, one moves to another subject, one has new files, one other bytes. Killed 30
times (or as often as above, if that is less), the dataset must be what an undisturbed ingest makes of it, and in every row
and pixel that training can see what a fresh ingest makes of the new release; so after `merge --compact`, killed likewise.
"""

import hashlib
import pathlib
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

from safetensors import safe_open


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
        change(folder / "cohort" / "mimic-iv-echo")
        release(program, command, calm, stormy, folder / "fresh", min(kills, 30), chance)


def change(source):
    """A study withdrawn, one moved to another subject, one with a new file, one with changed bytes."""
    records = source / "echo-record-list.csv"
    header, *lines = records.read_text().splitlines()
    column = header.split(",").index("dicom_filepath")
    studies = {}
    for line in lines:
        studies.setdefault(str(pathlib.PurePath(line.split(",")[column]).parent), []).append(line)
    gone, moved, more, other = list(studies)[5:45:10]
    shutil.rmtree(source / gone)
    subject = pathlib.PurePath(moved).parent.name
    target = moved.replace(subject, "p19999999")
    (source / target).parent.mkdir(parents=True)
    (source / moved).rename(source / target)
    kept = [line for study in studies if study not in (gone, moved) for line in studies[study]]
    kept += [line.replace(subject, "p19999999").replace(subject[1:], "19999999") for line in studies[moved]]
    # DICOM may end with whatever follows in a padding element: the same clip, other bytes.
    padding = b"\xfc\xff\xfc\xff" + b"OB\0\0" + (4).to_bytes(4, "little")
    paths = [source / line.split(",")[column] for line in studies[more] + studies[other]]
    clips = [path for path in paths if path.stat().st_size == max(p.stat().st_size for p in paths if p.parent == path.parent)]
    new = clips[0].with_name(clips[0].stem[:-4] + "9999.dcm")
    new.write_bytes(clips[0].read_bytes() + padding + b"new ")
    kept.append(next(line for line in studies[more] if clips[0].name in line).replace(clips[0].name, new.name))
    clips[1].write_bytes(clips[1].read_bytes() + padding + b"more")
    records.write_text("\n".join([header, *kept]) + "\n")


def visible(dataset):
    """All rows but for where clips lie and who wrote them, and all pixels."""
    db = sqlite3.connect(dataset / "echoprep.sqlite")
    hidden = ("run_id", "shard", "tensor", "mtime")
    names = [name for _, name, *_ in db.execute("PRAGMA table_info(clip)") if name not in hidden]
    found = [db.execute(f"SELECT {', '.join(names)} FROM clip ORDER BY id").fetchall()]
    query = "SELECT shard, coalesce(tensor, name) FROM clip WHERE kept = 1 ORDER BY id"
    for shard, tensor in db.execute(query):
        with safe_open(dataset / "shards" / shard, "np") as file:
            found.append(hashlib.sha256(file.get_tensor(tensor).tobytes()).hexdigest())
    return found


def release(program, command, calm, stormy, fresh, kills, chance):
    def storm(arguments, seconds):
        for _ in range(kills):
            process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(chance.uniform(0, seconds))
            process.send_signal(signal.SIGKILL)
            process.wait()
        subprocess.run(arguments, check=True, capture_output=True, timeout=600)

    begin = time.monotonic()
    text = subprocess.run(command(calm), check=True, capture_output=True, text=True, timeout=600).stdout
    seconds = time.monotonic() - begin
    subprocess.run(command(fresh), check=True, capture_output=True, timeout=600)
    storm(command(stormy), seconds)
    compare(calm, stormy)
    counts = [rows(dataset, "SELECT changes FROM run ORDER BY id DESC LIMIT 1") for dataset in (calm, stormy)]
    if counts[0] != counts[1]:
        sys.exit(f"counted {counts[1]} instead of {counts[0]}")
    if visible(stormy) != visible(fresh):
        sys.exit("the dataset is not that of a fresh ingest")
    storm([program, "merge", "--compact", str(stormy)], seconds / 4)
    if visible(stormy) != visible(fresh):
        sys.exit("the compact dataset is not that of a fresh ingest")
    report = subprocess.run([program, "verify", str(stormy)], capture_output=True, text=True, timeout=600)
    if report.returncode != 0 or "withdrawn" in report.stdout:
        sys.exit(f"verify: {report.stdout}")
    changed = next(line for line in text.splitlines() if line.startswith("changed: "))
    print(f"a release that changed ({changed}), {kills} kills, and {kills} of merge --compact: as undisturbed, and as fresh")


def compare(calm, stormy):
    if shards(calm) != shards(stormy):
        sys.exit("the shards differ")
    if rows(calm) != rows(stormy):
        sys.exit("the rows differ")


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
