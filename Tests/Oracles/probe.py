"""The heads of `train --probe-grid` against the same heads in PyTorch, on the features that the run kept.

    python Tests/Oracles/probe.py PATH_OF_ECHOPREP_BINARY

A grid of linear heads, all studies in every step: weights begin as the program's (those of a grid that hardly moves), then
torch.optim.AdamW with the norm clipped, LinearLR and CosineAnnealingLR. For each head the best epoch and its validation loss
must be those of probe-grid.csv, and the weights of the best those of the checkpoint.
"""

import csv
import pathlib
import sqlite3
import subprocess
import sys
import tempfile

import numpy as np
import torch
from safetensors.numpy import load_file
from torch.nn.functional import binary_cross_entropy_with_logits
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR

ECHOPREP = str(pathlib.Path(sys.argv[1]).resolve())
EPOCHS, WARMUP = 40, 4


def run(*arguments):
    done = subprocess.run([ECHOPREP, *map(str, arguments)], capture_output=True, text=True, timeout=600)
    if done.returncode != 0:
        sys.exit(f"echoprep {arguments[0]} failed:\n{done.stderr}")


def probe(folder, name, grid):
    run("train", "--dataset", folder / "data", "--run", folder / name, "--task", "icd", "--model", "mae", "--frozen",
        "--linear-head", "--views", 2, "--frames", 1, "--batch", 1000, "--epochs", EPOCHS, "--warmup-epochs", WARMUP,
        "--probe-grid", grid)
    return load_file(folder / name / "checkpoints/best.safetensors")


def studies(folder, run):
    """Features and labels of the splits train and val."""
    features = load_file(run / "features.safetensors")
    database = sqlite3.connect(folder / "data/echoprep.sqlite")
    targets = [row[0] for row in database.execute("SELECT category FROM target ORDER BY idx")]
    table = {}
    for key, split, target, value in database.execute(
            "SELECT l.key, p.split, l.target, l.value FROM label l JOIN echo_study s ON l.key = CAST(s.study_id AS TEXT) "
            "JOIN split p ON p.subject_id = s.subject_id WHERE l.source = 'link-icd' AND p.split <> 'test'"):
        if key in features and target in targets:
            table.setdefault(split, {}).setdefault(key, [0.0] * len(targets))[targets.index(target)] = value
    assert sum(map(len, table.values())) == len(features), "features are those of the studies that are learned from"
    return {split: (torch.tensor(np.concatenate([features[key] for key in rows])), torch.tensor(list(rows.values())))
            for split, rows in table.items()}


def fit(begin, data, rate, decay):
    """The best epoch, its validation loss and its weights."""
    weight, bias = (torch.nn.Parameter(torch.tensor(begin[f"head.linear.{name}"])) for name in ("weight", "bias"))
    optimiser = torch.optim.AdamW([{"params": [weight], "weight_decay": decay}, {"params": [bias], "weight_decay": 0}],
                                  lr=rate)
    schedule = SequentialLR(optimiser, [
        LinearLR(optimiser, start_factor=0.5, total_iters=WARMUP),
        CosineAnnealingLR(optimiser, EPOCHS - WARMUP)], milestones=[WARMUP])
    best = (0, float("inf"), None)
    for epoch in range(1, EPOCHS + 1):
        x, y = data["train"]
        optimiser.zero_grad()
        binary_cross_entropy_with_logits(x @ weight.T + bias, y).backward()
        torch.nn.utils.clip_grad_norm_([weight, bias], 1.0)
        optimiser.step()
        schedule.step()
        x, y = data["val"]
        with torch.no_grad():
            loss = float(binary_cross_entropy_with_logits((x @ weight.T + bias).double(), y.double()))
        if loss < best[1]:
            best = (epoch, loss, weight.detach().clone().numpy())
    return best


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        run("phantom", folder / "phantom", "--studies", 40, "--frames", 2, "--size", "96x96", "--no-extras", "--seed", 5)
        run("ingest", folder / "phantom/mimic-iv-echo", "--dataset", folder / "data")
        run("link-icd", "--dataset", folder / "data", "--mimic-iv", folder / "phantom/mimiciv", "--split", "60/30/10")
        begin = probe(folder, "begin", "1e-30/0")
        found = probe(folder, "grid", "1e-3,1e-2,1e-1/0,0.5,5")
        data = studies(folder, folder / "grid")
        heads, worst = [], 0.0
        with open(folder / "grid/probe-grid.csv", newline="") as file:
            for row in csv.DictReader(file):
                epoch, loss, weight = fit(begin, data, float(row["lr"]), float(row["weight_decay"]))
                off = abs(loss - float(row["criterion"]))
                worst = max(worst, off)
                heads.append((float(row["criterion"]), weight))
                if off > 1e-5 or abs(epoch - int(row["best_epoch"])) > 1:
                    sys.exit(f"lr {row['lr']}, weight decay {row['weight_decay']}: epoch {row['best_epoch']} with "
                             f"{row['criterion']}, PyTorch's {epoch} with {loss}")
        apart = float(np.abs(min(heads, key=lambda head: head[0])[1] - found["head.linear.weight"]).max())
        if apart > 1e-4:
            sys.exit(f"the best head's weights are {apart} apart")
        print(f"{len(heads)} heads on {len(data['train'][1])} and {len(data['val'][1])} studies: validation losses at most "
              f"{worst:.1e} from PyTorch's, weights of the best {apart:.1e}")


if __name__ == "__main__":
    main()
