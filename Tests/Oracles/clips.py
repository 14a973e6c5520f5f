"""Clips that left, read by the libraries of others: WebDataset, NumPy and PyAV must find what the shards hold.

    python Tests/Oracles/clips.py PATH_OF_ECHOPREP_BINARY

Frames against safetensors' own reader, ids, splits and labels against the database; without loss they must be equal, with
loss the PSNR that stands beside a clip must be what NumPy computes. Sizes are OpenCV's INTER_CUBIC, rates the nearest
frames. A clip that a later release withdrew must be in none of them.
"""

import csv
import json
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import av
import cv2
import numpy as np
import webdataset
from safetensors import safe_open

ECHOPREP = str(Path(sys.argv[1]).resolve())


def run(*arguments):
    done = subprocess.run([ECHOPREP, *map(str, arguments)], capture_output=True, text=True, timeout=600)
    if done.returncode != 0:
        sys.exit(f"{arguments[0]} failed: {done.stderr}")
    return done.stdout


def stored(dataset):
    """The frames of every kept clip by its name, and the facts of its row."""
    db = sqlite3.connect(dataset / "echoprep.sqlite")
    db.row_factory = sqlite3.Row
    rows = db.execute(
        """SELECT c.*, s.split FROM clip c LEFT JOIN split s ON s.subject_id = c.subject_id WHERE kept = 1 ORDER BY c.id"""
    ).fetchall()
    clips = {}
    for row in rows:
        with safe_open(dataset / "shards" / row["shard"], "np") as shard:
            clips[row["name"]] = (shard.get_tensor(row["tensor"] or row["name"]), row)
    labels = {}
    for unit, key, source, target, value in db.execute("SELECT unit, key, source, target, value FROM label"):
        if value is not None:
            labels.setdefault((unit, key), {}).setdefault(source, {})[target] = value
    return clips, labels


def facts(description, row, labels):
    """What the JSON of a clip says against the database."""
    for name in ("name", "study_id", "subject_id", "split", "kind", "sha256"):
        if description.get(name) != row[name]:
            sys.exit(f"{row['name']}: {name} is {description.get(name)} instead of {row[name]}")
    theirs = {}
    for key in [("subject", str(row["subject_id"])), ("study", row["study_key"]), ("clip", row["name"])]:
        for source, values in labels.get(key, {}).items():
            theirs.setdefault(source, {}).update(values)
    if description["labels"] != theirs:
        sys.exit(f"{row['name']}: labels {description['labels']} instead of {theirs}")


def equal(name, ours, theirs):
    if ours.shape != theirs.shape or not np.array_equal(ours, theirs):
        sys.exit(f"{name}: {ours.shape} instead of {theirs.shape}, or other pixels")


def samples(folder):
    """The files of a folder format, with their descriptions."""
    with open(folder / "clips.csv", newline="") as file:
        for line in csv.DictReader(file):
            path = folder / line["file"]
            yield line, path, json.loads(path.with_suffix(".json").read_text())


def video(path, is_colour):
    """The planes of a video file's pictures as they are coded, and when they are shown."""
    frames, times = [], []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            times.append(float(frame.pts * frame.time_base))
            if is_colour:
                frames.append(frame.to_ndarray(format="rgb24"))
            else:
                plane = frame.planes[0]
                rows = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
                frames.append(rows[: frame.height, : frame.width])
    return np.stack(frames), np.array(times)


def check_dataset(dataset, root, pixels):
    clips, labels = stored(dataset)
    splits = sorted({row["split"] or "unsplit" for _, row in clips.values()})

    out = root / f"{pixels}-webdataset"
    run("export", "clips", dataset, out, "--format", "webdataset", "--pack-size", "1MiB", "--jobs", 3)
    seen = set()
    for split in splits:
        packs = sorted(str(path) for path in out.glob(f"{split}-*.tar"))
        for sample in webdataset.WebDataset(packs, shardshuffle=False).decode():
            description = sample["json"]
            frames, row = clips[description["name"]]
            equal(description["name"], sample["npy"], frames)
            facts(description, row, labels)
            assert (row["split"] or "unsplit") == split
            seen.add(description["name"])
    assert seen == set(clips), "not the same clips"

    out = root / f"{pixels}-npy"
    run("export", "clips", dataset, out, "--format", "npy", "--size", 48, "--fps", 10)
    for line, path, description in samples(out):
        frames, row = clips[line["name"]]
        times = np.arange(len(frames)) / row["frames_per_second"]
        steps = np.arange(int(np.floor(times[-1] * 10 + 1e-6)) + 1) / 10
        places = [int(np.argmin(np.round(np.abs(times - step), 9))) for step in steps]
        smaller = np.stack([cv2.resize(frames[place], (48, 48), interpolation=cv2.INTER_CUBIC) for place in places])
        array = np.load(path)
        assert array.shape == smaller.shape and description["frames_per_second"] == 10
        worst = int(np.abs(array.astype(int) - smaller.astype(int)).max())
        if worst > 1:
            sys.exit(f"{line['name']}: resized frames differ by {worst}")

    noises = []
    for codec in ("h264-lossless", "ffv1", "h264"):
        out = root / f"{pixels}-{codec}"
        text = run("export", "clips", dataset, out, "--format", "mp4", "--codec", codec, "--crf", 20)
        count = 0
        for line, path, description in samples(out):
            frames, row = clips[line["name"]]
            frames = frames[..., ::-1] if pixels == "echoprime" else frames
            decoded, times = video(path, frames.ndim == 4)
            facts(description, row, labels)
            # Matroska counts milliseconds.
            allowed = 6e-4 if codec == "ffv1" else 2e-6
            if not np.allclose(times, np.arange(len(frames)) / row["frames_per_second"], rtol=0, atol=allowed):
                sys.exit(f"{line['name']} in {codec}: its times are {times}")
            count += 1
            if codec != "h264":
                equal(f"{line['name']} in {codec}", decoded, frames)
                continue
            error = np.mean((decoded.astype(float) - frames.astype(float)) ** 2)
            noise = 10 * np.log10(255**2 / error)
            # Colours: PyAV turns the coded planes into R, G, B as they are.
            if abs(noise - float(line["psnr"])) > 1e-6 * noise:
                sys.exit(f"{line['name']}: PSNR {line['psnr']} instead of {noise}")
            noises.append(noise)
        assert count == len(clips)
        print(f"{pixels}, {codec}: {count} clips by PyAV {av.__version__}; {text.splitlines()[0]}")
    print(
        f"{pixels}: {len(clips)} clips by WebDataset {webdataset.__version__} and NumPy equal to the shards, with ids, splits "
        f"and labels; PSNR at crf 20 {min(noises):.2f} to {max(noises):.2f} dB as NumPy computes it"
    )


def main():
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        run("phantom", root / "phantom", "--studies", 8, "--frames", 12, "--size", "177x254")
        echo, hosp = root / "phantom/mimic-iv-echo", root / "phantom/mimiciv"
        for pixels in ("luma", "echoprime"):
            dataset = root / pixels
            run("ingest", echo, "--dataset", dataset, "--size", 64, "--pixels", pixels)
            run("link-icd", "--dataset", dataset, "--mimic-iv", hosp, "--split", "60/20/20", "--top", 10)
            check_dataset(dataset, root, pixels)
        records = echo / "echo-record-list.csv"
        lines = records.read_text().splitlines()
        kept = sqlite3.connect(root / "luma/echoprep.sqlite").execute("SELECT path FROM clip WHERE kept = 1").fetchone()[0]
        records.write_text("\n".join(line for line in lines if kept not in line) + "\n")
        run("ingest", echo, "--dataset", root / "luma", "--size", 64)
        run("export", "clips", root / "luma", root / "later", "--format", "npy")
        names = [description["name"] for _, _, description in samples(root / "later")]
        assert len(names) == len(stored(root / "luma")[0]) and not any(kept.endswith(name.split("/")[1] + ".dcm") for name in names)
        print("a clip that was withdrawn is not among them")


main()
