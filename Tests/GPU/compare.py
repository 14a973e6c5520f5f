"""Says how far the losses of two runs are apart, step by step.

usage: python Tests/GPU/compare.py NAME RUN RUN
"""

import json
import sys
from pathlib import Path

LIMIT = 1e-5
name, *runs = sys.argv[1:]
curves = []
for run in runs:
    lines = [json.loads(line) for line in Path(run, "metrics.jsonl").read_text().splitlines()]
    curves.append([line["loss"] for line in lines if line.get("split") == "train"][:50])
worst, step = max((abs(a - b) / abs(a), step) for step, (a, b) in enumerate(zip(*curves), 1))
verdict = "right" if worst <= LIMIT and len(curves[0]) == 50 else "WRONG"
print(f"{name}: {len(curves[0])} steps, loss from {curves[0][0]:.4f} to {curves[0][-1]:.4f}, "
      f"worst relative difference {worst:.1e} at step {step}: {verdict}")
