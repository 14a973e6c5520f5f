"""Shards and rows as Python sees them: safetensors, hashlib, xxhash and sqlite3 against `ingest` and `inspect`.

    python Tests/Oracles/shards.py .build/release/echoprep

Nothing but public libraries reads the dataset. Exits with an error at the first thing that is not as it should be.
"""

import csv
import hashlib
import json
import pathlib
import sqlite3
import struct
import subprocess
import sys
import tempfile

import cv2
import numpy as np
import torch
import xxhash
from safetensors import safe_open
from safetensors.torch import save_file


def run(program, *arguments):
    result = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, timeout=600)
    if result.returncode != 0:
        sys.exit(f"echoprep {arguments[0]} failed:\n{result.stderr}")
    return result.stdout


def check(condition, complaint):
    if not condition:
        sys.exit(complaint)


def rows(dataset):
    database = sqlite3.connect(dataset / "echoprep.sqlite")
    database.row_factory = sqlite3.Row
    return [dict(row) for row in database.execute("SELECT * FROM clip ORDER BY id")]


def offsets(path):
    """Where each tensor begins, from the file's own header."""
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
    header.pop("__metadata__", None)
    return {name: entry["data_offsets"][0] for name, entry in header.items()}


def compare_shards(source, dataset, channels):
    """Every kept row against its tensor, both ways."""
    kept = {row["name"]: row for row in rows(dataset) if row["kept"]}
    seen, tensors = set(), 0
    for path in sorted((dataset / "shards").glob("*.safetensors")):
        order = sorted(offsets(path).items(), key=lambda item: item[1])
        studies = [kept[name]["study_key"] for name, _ in order]
        runs = sum(a != b for a, b in zip(studies, studies[1:])) + 1
        check(runs == len(set(studies)), f"{path.name}: a study's clips are not together")
        with safe_open(path, "np") as shard:
            facts = json.loads(shard.metadata()["clips"])
            check(facts.keys() == set(shard.keys()), f"{path.name}: metadata and tensors differ")
            for name in shard.keys():
                row, clip = kept[name], shard.get_tensor(name)
                shape = (row["frames"], 224, 224) + ((3,) if channels == 3 else ())
                check(clip.dtype == np.uint8 and clip.shape == shape, f"{name}: {clip.dtype} {clip.shape}")
                check(np.array_equal(shard.get_slice(name)[1:2], clip[1:2]), f"{name}: its second frame")
                check(row["shard"] == path.name, f"{name}: lies in {path.name}")
                check(xxhash.xxh3_64_hexdigest(clip.tobytes()) == row["checksum"], f"{name}: checksum")
                check(facts[name]["xxh3"] == row["checksum"], f"{name}: checksum in the metadata")
                file = (source / row["path"]).read_bytes()
                check(hashlib.sha256(file).hexdigest() == row["sha256"], f"{name}: sha256 of its source")
                check(len(file) == row["bytes"], f"{name}: size of its source")
                check(clip.std() > 1, f"{name}: shows nothing")
                seen.add(name)
                tensors += clip.size
    check(seen == set(kept), "clips are missing from the shards")
    print(f"{channels} channel(s): {len(seen)} clips, {tensors} samples, rows and shards agree")


def compare_compressed(plain, small):
    """The frames of a compressed dataset, read by OpenCV, against those of a plain one."""
    frames, sizes = 0, [0, 0]
    for path in sorted((plain / "shards").glob("*.safetensors")):
        with safe_open(path, "np") as shard:
            clips = {name: shard.get_tensor(name) for name in shard.keys()}
        for other in (small / "shards").glob("*.safetensors"):
            with safe_open(other, "np") as shard:
                for name in clips.keys() & set(shard.keys()):
                    data = shard.get_tensor(name)
                    count = int(data[:8].view("<i8")[0])
                    index = data[8 : 8 * (count + 2)].view("<i8")
                    check(count == len(clips[name]), f"{name}: {count} frames")
                    for frame, begin, end in zip(clips[name], index, index[1:]):
                        read = cv2.imdecode(data[begin:end], cv2.IMREAD_UNCHANGED)
                        check(np.array_equal(read, frame), f"{name}: a frame differs")
                        frames += 1
                    sizes = [sizes[0] + clips[name].size, sizes[1] + data.size]
    check(frames > 0, "no compressed frame was compared")
    print(f"compressed: {frames} frames equal, {sizes[1] / sizes[0]:.2f} of the size")


def compare_kinds(cohort, dataset):
    """What each file was taken for against what the phantom drew."""
    with open(cohort / "truth.csv", newline="") as file:
        truth = {row["path"]: row["kind"] for row in csv.DictReader(file)}
    found = {row["path"]: row["kind"] for row in rows(dataset)}
    check(truth.keys() == found.keys(), "files and rows differ")
    wrong = {path: (kind, found[path]) for path, kind in truth.items() if found[path] != kind}
    check(not wrong, f"{len(wrong)} of {len(truth)} kinds are wrong, as {next(iter(wrong.items()), None)}")
    print(f"kinds: all {len(truth)} right")


def compare_reader(program, folder):
    """A file that Python wrote, as `inspect` reads it."""
    tensors = {
        "f32": torch.randn(3, 4), "f64": torch.randn(2, dtype=torch.float64), "f16": torch.randn(5).half(),
        "bf16": torch.randn(1, 2, 3).bfloat16(), "i64": torch.arange(4), "u8": torch.zeros(0, 7, dtype=torch.uint8),
        "scalar": torch.tensor(1.5), "ümlaut/名": torch.ones(2, dtype=torch.bool),
    }  # fmt: skip
    path = folder / "python.safetensors"
    save_file(tensors, path, metadata={"quote": 'a "b" \\ \n c'})
    report = json.loads(run(program, "inspect", path, "--json"))
    facts = {fact["name"]: fact["value"] for fact in report["facts"]}
    names = {"torch.float32": "F32", "torch.float64": "F64", "torch.float16": "F16", "torch.bfloat16": "BF16"}
    names |= {"torch.int64": "I64", "torch.uint8": "U8", "torch.bool": "BOOL"}
    for name, tensor in tensors.items():
        expected = f"{names[str(tensor.dtype)]} {' × '.join(map(str, tensor.shape))}"
        check(facts[name] == expected, f"inspect says {name} is {facts[name]}, not {expected}")
    check(facts["quote"] == 'a "b" \\ \n c', "metadata differ")
    print(f"a file of Python's: {len(tensors)} tensors of {len(names)} types read alike")


def main(program):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        cohort = folder / "cohort"
        run(program, "phantom", cohort, "--studies", 6, "--frames", 8, "--seed", 5)
        source = cohort / "mimic-iv-echo"
        for pixels, channels in [("luma", 1), ("rgb", 3)]:
            dataset = folder / pixels
            run(program, "ingest", source, "--dataset", dataset, "--pixels", pixels, "--shard-size", "8MiB")
            compare_shards(source, dataset, channels)
        run(program, "ingest", source, "--dataset", folder / "small", "--compress", "png")
        compare_compressed(folder / "luma", folder / "small")
        compare_kinds(cohort, folder / "luma")
        compare_reader(program, folder)


if __name__ == "__main__":
    main(sys.argv[1])
