"""Labels that are not known: what a fine-tuning step, its validation and an evaluation make of a dataset with gaps.

usage: python Tests/Oracles/unknown.py PATH_OF_ECHOPREP_BINARY

A third of the labels is NULL, a row wholly. Loss, gradients and weights of a traced step on each engine are PyTorch's
(model.py, in F64) over the known labels alone; the validation's loss and AUROC, and what `evaluate` says, are
scikit-learn's. For a quantity the same with a csv of one's own with empty cells. A step in parts (--accumulate) has the
loss and the gradient of an undivided one.
"""

import csv
import json
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from sklearn import metrics

from model import LIMITS, dataset, known_loss, step

LIMIT = 1e-5  # of numbers that are computed in F32, relative
TRAIN, OTHERS = 6, 8
CASES = [
    (model, "icd", engine, options) for engine in ("cpu", "reference") for model, options in [
        ("lamae", []), ("video-mae", ["--pos-weight", "balanced"]), ("mae", ["--pos-weight", "3", "--frozen"])]
] + [(model, "label:gls", engine, []) for engine in ("cpu", "reference") for model in ("lamae", "video-lamae")]


def make(folder):
    """The dataset, and of each task study → target → value or None."""
    dataset(folder, TRAIN, 2, 12, 1, OTHERS)
    random = np.random.default_rng(3)
    studies = [str(n) for n in range(1, TRAIN + 2 * OTHERS + 1)]
    database = sqlite3.connect(folder / "echoprep.sqlite")
    for key in studies:
        for (target,) in database.execute("SELECT target FROM label WHERE source = 'link-icd' AND key = ?", (key,)).fetchall():
            if random.random() < 1 / 3 or key == "2":
                database.execute(
                    "UPDATE label SET value = NULL WHERE source = 'link-icd' AND target = ? AND key = ?", (target, key))
    database.execute("DELETE FROM label WHERE source = 'link-icd' AND target = 'I11' AND key = '3'")
    database.commit()
    # Without a value: one study to learn from, some of the others, and one with clips that the file does not name.
    strain = {key: None if key in ("3", "8", "11", "17") else f"{-20 + 4 * random.normal():.2f}" for key in studies if key != "9"}
    with (folder / "gls.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("study_id", "gls"), *strain.items()])
    labels = {"label:gls": {key: {"gls": value and float(value)} for key, value in strain.items()}, "icd": {}}
    for target, key, value in database.execute("SELECT target, key, value FROM label WHERE source = 'link-icd'"):
        labels["icd"].setdefault(key, {})[target] = value
    targets = [target for (target,) in database.execute("SELECT category FROM target ORDER BY idx")]
    splits = dict(database.execute("SELECT study_key, split FROM listed_study"))
    database.close()
    return labels, {"icd": targets, "label:gls": ["gls"]}, splits


def known_rows(labels, targets, splits, split):
    """[studies, targets] with NaN, of the split's studies of which anything is known, in no order that matters."""
    rows = [[study.get(t) for t in targets] for key, study in labels.items() if splits[key] == split]
    rows = np.array([[np.nan if v is None else v for v in row] for row in rows])
    return rows[~np.isnan(rows).all(1)]


def relative(a, b):
    return abs(a - b) / max(abs(b), 1e-12)


def sorted_rows(rows):
    return np.array(sorted(np.round(np.nan_to_num(rows, nan=-99.0), 4).tolist()))


class Check:
    """One run: what differs, by the largest difference."""

    def __init__(self, name):
        self.name, self.worst, self.failed = name, {}, 0

    def __call__(self, what, difference, limit):
        kind = what.split()[0]
        self.worst[kind] = max(self.worst.get(kind, 0.0), difference)
        if not difference <= limit:
            self.failed += 1
            print(f"  FAILED {self.name}: {what} differs by {difference:.2e}, more than {limit:.0e}")


def compare(binary, scratch, case, labels, targets, splits):
    model, task, engine, options = case
    check = Check(f"{model} {task} {' '.join(options)}".strip() + f" on {engine}")
    number = sum(1 for _ in scratch.glob("run-*"))
    run, trace = scratch / f"run-{number}", scratch / f"trace-{number}.safetensors"
    place = ["--engine", engine]

    def call(*words):
        done = subprocess.run([binary, *map(str, words)], capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"{check.name}: {done.stderr}")
        return done.stdout

    learned = known_rows(labels, targets, splits, "train")
    call("train", "--dataset", scratch / "data", "--run", run, "--model", model, "--task", task, *options, *place,
         "--views", 2, "--frames", 2, "--epochs", 1, "--batch", 8, "--trace", trace)
    for what, difference, limit in step(trace):
        check(what, difference, limit)
    with safe_open(trace, "pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}
    found = json.loads((run / "config.json").read_text())["found"]
    seen = tensors["target"].numpy().astype(float)
    mean, deviation = 0.0, 1.0
    if task != "icd":
        mean, deviation = found["scale"]["mean"], found["scale"]["deviation"]
        check("scale: mean", relative(mean, learned.mean()), LIMIT)
        check("scale: deviation", relative(deviation, learned.std()), LIMIT)
    same = seen.shape == learned.shape and np.abs(sorted_rows(seen * deviation + mean) - sorted_rows(learned)).max() < 1e-3
    check("targets", float(not same), 0)
    assert np.isnan(seen).any() == (task == "icd"), "a step without gaps proves nothing"
    weights = None
    if "--pos-weight" in options:
        weights = tensors["positive_weights"].double()
        if "balanced" in options:
            positive, negative = (learned == 1).sum(0), (learned == 0).sum(0)
            wanted = np.where(positive > 0, negative / np.maximum(positive, 1), 1)
            check("weights", np.abs(wanted - weights.numpy()).max(), LIMIT)

    first, validation = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert (first["split"], validation["split"]) == ("train", "val")
    check("loss in metrics.jsonl", relative(first["loss"], tensors["loss"].item()), 1e-6)
    call("evaluate", run, "--split", "val", "--bootstrap", 0, "--draws", 1, *place)
    with (run / "evaluation/val/predictions.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    answers = {(row["study_id"], row["code"]): row for row in rows}
    known = {(key, target): study[target] for key, study in labels.items() for target in targets
             if splits[key] == "val" and study.get(target) is not None}
    check("pairs", float(len(rows) != len(answers) or answers.keys() != known.keys()), 0)
    scores = json.loads((run / "evaluation/val/metrics.json").read_text())
    if task == "icd":
        judge_classes(check, answers, known, targets, weights, validation, scores)
    else:
        judge_quantity(check, answers, known, deviation, validation, scores)
    trace.unlink()
    print(f"{check.name}: {len(known)} of {OTHERS * len(targets)} labels of val known, "
          + ", ".join(f"{kind} {value:.1e}" for kind, value in check.worst.items()), flush=True)
    return check.failed


def divided(binary, scratch, task):
    """A step in parts of different numbers of known labels against the same step undivided."""
    check, steps = Check(f"{task} --accumulate 1, 2 and 5"), []
    for parts in (1, 2, 5):
        run = scratch / f"divided-{task.replace(':', '-')}-{parts}"
        words = ["train", "--dataset", scratch / "data", "--run", run, "--model", "mae", "--task", task, "--views", 2,
                 "--frames", 2, "--epochs", 1, "--batch", 8, "--accumulate", parts]
        subprocess.run([binary, *map(str, words)], check=True, capture_output=True)
        steps.append(json.loads((run / "metrics.jsonl").read_text().splitlines()[0]))
    for one in steps[1:]:
        for name in ("loss", "grad_norm"):
            check(name, relative(one[name], steps[0][name]), LIMIT)
    print(f"{check.name}: " + ", ".join(f"{kind} {value:.1e}" for kind, value in check.worst.items()), flush=True)
    return check.failed


def judge_classes(check, answers, known, targets, weights, validation, scores):
    # [studies, targets] of the pairs that are known, for PyTorch's loss.
    keys = sorted({key for key, _ in known})
    truth, logits = np.full((2, len(keys), len(targets)), np.nan)
    logits[:] = 0
    for (key, target), value in known.items():
        place = keys.index(key), targets.index(target)
        truth[place], logits[place] = value, float(answers[key, target]["logit"])
    loss = known_loss("cross-entropy", torch.from_numpy(logits), torch.from_numpy(truth), weights).item()
    check("validation: loss", relative(validation["loss"], loss), LIMIT)
    areas = {}
    by_code = {code["code"]: code["scores"] for code in scores["codes"]}
    for place, target in enumerate(targets):
        column = ~np.isnan(truth[:, place])
        labels, answered = truth[column, place], logits[column, place]
        if not len(labels):
            check("codes", float(target in by_code), 0)
            continue
        probabilities = 1 / (1 + np.exp(-answered))
        wanted = {"brier": np.mean((probabilities - labels) ** 2),
                  "f1": metrics.f1_score(labels, probabilities >= 0.5, zero_division=0)}
        if labels.any():
            wanted["average_precision"] = metrics.average_precision_score(labels, probabilities)
        if len(set(labels)) == 2:
            areas[target] = wanted["auroc"] = metrics.roc_auc_score(labels, probabilities)
        for name, value in wanted.items():
            check(f"evaluate: {name} of {target}", abs(by_code[target][name]["value"] - value), LIMIT)
    macro = np.mean(list(areas.values()))
    check("validation: AUROC", abs(validation["auroc"] - macro), 1e-9)
    check("evaluate: macro AUROC", abs(scores["macro"]["scores"]["auroc"]["value"] - macro), 1e-9)


def judge_quantity(check, answers, known, deviation, validation, scores):
    truth = np.array([known[pair] for pair in known])
    found = np.array([float(answers[pair]["prediction"]) for pair in known])
    wanted = {"mae": metrics.mean_absolute_error(truth, found), "rmse": metrics.root_mean_squared_error(truth, found),
              "r2": metrics.r2_score(truth, found)}
    for name, value in wanted.items():
        scale = 1 if name == "r2" else abs(value)
        check(f"validation: {name}", abs(validation[name] - value) / scale, LIMIT)
        check(f"evaluate: {name}", abs(scores[name]["value"] - value) / scale, LIMIT)
    check("validation: loss", relative(validation["loss"], (wanted["rmse"] / deviation) ** 2), LIMIT)


def main(binary):
    failed = 0
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        labels, targets, splits = make(scratch / "data")
        said = subprocess.run([binary, "label", "import", scratch / "data/gls.csv", "--name", "gls", "--dataset",
                               scratch / "data"], capture_output=True, text=True)
        assert said.returncode == 0, said.stderr
        for case in CASES:
            task = case[1]
            failed += compare(binary, scratch, case, labels[task], targets[task], splits)
        failed += divided(binary, scratch, "label:gls") + divided(binary, scratch, "icd")
    print(f"allowed: {', '.join(f'{kind} {limit:.0e}' for kind, limit in LIMITS.items())}, other numbers {LIMIT:.0e}")
    print(f"{failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main(sys.argv[1])
