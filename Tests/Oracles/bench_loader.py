"""The peer of `echobench loader`: a DataLoader with torchvision's transforms over the same shards.

usage: python Tests/Oracles/bench_loader.py DATASET [--workers 4] [--views 4] [--frames 4] [--stride 4] [--image 112]
       [--batch 16]

Prints "ready" after a pass that is not timed, then for each line on stdin the seconds of one pass over all studies, the
seconds of processor that all workers took in it, and how many clips they made. Clips are cropped (torchvision's
RandomResizedCrop, antialiased), turned (bilinear) and normalised, one draw a clip for all its frames, each worker with
one thread of PyTorch's. Studies stay lists of clips, so that no time goes into padding or collating them.
"""

import argparse
import collections
import pathlib
import random
import sys
import time

import torch

# torchvision's wheel of PyPI is built for CUDA, and its operators do not load beside PyTorch for processors. The
# transforms need none of them; the import wants these two declared.
library = torch.library.Library("torchvision", "FRAGMENT")
for name in ("nms", "qnms"):
    if not hasattr(torch.ops.torchvision, name):
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

from safetensors import safe_open  # noqa: E402
from torchvision.transforms import v2  # noqa: E402


class Studies(torch.utils.data.Dataset):
    def __init__(self, dataset, o):
        self.views, self.frames, self.stride = o.views, o.frames, o.stride
        self.paths = sorted(pathlib.Path(dataset, "shards").glob("*.safetensors"))
        self.open = None
        studies = collections.defaultdict(list)
        for shard, path in enumerate(self.paths):
            with safe_open(path, "pt") as file:
                for name in file.keys():
                    studies[name.rsplit("/", 1)[0]].append((shard, name))
        self.studies = list(studies.values())
        self.transform = v2.Compose(
            [
                v2.RandomResizedCrop(o.image, scale=(0.6, 1.0), ratio=(0.9, 1.1), antialias=True),
                v2.RandomRotation(15, interpolation=v2.InterpolationMode.BILINEAR),
                v2.ToDtype(torch.float32, scale=True),
                v2.Normalize([0.2], [0.2]),
            ]
        )

    def __len__(self):
        return len(self.studies)

    def __getitem__(self, index):
        start = time.process_time()
        if self.open is None:
            self.open = [safe_open(path, "pt") for path in self.paths]
        clips = self.studies[index]
        study = [self.clip(*clip) for clip in random.sample(clips, min(self.views, len(clips)))]
        return study, time.process_time() - start

    def clip(self, shard, name):
        pixels = self.open[shard].get_slice(name)
        count = pixels.get_shape()[0]
        step = max(1, min(self.stride, count // self.frames))
        start = random.randint(0, max(0, count - self.frames * step))
        frames = [pixels[(start + i * step) % count] for i in range(self.frames)]
        return self.transform(torch.stack(frames)[:, None])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("dataset")
    for name, default in dict(workers=4, views=4, frames=4, stride=4, image=112, batch=16).items():
        parser.add_argument(f"--{name}", type=int, default=default)
    o = parser.parse_args()
    loader = torch.utils.data.DataLoader(
        Studies(o.dataset, o), batch_size=o.batch, shuffle=True, num_workers=o.workers, collate_fn=list,
        persistent_workers=True,
    )

    def run():
        begin, processor, clips = time.perf_counter(), 0.0, 0
        for batch in loader:
            for study, seconds in batch:
                processor += seconds
                clips += len(study)
        return time.perf_counter() - begin, processor, clips

    run()
    print("ready", flush=True)
    for _ in sys.stdin:
        print(*run(), flush=True)


if __name__ == "__main__":
    main()
