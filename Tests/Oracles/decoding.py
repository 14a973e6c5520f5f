"""Compares the planes that echoprep decodes with pydicom's raw decoding, file by file.

    python Tests/Oracles/decoding.py PATH_OF_ECHOPREP_BINARY [FOLDER_OR_FILE ...]

Without folders: pydicom's own test files and those of the package pydicom-data that are installed. Lossless and native
pixels must be equal, JPEG Baseline within 1 level (chroma upsampled libjpeg's fancy way, as Pillow does), other lossy
codes within 2. Deep gray files without a window, which echoprep refuses, are compared in a copy that has one. A file that pydicom cannot decode, or that echoprep refuses by design, must end in a rejection with a
reason of the closed list.
"""

import importlib.util
import pathlib
import re
import subprocess
import sys
import tempfile
import warnings

import numpy as np
import pydicom
from pydicom.pixels import apply_color_lut, pixel_array
from safetensors import safe_open

warnings.simplefilter("ignore")

REASONS = {"empty", "not-a-clip", "malformed", "truncated", "no-pixels", "unsupported", "undecodable", "too-large",
           "not-ultrasound", "3-d"}
BASELINE = "1.2.840.10008.1.2.4.50"
LOSSY = {"1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.81", "1.2.840.10008.1.2.4.91"}


def default_files():
    """pydicom's test files and, if installed, pydicom-data's."""
    root = pathlib.Path(pydicom.__file__).parent / "data" / "test_files"
    files = sorted(p for p in root.rglob("*") if p.is_file() and p.suffix in {".dcm", ""})
    spec = importlib.util.find_spec("data_store")
    if spec:
        files += sorted((pathlib.Path(spec.submodule_search_locations[0]) / "data").glob("*.dcm"))
    return files


def fancy(plane, height, width):
    """libjpeg's triangle filter from 4:2:2 or 4:2:0 to full size."""
    if plane.shape[2] == width and plane.shape[1] == height:
        return plane
    c = plane.astype(np.int32)
    if plane.shape[1] != height:
        near = np.repeat(c, 2, axis=1)
        far = np.empty_like(near)
        far[:, 0::2] = np.concatenate([c[:, :1], c[:, :-1]], axis=1)
        far[:, 1::2] = np.concatenate([c[:, 1:], c[:, -1:]], axis=1)
        rows = 3 * near + far
        left = np.concatenate([rows[:, :, :1], rows[:, :, :-1]], axis=2)
        right = np.concatenate([rows[:, :, 1:], rows[:, :, -1:]], axis=2)
        even, odd = (3 * rows + left + 8) >> 4, (3 * rows + right + 7) >> 4
    else:
        left = np.concatenate([c[:, :, :1], c[:, :, :-1]], axis=2)
        right = np.concatenate([c[:, :, 1:], c[:, :, -1:]], axis=2)
        even, odd = (3 * c + left + 1) >> 2, (3 * c + right + 2) >> 2
    out = np.empty(even.shape[:2] + (2 * even.shape[2],), np.int32)
    out[:, :, 0::2], out[:, :, 1::2] = even, odd
    return out[:, :height, :width].astype(np.uint8)


def ycc(rgb):
    """JPEG's matrix as libjpeg computes it."""
    r, g, b = (rgb[..., i].astype(np.int64) for i in range(3))
    centre = (128 << 16) + 32767
    y = (19595 * r + 38470 * g + 7471 * b + 32768) >> 16
    cb = (-11059 * r - 21709 * g + 32768 * b + centre) >> 16
    cr = (32768 * r - 27439 * g - 5329 * b + centre) >> 16
    return [p.astype(np.uint8) for p in (y, cb, cr)]


def is_rgb_jpeg(data):
    """Whether the first JPEG picture's markers leave it to the tag, or say R, G, B."""
    adobe = re.search(rb"\xff\xee\x00\x0eAdobe.{6}(.)", data[:4096], re.S)
    jfif = b"JFIF\x00" in data[:64]
    if adobe:
        return adobe.group(1) == b"\x00"
    sof = re.search(rb"\xff\xc0(..)\x08....\x03(.)(.).(.)(.).(.)(.).", data[:65536], re.S)
    if not sof or jfif:
        return False
    if sof.group(2, 4, 6) == (b"R", b"G", b"B"):
        return True
    return sof.group(3) == b"\x11" and sof.group(5) == b"\x11" and sof.group(7) == b"\x11"


def expected(ds):
    """Y, Cb, Cr (or Y alone) of all frames from pydicom's raw samples, by our own arithmetic."""
    plugin = "pillow" if ds.file_meta.TransferSyntaxUID == BASELINE else ""
    raw = pixel_array(ds, raw=True, decoding_plugin=plugin)
    if ds.get("SamplesPerPixel", 1) == 3:
        raw = raw[None] if raw.ndim == 3 else raw
        if ds.BitsStored > 8:
            raw = (raw >> (ds.BitsStored - 8)).astype(np.uint8)
        kind = ds.PhotometricInterpretation
        syntax = ds.file_meta.TransferSyntaxUID
        if syntax == BASELINE:
            first = ds.PixelData[ds.PixelData.index(b"\xff\xd8"):]
            is_rgb = kind == "RGB" and is_rgb_jpeg(first)
        else:
            is_rgb = kind in {"RGB", "YBR_RCT", "YBR_ICT"}
        return ycc(raw) if is_rgb else [raw[..., i] for i in range(3)]
    raw = raw[None] if raw.ndim == 2 else raw
    if ds.PhotometricInterpretation == "PALETTE COLOR":
        colours = apply_color_lut(raw, ds)
        if colours.dtype == np.uint16:
            wide = colours.max() > 255 or max(
                np.frombuffer(ds.RedPaletteColorLookupTableData, "<u2").max(), 0) > 255
            colours = (colours >> 8 if wide else colours).astype(np.uint8)
        return ycc(colours)
    if ds.BitsStored <= 8:
        return [255 - raw if ds.PhotometricInterpretation == "MONOCHROME1" else raw]

    def number(name):
        value = ds[name].value
        return float(value[0] if isinstance(value, pydicom.multival.MultiValue) else value)

    x = raw.astype(np.float64) * float(ds.get("RescaleSlope", 1) or 1) + float(ds.get("RescaleIntercept", 0) or 0)
    level = ((x - (number("WindowCenter") - 0.5)) / max(number("WindowWidth") - 1, 2**-20) + 0.5) * 255
    level = np.floor(np.clip(level, 0, 255) + 0.5).astype(np.uint8)
    return [255 - level if ds.PhotometricInterpretation == "MONOCHROME1" else level]


def windowed(binary, path, folder):
    """As judge, for a copy of the file that has got a window, so that its deep samples are looked at all the same."""
    ds = pydicom.dcmread(path)
    ds.WindowCenter, ds.WindowWidth = "1000", "3000"
    copy = pathlib.Path(folder) / "windowed.dcm"
    ds.save_as(copy)
    verdict, words = judge(binary, copy, folder)
    return verdict, "refused without a window; with one " + words


def judge(binary, path, folder):
    """A line of the table: (verdict, words)."""
    out = pathlib.Path(folder) / "frames.safetensors"
    out.unlink(missing_ok=True)
    run = subprocess.run([binary, "inspect", str(path), "--frames", str(out)], capture_output=True, text=True, timeout=120)
    if run.returncode not in (0, 1):
        return "FAIL", f"exit {run.returncode}"
    if run.returncode == 1:
        reason = re.match(r"echoprep: .*?: ([a-z-]+): (.*)", run.stderr)
        if not reason or reason.group(1) not in REASONS:
            return "FAIL", "no reason of the closed list: " + run.stderr[:100]
        if "without a window" in reason.group(2):
            return windowed(binary, path, folder)
        return "refused", f"{reason.group(1)}: {reason.group(2)}"
    with safe_open(out, "np") as f:
        got = {name: f.get_tensor(name) for name in f.keys()}
        shortfall = f.metadata()["shortfall"]
    words = "×".join(map(str, got["luma"].shape)) + (f" [{shortfall}]" if shortfall else "")
    try:
        ds = pydicom.dcmread(path, force=True)
        if "TransferSyntaxUID" not in ds.file_meta:
            ds.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2"
        want = expected(ds)
    except Exception as error:  # pydicom's errors have many types
        return "alone", f"{words}: pydicom says {type(error).__name__}: {str(error)[:60]}"
    height, width = got["luma"].shape[1:]
    planes = [got["luma"]]
    if "cb" in got:
        planes += [fancy(got["cb"], height, width), fancy(got["cr"], height, width)]
    if len(planes) != len(want) or planes[0].shape != want[0].shape:
        return "FAIL", f"{words}, pydicom {len(want)} × {want[0].shape}"
    worst = max(int(np.abs(a.astype(int) - b.astype(int)).max()) for a, b in zip(planes, want))
    syntax = ds.file_meta.TransferSyntaxUID
    allowed = 1 if syntax == BASELINE else 2 if syntax in LOSSY else 0
    return ("equal" if worst == 0 else "close" if worst <= allowed else "FAIL"), f"{words}, worst difference {worst}"


def main():
    binary = sys.argv[1]
    given = [pathlib.Path(a) for a in sys.argv[2:]]
    files = [p for g in given for p in (sorted(g.rglob("*.dcm")) if g.is_dir() else [g])] or default_files()
    counts = {}
    with tempfile.TemporaryDirectory() as folder:
        for path in files:
            verdict, words = judge(binary, path, folder)
            counts[verdict] = counts.get(verdict, 0) + 1
            print(f"{verdict:8} {path.name:44} {words}")
    print(", ".join(f"{n} {v}" for v, n in sorted(counts.items())))
    if counts.get("FAIL"):
        sys.exit(1)


if __name__ == "__main__":
    main()
