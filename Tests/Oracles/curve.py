"""Two hundred steps of `echoprep train` at `tiny` in F32 against PyTorch from the same weights, batches and masks.

usage: python Tests/Oracles/curve.py PATH_OF_ECHOPREP_BINARY [--steps 200]

The trace gives the weights before the first step, and of every step what the model saw, its learning rate and its loss.
PyTorch (the implementation in model.py, in F32) starts from those weights and goes its own way, so differences add up.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from safetensors import safe_open
from torch.nn import functional as F

from model import Model, dataset

LIMIT = 1e-3
CASES = [(model, task) for model in ("lamae", "video-lamae", "mae", "video-mae") for task in ("pretrain", "icd")]


def load(path):
    with safe_open(path, "pt") as file:
        return json.loads(file.metadata()["config"]), {name: file.get_tensor(name) for name in file.keys()}


def curve(folder, steps):
    """The losses of both, step by step."""
    model, optimiser = None, None
    for number in range(1, steps + 1):
        path = folder / ("trace.safetensors" if number == 1 else f"trace-{number:04}.safetensors")
        c, trace = load(path)
        path.unlink()
        assert c["step"] == number
        if number == 1:
            model = Model(c)
            weights = {n.removeprefix("param."): t for n, t in trace.items() if n.startswith("param.")}
            model.load_state_dict(weights, strict=True)
            groups = [{"params": [p for p in model.parameters() if (p.ndim > 1) == matrices],
                       "weight_decay": c["weight_decay"] if matrices else 0.0} for matrices in (True, False)]
            optimiser = torch.optim.AdamW(groups, betas=(c["beta1"], c["beta2"]), eps=c["eps"])
        if c["task"] == "pretrain":
            loss, _ = model.pretrain(trace["input"], trace["keep"], trace.get("keep_latent"))
        else:
            loss = F.binary_cross_entropy_with_logits(model.logits(trace["input"]), trace["target"])
        yield trace["loss"].item(), loss.item()
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), c["clip"])
        for group in optimiser.param_groups:
            group["lr"] = c["lr"]
        optimiser.step()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--only", default="")
    parser.add_argument("--engine", default="cpu")
    options = parser.parse_args()
    failed = False
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        dataset(scratch / "data", 20, 4, 20, 1)
        for model, task in CASES:
            if options.only not in f"{model} {task}":
                continue
            subprocess.run(
                [options.binary, "train", "--dataset", scratch / "data", "--run", scratch / f"{model}-{task}", "--model",
                 model, "--task", task, "--engine", options.engine, "--batch", "2", "--epochs", str(-(-options.steps // 10)), "--lr", "3e-4",
                 "--pictures-every", "0", "--trace", scratch / "trace.safetensors", "--trace-steps",
                 str(options.steps)],
                check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            losses = list(curve(scratch, options.steps))
            worst, at = max((abs(ours - theirs) / theirs, step) for step, (ours, theirs) in enumerate(losses, 1))
            failed = failed or not worst <= LIMIT
            print(f"{model} {task}: loss from {losses[0][1]:.4f} to {losses[-1][1]:.4f} in {len(losses)} steps, "
                  f"worst relative difference {worst:.1e}, at step {at}", flush=True)
    print(f"allowed: {LIMIT:.0e}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
