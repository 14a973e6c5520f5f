"""Long work of one process: whether its memory, threads, open files and disk grow with the work that is done.

    python3 Tests/Faults/soak.py .build/release/echoprep [--files 20000] [--steps 100000] [--only ingest train]

`ingest` reads many small files, each with other bytes; `train` takes many steps of a small model. Both are looked at every
quarter of a second. Memory is what the process has to itself (RssAnon: of the shards that training maps, the kernel keeps
as many pages as it has room for, and they are shown beside). After the first tenth of the time the median of each tenth
stays within 5 % of that of the second tenth; so do threads and descriptors, as they are. Of the disk, nothing stays but
what is asked for.
"""

import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

STEP = "--preset tiny --model mae --views 1 --frames 1 --batch 1 --threads 1 --no-augment --pictures-every 0".split()


def looked_at(arguments, folder):
    """Runs a command; the samples of (seconds, own KiB, all KiB, threads, descriptors), and what the process ended with."""
    with open(os.path.join(folder, "messages"), "wb") as messages:
        process = subprocess.Popen(arguments, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=messages)
        begun, samples = time.monotonic(), []
        while process.poll() is None:
            try:
                status = dict(line.split(":", 1) for line in open(f"/proc/{process.pid}/status") if ":" in line)
                descriptors = len(os.listdir(f"/proc/{process.pid}/fd"))
                if "RssAnon" in status:
                    samples.append((time.monotonic() - begun, int(status["RssAnon"].split()[0]), int(status["VmRSS"].split()[0]),
                                    int(status["Threads"]), descriptors))
            except (FileNotFoundError, ProcessLookupError):
                pass
            time.sleep(0.25)
    if process.returncode:
        print(open(os.path.join(folder, "messages"), errors="replace").read()[-2000:])
    return samples, process.returncode


def judged(name, samples, work):
    """Prints the tenths of the time, and whether nothing grows after the first."""
    end = samples[-1][0]
    tenths = [[s for s in samples if end * t / 10 <= s[0] < end * (t + 1) / 10] or [samples[-1]] for t in range(10)]
    print(f"{name}: {work}, {end:.0f} s, {len(samples)} looks; medians of the tenths of the time")
    for title, column, unit in (("own memory", 1, 1024), ("with mapped files", 2, 1024), ("threads", 3, 1), ("descriptors", 4, 1)):
        medians = [statistics.median(s[column] for s in tenth) / unit for tenth in tenths]
        print(f"    {title:18}" + "".join(f"{m:9.1f}" for m in medians) + (" MiB" if unit > 1 else ""))
    bad = []
    for title, column in (("own memory", 1), ("threads", 3), ("descriptors", 4)):
        medians = [statistics.median(s[column] for s in tenth) for tenth in tenths]
        if max(medians[2:]) > 1.05 * medians[1]:
            bad.append(f"{title} grows by {max(medians[2:]) / medians[1] - 1:.1%}")
    print(f"    {'; '.join(bad) or 'flat'}", flush=True)
    return not bad


def size(folder):
    return sum(os.lstat(os.path.join(at, name)).st_size for at, _, names in os.walk(folder) for name in names)


def many_files(program, folder, count):
    """A folder of studies of 50 files each; the bytes of no two are the same."""
    subprocess.run([program, *"phantom seed --studies 4 --frames 4 --size 96x128 --no-extras".split()], cwd=folder, check=True, capture_output=True)
    seeds = [path.read_bytes() for path in sorted(pathlib.Path(folder, "seed/mimic-iv-echo").rglob("*.dcm"))]
    for number in range(count):
        place = pathlib.Path(folder, f"source/study-{number // 50:05}")
        place.mkdir(parents=True, exist_ok=True)
        # Padding behind the data set, as PS3.10 allows it.
        padding = bytes([0xFC, 0xFF, 0xFC, 0xFF]) + b"OB\0\0" + (16).to_bytes(4, "little") + number.to_bytes(16, "little")
        place.joinpath(f"clip-{number % 50:02}.dcm").write_bytes(seeds[number % len(seeds)] + padding)


def ingest(program, folder, count):
    many_files(program, folder, count)
    held = True
    before = size(folder)
    samples, code = looked_at([program, *"ingest source --dataset out --size 32 --shard-size 8MiB --jobs 2".split()], folder)
    held &= code == 0 and judged("ingest", samples, f"{count} files")
    kept = size(os.path.join(folder, "out"))
    print(f"    disk: {kept / 2**20:.1f} MiB of dataset, {(size(folder) - before - kept) / 2**20:.2f} MiB beside it")
    return held and size(folder) - before - kept < 2**20


def train(program, folder, steps):
    for command in (
        "phantom ph --studies 120 --frames 4 --size 96x128 --no-extras",
        "ingest ph/mimic-iv-echo --dataset data --size 32",
        "link-icd --dataset data --mimic-iv ph/mimiciv/hosp --split 60/20/20 --top 4",
    ):
        subprocess.run([program, *command.split()], cwd=folder, check=True, capture_output=True)
    listed = subprocess.run([program, *"train --dataset data --run probe --epochs 1".split(), *STEP], cwd=folder, capture_output=True, text=True)
    a_pass = sum('"split":"train"' in line.replace(" ", "") for line in open(os.path.join(folder, "probe/metrics.jsonl")))
    if listed.returncode or not a_pass:
        raise SystemExit(listed.stderr)
    epochs = -(-steps // a_pass)
    samples, code = looked_at(
        [program, "train", "--dataset", "data", "--run", "run", "--epochs", str(epochs), "--checkpoint-every", "5000", *STEP], folder)
    held = code == 0 and judged("train", samples, f"{epochs * a_pass} steps in {epochs} epochs")
    for at, _, names in os.walk(os.path.join(folder, "run")):
        for name in names:
            if os.path.getsize(os.path.join(at, name)) > 2**20:
                print(f"    disk: {os.path.relpath(os.path.join(at, name), folder)} {os.path.getsize(os.path.join(at, name)) / 2**20:.1f} MiB")
    return held


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--steps", type=int, default=100_000)
    parser.add_argument("--only", nargs="+", default=["ingest", "train"])
    options = parser.parse_args()
    program, held = os.path.abspath(options.program), True
    for name, number in (("ingest", options.files), ("train", options.steps)):
        if name not in options.only:
            continue
        folder = tempfile.mkdtemp(prefix="echoprep-soak-")
        try:
            held &= globals()[name](program, folder, number)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    sys.exit(0 if held else 1)


main()
