"""Compares the sector mask and the cropped pixels with EchoPrime's steps in OpenCV.

    python Tests/Oracles/crop.py .build/release/echoprep [CLIPS]

Random small clips, more than 500 of which have a sector, the two real ultrasound clips that pydicom and pydicom-data carry, and phantom clips go through
`ingest` and `inspect --mask`; the bounds are those of docs/crop.md, "How well it agrees".
"""

import csv
import io
import pathlib
import subprocess
import sys
import tempfile

import cv2
import numpy as np
import pydicom
import pydicom.data
import pydicom.encaps
import pydicom.uid
from PIL import Image
from pydicom.pixels import iter_pixels
from safetensors import safe_open

sys.path.insert(0, str(pathlib.Path(__file__).parent / "peers"))
import echoprime  # noqa: E402
import random_clips  # noqa: E402

SIZE = 96
EDGE = 6  # Pixels of the source as near to the mask's edge as this are not compared.
REAL = ["color3d_jpeg_baseline.dcm", "examples_ybr_color.dcm"]


def write_clip(path, video, subsampling=None):
    """A DICOM file of Y, Cb, Cr: native, or JPEG Baseline with Pillow's 4:4:4, 4:2:2 or 4:2:0 (0, 1, 2)."""
    frames, rows, columns, _ = video.shape
    dataset = pydicom.Dataset()
    dataset.SOPClassUID = pydicom.uid.UltrasoundMultiFrameImageStorage
    dataset.SOPInstanceUID = pydicom.uid.generate_uid(entropy_srcs=[path.name])
    dataset.Modality = "US"
    dataset.SamplesPerPixel, dataset.PlanarConfiguration = 3, 0
    dataset.NumberOfFrames, dataset.Rows, dataset.Columns = frames, rows, columns
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit, dataset.PixelRepresentation = 7, 0
    dataset.FrameTime = "33.3"
    dataset.file_meta = pydicom.dataset.FileMetaDataset()
    if subsampling is None:
        dataset.PhotometricInterpretation = "YBR_FULL"
        dataset.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
        dataset.PixelData = video.tobytes() + b"\0" * (video.size % 2)
    else:
        dataset.PhotometricInterpretation = "YBR_FULL" if subsampling == 0 else "YBR_FULL_422"
        dataset.file_meta.TransferSyntaxUID = pydicom.uid.JPEGBaseline8Bit
        items = []
        for frame in video:
            item = io.BytesIO()
            Image.fromarray(frame, "YCbCr").save(item, "JPEG", quality=90, subsampling=subsampling)
            items.append(item.getvalue())
        dataset.PixelData = pydicom.encaps.encapsulate(items)
        dataset["PixelData"].is_undefined_length = True
    dataset.save_as(path, enforce_file_format=True)


def decoded(path):
    """Y, Cb, Cr of every frame without colour conversion, by libjpeg-turbo: U8 [F, H, W, 3]."""
    return np.stack(list(iter_pixels(path, raw=True, decoding_plugin="pillow")))


def run(program, *arguments):
    result = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, timeout=900)
    if result.returncode != 0:
        sys.exit(f"echoprep {arguments[0]} failed:\n{result.stderr}")
    return result.stdout


def shard_pixels(dataset):
    """All clips of a dataset by name."""
    clips = {}
    for shard in sorted((dataset / "shards").glob("*.safetensors")):
        with safe_open(shard, "np") as file:
            clips.update({name: file.get_tensor(name) for name in file.keys()})
    return clips


def inner(mask, size):
    """The samples of the crop that no pixel near the mask's edge goes into: bool [size, size]."""
    near = np.ones((2 * EDGE + 1,) * 2, np.uint8)
    edge = cv2.dilate(mask, near) != cv2.erode(mask, near)
    box = echoprime.crop(edge.astype(np.float32))
    return cv2.resize(box, (size, size), interpolation=cv2.INTER_LINEAR) == 0


class Comparison:
    """What one group of clips came to."""

    def __init__(self, name):
        self.name, self.overlaps, self.samples, self.different, self.worst = name, [], 0, 0, 0
        self.without, self.better = 0, 0

    def add(self, path, program, layouts, size):
        """Compares one file; `layouts` are the stored clips by name, blue-green-red and luma."""
        video = decoded(path)
        expected = echoprime.mask(video)
        stored = [clips.get(path.stem) for clips in layouts]
        if expected is None or not expected.any():
            # Equal first and last frames black out the original, not ours; else both find no sector.
            if stored[0] is None:
                self.without += 1
            else:
                self.better += 1
            return
        if stored[0] is None:
            sys.exit(f"{path.name}: OpenCV finds a sector and echoprep drops the clip")
        picture = path.with_suffix(".mask.png")
        run(program, "inspect", path, "--mask", picture)
        mask = cv2.imread(str(picture), cv2.IMREAD_GRAYSCALE)
        a, b = mask > 0, expected > 0
        self.overlaps.append((a & b).sum() / (a | b).sum())
        compared = inner(expected, size)
        for ours, theirs in zip(stored, [echoprime.pixels, echoprime.luma_pixels]):
            difference = np.abs(ours.astype(int) - theirs(video, expected, size))[:, compared]
            self.samples += difference.size
            self.different += np.count_nonzero(difference)
            self.worst = max(self.worst, int(difference.max(initial=0)))

    def report(self):
        share = self.different / max(self.samples, 1)
        median, worst = np.median(self.overlaps), min(self.overlaps)
        print(
            f"{self.name}: {len(self.overlaps)} masks, overlap {median:.5f} in the median and {worst:.5f} in the worst; "
            f"{self.samples} samples, {100 * share:.5f} % differ, by at most {self.worst}; "
            f"{self.without} without a sector in both, {self.better} kept that the original blacks out"
        )
        return median >= 0.999 and worst >= 0.99 and self.worst <= 1 and share <= 0.001


def compare(name, program, folder, size):
    datasets = []
    for layout in ["echoprime", "luma"]:
        dataset = folder.parent / f"{folder.name}-{layout}"
        run(
            program, "ingest", folder, "--layout", "folder", "--dataset", dataset, "--pixels", layout,
            "--size", size, "--keep", "doppler,uncertain",
        )  # fmt: skip
        datasets.append(shard_pixels(dataset))
    comparison = Comparison(name)
    for path in sorted(folder.glob("*.dcm")):
        comparison.add(path, program, datasets, size)
    return comparison.report()


def main(program, count=720):  # of these about 520 have a sector
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        names = ["random native clips", "random JPEG clips", "real clips", "phantom clips"]
        folders = [folder / name.replace(" ", "-") for name in names]
        for each in folders:
            each.mkdir()
        for seed in range(count):
            jpeg = seed % 4 == 3
            where = folders[1 if jpeg else 0] / f"clip-{seed:03}.dcm"
            write_clip(where, random_clips.clip(seed), seed // 4 % 3 if jpeg else None)
        for name in REAL:
            (folders[2] / name).write_bytes(pathlib.Path(pydicom.data.get_testdata_file(name)).read_bytes())
        phantom = folder / "phantom"
        run(program, "phantom", phantom, "--studies", 2, "--frames", 12, "--seed", 3)
        for row in csv.DictReader((phantom / "truth.csv").open()):
            if row["kind"] in ["bmode", "doppler"]:
                file = phantom / "mimic-iv-echo" / row["path"]
                (folders[3] / file.name).write_bytes(file.read_bytes())
        sizes = [SIZE, SIZE, 224, 224]
        good = [compare(*each, *rest) for each, rest in zip(zip(names, [program] * 4), zip(folders, sizes))]
    sys.exit(0 if all(good) else "the bounds are not kept")


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
