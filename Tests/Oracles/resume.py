"""A training run that is killed again and again against one that is left alone.

usage: python Tests/Oracles/resume.py PATH_OF_ECHOPREP_BINARY [KILLS] [STUDIES]

For pre-training and for fine-tuning: KILLS (20) steps are drawn, and at each of them `train` gets SIGKILL and is started
again. Loss, learning rate and gradient of every step, the weights, AdamW's moments and the average of weights must be
those of the undisturbed run, bit for bit.
"""

import hashlib
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import time

from safetensors.numpy import load_file

CLOCK = {"seconds", "studies_per_second", "stall", "gflops", "products", "sum"}


def lines(run):
    path = run / "metrics.jsonl"
    if not path.exists():
        return []
    whole = [line for line in path.read_text().split("\n")[:-1]]
    return [{key: value for key, value in json.loads(line).items() if key not in CLOCK} for line in whole]


def last_step(run):
    try:
        return max((line["step"] for line in lines(run)), default=0)
    except ValueError:
        return 0  # read in the middle of a write


def tensors(path):
    return {name: hashlib.sha256(values.tobytes()).hexdigest() for name, values in load_file(path).items()}


def main(program, kills=20, studies=24):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)

        def call(*arguments):
            subprocess.run([program, *map(str, arguments)], check=True, capture_output=True, timeout=300)

        call("phantom", folder / "cohort", "--studies", studies, "--frames", 12, "--size", "177x254", "--no-extras")
        call("ingest", folder / "cohort/mimic-iv-echo", "--dataset", folder / "data")
        call("link-icd", "--dataset", folder / "data", "--mimic-iv", folder / "cohort/mimiciv/hosp",
             "--split", "60/20/20", "--min-prevalence", "0.1")
        for task in ("pretrain", "icd"):
            compare(program, folder, task, kills)


def compare(program, folder, task, kills):
    def command(run):
        options = "--epochs 10 --batch 3 --accumulate 2 --views 2 --frames 2 --lr 1e-3 --ema 0.9 --threads 2"
        every = "--checkpoint-every 3 --pictures-every 0"
        return [program, "train", "--dataset", folder / "data", "--run", run, "--task", task,
                *options.split(), *every.split()]

    calm, stormy = folder / f"calm-{task}", folder / f"stormy-{task}"
    subprocess.run(command(calm), check=True, capture_output=True, timeout=300)
    steps = last_step(calm)
    killed = []
    for step in sorted(random.Random(task).sample(range(1, steps), kills)):
        process = subprocess.Popen(command(stormy), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while process.poll() is None and last_step(stormy) < step and time.monotonic() < deadline:
            time.sleep(0.001)
        process.kill()
        if process.wait() != 0:
            killed.append(last_step(stormy))
    subprocess.run(command(stormy), check=True, capture_output=True, timeout=300)

    if lines(calm) != lines(stormy):
        for one, other in zip(lines(calm), lines(stormy)):
            if one != other:
                sys.exit(f"{task}: undisturbed {one}, killed {other}")
        sys.exit(f"{task}: {len(lines(calm))} lines undisturbed, {len(lines(stormy))} killed")
    for name in ("last", "best", "last.state"):
        one, other = (tensors(run / f"checkpoints/{name}.safetensors") for run in (calm, stormy))
        if one != other:
            sys.exit(f"{task}: {name} differs in {sorted(key for key in one if one[key] != other.get(key))}")
    print(f"{task}: killed at steps {' '.join(map(str, killed))} of {steps}; all {len(lines(calm))} lines and "
          f"{len(one)} tensors of the state are those of the undisturbed run")
    if len(killed) < kills:
        sys.exit(f"only {len(killed)} of {kills} kills came before the end")


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
