"""Prints the processor seconds a frame of EchoPrime's steps in Python, for `echobench ingest --python`.

    python Tests/Oracles/bench_echoprime.py FILE...

pydicom 3 reads the frames raw through Pillow, OpenCV finds the mask, converts, crops and resizes; one thread; the
clips are stacked as EchoPrime's encoder takes them and not written.
"""

import pathlib
import sys
import time

import cv2
import numpy as np
from pydicom.pixels import iter_pixels

sys.path.insert(0, str(pathlib.Path(__file__).parent / "peers"))
import echoprime  # noqa: E402


def main(files):
    cv2.setNumThreads(1)
    frames = 0
    start = time.process_time()
    for file in files:
        clip = np.stack(list(iter_pixels(file, raw=True, decoding_plugin="pillow")))
        mask = echoprime.mask(clip)
        frames += len(echoprime.pixels(clip, mask))
    print((time.process_time() - start) / frames)


if __name__ == "__main__":
    main(sys.argv[1:])
