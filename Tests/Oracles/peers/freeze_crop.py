"""Writes fixtures/crop/*.json: small random clips with the mask and the pixels that OpenCV finds in them.

    python Tests/Oracles/peers/freeze_crop.py fixtures/crop

`make test` compares the Swift code with these, without Python.
"""

import base64
import json
import pathlib
import sys
import zlib

import numpy as np

import echoprime
import random_clips

SIZE = 20


def packed(samples):
    """Base64 of a raw deflate stream."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    return base64.b64encode(deflate.compress(samples.tobytes()) + deflate.flush()).decode()


def runs(mask):
    """The lengths of alternating runs of outside and inside, row after row, outside first."""
    inside = (mask.ravel() > 0).astype(int)
    ends = np.flatnonzero(np.diff(inside)) + 1
    starts = np.concatenate([[0], ends, [inside.size]])
    lengths = np.diff(starts).tolist()
    return ([0] if inside[0] else []) + lengths


def coded(video, sampling):
    """Luma and chroma planes as a file would hold them, chroma thinned out."""
    step_y, step_x = {"4:4:4": (1, 1), "4:2:2": (1, 2), "4:2:0": (2, 2)}[sampling]
    return [video[..., 0], video[:, ::step_y, ::step_x, 1], video[:, ::step_y, ::step_x, 2]]


def main(folder):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    written, seed = 0, 9000
    while written < 12:
        seed += 1
        video = random_clips.clip(seed, largest=90)
        sampling = ["4:4:4", "4:2:2", "4:2:0"][written % 3]
        planes = coded(video, sampling)
        height, width = video.shape[1:3]
        full = [planes[0]] + [np.stack([echoprime.upsample(p, height, width) for p in c]) for c in planes[1:]]
        clip = np.ascontiguousarray(np.stack(full, axis=-1))
        mask = echoprime.mask(clip)
        share = 0 if mask is None else (mask > 0).mean()
        if not 0.1 < share < 0.9:
            continue
        fixture = {
            "seed": seed,
            "frames": video.shape[0],
            "height": height,
            "width": width,
            "sampling": sampling,
            "y": packed(planes[0]),
            "cb": packed(planes[1]),
            "cr": packed(planes[2]),
            "mask": runs(mask),
            "size": SIZE,
            "luma": packed(echoprime.luma_pixels(clip, mask, SIZE)),
            "bgr": packed(echoprime.pixels(clip, mask, SIZE)),
        }
        (folder / f"clip-{written:02}.json").write_text(json.dumps(fixture) + "\n")
        written += 1


if __name__ == "__main__":
    main(sys.argv[1])
