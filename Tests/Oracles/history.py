"""The history of a run as TensorBoard reads it, against metrics.jsonl, and its weights as Python reads them.

usage: python Tests/Oracles/history.py PATH_OF_ECHOPREP_BINARY

TensorBoard checks the checksum of every record. The run is killed once and goes on, so that the files were cut back.
"""

import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile
import time

import safetensors.numpy
from safetensors import safe_open
from tensorboard.backend.event_processing import event_file_loader


def main(echoprep):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)

        def run(*arguments):
            subprocess.run([echoprep, *arguments], check=True, capture_output=True)

        run("phantom", folder / "phantom", "--studies", "6", "--frames", "8", "--size", "177x254", "--no-extras")
        run("ingest", folder / "phantom/mimic-iv-echo", "--dataset", folder / "data")
        train = [
            "train", "--dataset", folder / "data", "--run", folder / "run", "--epochs", "6", "--batch", "2",
            "--views", "1", "--frames", "1", "--checkpoint-every", "1", "--ema", "0.9", "--keep-last", "2",
        ]
        process = subprocess.Popen([echoprep, *train], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        metrics = folder / "run/metrics.jsonl"
        while process.poll() is None and (not metrics.exists() or metrics.read_text().count("\n") < 4):
            time.sleep(0.01)
        process.kill()
        process.wait()
        run(*train)

        expected = {}
        for line in metrics.read_text().splitlines():
            line = json.loads(line)
            for name in ["loss", "lr", "grad_norm", "auroc", "mae", "rmse", "r2", "studies_per_second", "stall", "gflops", "products", "sum"]:
                if name in line:
                    expected[(f"{line['split']}/{name}", line["step"])] = line[name]
        found = {}
        (events,) = (folder / "run/tensorboard").iterdir()
        for event in event_file_loader.LegacyEventFileLoader(str(events)).Load():
            for value in event.summary.value:
                key = (value.tag, event.step)
                assert key not in found, f"{key} twice"
                found[key] = value.simple_value
        assert found.keys() == expected.keys(), found.keys() ^ expected.keys()
        worst = max(abs(found[key] - expected[key]) / max(1e-30, abs(expected[key])) for key in expected)
        print(f"{len(found)} scalars in TensorBoard, worst relative difference from metrics.jsonl {worst:.1e}")
        assert worst < 1e-6

        checked = 0
        for path in sorted((folder / "run/checkpoints").glob("*.safetensors")):
            if path.name.endswith(".state.safetensors"):
                continue
            weights = safetensors.numpy.load_file(path)
            with safe_open(path, "numpy") as file:
                wanted = file.metadata()["tensors_sha256"]
            header = int.from_bytes(path.read_bytes()[:8], "little")
            assert hashlib.sha256(path.read_bytes()[8 + header:]).hexdigest() == wanted, path.name
            assert len(weights) > 50
            checked += 1
        assert checked == 4, checked
        print(f"{checked} files of weights load in Python and have their sha256: best, last and two epochs")


if __name__ == "__main__":
    main(sys.argv[1])
