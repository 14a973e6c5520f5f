"""Embeddings as Python sees them, and README's Python example as it stands there.

    python Tests/Oracles/embed.py PATH_OF_ECHOPREP_BINARY

Vectors in safetensors against those in Parquet, studies against the mean of their clips and frames, ids against the
database, and the head of the checkpoint, applied to a study's vector by NumPy, against the logits of `evaluate`; maps against those of scikit-learn.
"""

import contextlib
import csv
import io
import json
import os
import pathlib
import re
import sqlite3
import subprocess
import sys
import tempfile

import numpy as np
import pyarrow.parquet as parquet
from safetensors import safe_open
from safetensors.numpy import load_file
from scipy.special import erf
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE, trustworthiness

ECHOPREP = str(pathlib.Path(sys.argv[1]).resolve())
README = pathlib.Path(__file__).resolve().parents[2] / "README.md"


def run(*arguments):
    done = subprocess.run([ECHOPREP, *map(str, arguments)], capture_output=True, text=True, timeout=600)
    if done.returncode != 0:
        sys.exit(f"echoprep {arguments[0]} failed:\n{done.stderr}")


def check(condition, complaint):
    if not condition:
        sys.exit(complaint)


def worst(a, b):
    return float(np.abs(np.asarray(a, dtype=np.float64) - np.asarray(b, dtype=np.float64)).max())


def load(path):
    """Rows of a Parquet file with the tensors and lists of the safetensors file beside it."""
    rows = parquet.read_table(f"{path}.parquet").to_pylist()
    with safe_open(f"{path}.safetensors", "np") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}
        metadata = file.metadata()
    studies, clips = json.loads(metadata["studies"]), json.loads(metadata.get("clips", "[]"))
    check(len(rows) == len(tensors["embeddings"]), f"{path}: as many rows")
    check(worst([r["embedding"] for r in rows], tensors["embeddings"]) == 0, f"{path}: the same numbers")
    for row, index in zip(rows, range(len(rows))):
        check(row["study"] == studies[tensors["study"][index]], f"{path}: study {index}")
        check(row["study_id"] == tensors["study_id"][index], f"{path}: study_id {index}")
        check(row["subject_id"] == tensors["subject_id"][index], f"{path}: subject_id {index}")
        check("clip" not in row or row["clip"] == clips[tensors["clip"][index]], f"{path}: clip {index}")
        check("frame" not in row or row["frame"] == tensors["frame"][index], f"{path}: frame {index}")
    return rows


def means(rows):
    """The mean vector of each study's rows."""
    groups = {}
    for row in rows:
        groups.setdefault(row["study"], []).append(row["embedding"])
    return {study: np.mean(vectors, axis=0) for study, vectors in groups.items()}


def main():
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        run("phantom", "cohort", "--studies", 14, "--frames", 12, "--size", "177x254")
        run("ingest", "cohort/mimic-iv-echo", "--dataset", "dataset")
        run("link-icd", "--dataset", "dataset", "--mimic-iv", "cohort/mimiciv/hosp", "--split", "50/20/30")
        train = ["train", "--dataset", "dataset", "--preset", "tiny", "--frames", 2, "--epochs", 1, "--batch", 4]
        run(*train, "--run", "runs/pretrain", "--task", "pretrain")
        run(*train, "--run", "runs/icd", "--task", "icd", "--init", "runs/pretrain")
        run("evaluate", "runs/icd", "--bootstrap", 0)
        tables = {}
        for unit in ("study", "clip", "frame"):
            run("embed", "runs/icd", "--per", unit)
            tables[unit] = load(f"runs/icd/embeddings-{unit}")
        run("embed", "runs/pretrain", "--dataset", "dataset", "--per", "clip", "--views", "all", "--out", "all")

        database = sqlite3.connect("dataset/echoprep.sqlite")
        kept = database.execute("SELECT name, study_id, subject_id FROM clip WHERE kept ORDER BY id").fetchall()
        owners = {name: ids for name, *ids in kept}
        check([r["clip"] for r in load("all")] == [name for name, *_ in kept], "all clips, in their order")
        for row in tables["clip"]:
            check(owners[row["clip"]] == [row["study_id"], row["subject_id"]], f"{row['clip']}: its ids")
        splits = dict(database.execute("SELECT subject_id, split FROM split"))
        check(all(r["split"] == splits.get(r["subject_id"]) for r in tables["study"]), "splits")

        studies = means(tables["study"])
        apart = max(worst(studies[s], v) for unit in ("clip", "frame") for s, v in means(tables[unit]).items())
        check(apart < 1e-5, f"a study is not the mean of its clips and frames: {apart}")

        weights = load_file("runs/icd/checkpoints/best.safetensors")
        targets = json.loads(pathlib.Path("runs/icd/config.json").read_text())["found"]["targets"]
        logits = 0.0
        with open("runs/icd/evaluation/test/predictions.csv", newline="") as file:
            predictions = list(csv.DictReader(file))
        for row in predictions:
            hidden = weights["head.fc1.weight"] @ studies[row["study_id"]] + weights["head.fc1.bias"]
            hidden = hidden / 2 * (1 + erf(hidden / np.sqrt(2)))
            answer = weights["head.fc2.weight"] @ hidden + weights["head.fc2.bias"]
            logits = max(logits, abs(answer[targets.index(row["code"])] - float(row["logit"])))
        check(predictions and logits < 1e-4, f"logits differ by {logits}")

        run("embed", "runs/icd", "--per", "frame", "--map", "--out", "map")
        rows = load("map")
        points = np.array([row["embedding"] for row in rows])
        wanted = PCA(2, svd_solver="full").fit_transform(points)
        components = worst([[row["pca_1"], row["pca_2"]] for row in rows], wanted) / np.abs(wanted).max()
        check(components < 1e-6, f"principal components differ by {components}")
        ours = np.array([[row["tsne_1"], row["tsne_2"]] for row in rows])
        theirs = TSNE(perplexity=30, init="pca", method="exact", random_state=0).fit_transform(points)
        kept = [trustworthiness(points, places, n_neighbors=10) for places in (ours, theirs)]
        check(kept[0] > kept[1] - 0.02, f"t-SNE keeps {kept[0]} of the neighbours, scikit-learn's {kept[1]}")

        code = re.search(r"```python\n(.*?)```", README.read_text(), re.S).group(1)
        check(len([line for line in code.splitlines() if line.strip()]) <= 6, "the example is short")
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            exec(code, {})
        check(said.getvalue().strip(), "the example prints something")
        sizes = ", ".join(f"{len(rows)} {unit}" for unit, rows in tables.items())
        print(f"vectors of {sizes} units: safetensors and Parquet equal, ids as in the database")
        print(f"a study against the mean of its clips and frames: {apart:.1e}; logits from vectors: {logits:.1e}")
        print(f"principal components against scikit-learn's: {components:.1e}; neighbours that t-SNE keeps: "
              f"{kept[0]:.4f}, scikit-learn's {kept[1]:.4f}")
        print(f"README's example, as it stands:\n{said.getvalue()}", end="")


main()
