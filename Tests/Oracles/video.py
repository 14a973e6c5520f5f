"""Compares the frames of AVI, MP4 and DICOM-with-video files with another ffmpeg's raw output and with OpenCV.

    python Tests/Oracles/video.py PATH_OF_ECHOPREP_BINARY

The files are written here by ffmpeg's own command line (the build in the package imageio-ffmpeg, which is not the
libav that echoprep links): Motion JPEG, MPEG-4, MPEG-2, H.264 and HEVC, odd sizes, 4:2:0, 4:2:2, 4:4:4 and gray, frames
in and out of order, even and uneven times. The same ffmpeg then decodes them to raw planes in the file's own pixel
format, and limited range is widened here. H.264, HEVC, FFV1 and raw pictures must be equal; the inverse transform of
Motion JPEG and MPEG-4 is not defined to the bit, so those may differ by 1 and 2 levels. OpenCV counts the frames, and
ffmpeg tells their times.
"""

import pathlib
import re
import subprocess
import sys
import tempfile

import cv2
import imageio_ffmpeg
import numpy as np
import pydicom
from pydicom.encaps import encapsulate
from safetensors import safe_open

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
EVEN = "fps=25"
# Frames 5, 6, 7 and 13 of 25 a second are left out, the others keep their times.
UNEVEN = "fps=25,select='not(between(n,5,7)+eq(n,13))'"

# name, size, pixel format, encoder's options, filter
FILES = [
    ("mjpeg-420.avi", "96x64", "yuvj420p", "-c:v mjpeg -q:v 3", EVEN),
    ("mjpeg-422.avi", "95x63", "yuvj422p", "-c:v mjpeg -q:v 3", EVEN),
    ("mjpeg-444.avi", "98x66", "yuvj444p", "-c:v mjpeg -q:v 3", EVEN),
    ("mjpeg-left-out.avi", "96x64", "yuvj420p", "-c:v mjpeg -q:v 3", UNEVEN),
    ("mpeg4.avi", "112x112", "yuv420p", "-c:v mpeg4 -q:v 3", EVEN),
    ("mpeg4-b-frames.avi", "112x112", "yuv420p", "-c:v mpeg4 -q:v 3 -bf 2", EVEN),
    ("raw-gray.avi", "96x64", "gray", "-c:v rawvideo", EVEN),
    ("ffv1-gray.avi", "97x65", "gray", "-c:v ffv1", EVEN),
    ("mpeg4.mp4", "97x65", "yuv420p", "-c:v mpeg4 -q:v 3", EVEN),
    ("mjpeg.mp4", "96x64", "yuvj422p", "-c:v mjpeg -q:v 3", EVEN),
    ("h264.mp4", "96x64", "yuv420p", "-c:v libx264 -bf 3", EVEN),
    ("h264-odd.mp4", "97x65", "yuv444p", "-c:v libx264 -bf 3", EVEN),
    ("h264-422.mp4", "98x66", "yuv422p", "-c:v libx264", EVEN),
    ("h264-gray.mp4", "96x64", "gray", "-c:v libx264", EVEN),
    ("h264-full-range.mp4", "96x64", "yuvj420p", "-c:v libx264", EVEN),
    ("h264-uneven.mp4", "96x64", "yuv420p", "-c:v libx264 -bf 2", UNEVEN),
    ("h264-milliseconds.mp4", "96x64", "yuv420p", "-c:v libx264 -video_track_timescale 1000", "fps=30"),
    ("hevc.mp4", "96x64", "yuv420p", "-c:v libx265 -x265-params log-level=none", EVEN),
    ("hevc-uneven.mov", "96x64", "yuv420p", "-c:v libx265 -x265-params log-level=none", UNEVEN),
    ("mpeg2.mpg", "96x64", "yuv420p", "-c:v mpeg2video -q:v 3 -bf 2 -f vob", EVEN),
    ("h264.ts", "96x64", "yuv420p", "-c:v libx264 -bf 2 -f mpegts", EVEN),
    ("hevc.ts", "96x64", "yuv420p", "-c:v libx265 -x265-params log-level=none -f mpegts", EVEN),
]
DICOM = {
    "mpeg2.mpg": "1.2.840.10008.1.2.4.100", "h264.mp4": "1.2.840.10008.1.2.4.102",
    "h264.ts": "1.2.840.10008.1.2.4.102", "hevc.ts": "1.2.840.10008.1.2.4.107",
}  # fmt: skip


def ffmpeg(*arguments):
    return subprocess.run([FFMPEG, "-v", "error", "-y", *arguments], capture_output=True, check=True, timeout=60).stdout


def write(path, size, pixels, options, filters):
    """A moving test picture and noise, about 24 frames."""
    source = f"testsrc2=size=128x96:rate=25:duration=1,format={pixels.replace('yuvj', 'yuv')},scale={size.replace('x', ':')}"
    source += f",noise=alls=12:allf=t:all_seed=7,{filters}"
    ffmpeg(
        "-f", "lavfi", "-i", source, "-fps_mode", "passthrough", "-pix_fmt", pixels, *options.split(), str(path)
    )  # fmt: skip


def decoded(path, size, pixels):
    """The planes in the file's own form: each [T, h, w]."""
    width, height = map(int, size.split("x"))
    raw = ffmpeg("-i", str(path), "-fps_mode", "passthrough", "-pix_fmt", pixels, "-f", "rawvideo", "-")
    across = 1 if "444" in pixels or pixels == "gray" else 2
    down = 2 if "420" in pixels else 1
    chroma = () if pixels == "gray" else (((height + down - 1) // down, (width + across - 1) // across),) * 2
    shapes = [(height, width), *chroma]
    frames = np.frombuffer(raw, np.uint8).reshape(-1, sum(h * w for h, w in shapes))
    planes, start = [], 0
    for h, w in shapes:
        planes.append(frames[:, start : start + h * w].reshape(-1, h, w))
        start += h * w
    return planes


def widened(planes):
    """Limited range to full: 16 … 235 and 16 … 240 around 128."""
    levels = np.arange(256)
    luma = np.floor(np.clip((levels - 16) * 255 / 219, 0, 255) + 0.5)
    distance = (levels - 128) * 255 / 224
    chroma = np.clip(np.sign(distance) * np.floor(np.abs(distance) + 0.5) + 128, 0, 255)
    return [table.astype(np.uint8)[plane] for table, plane in zip([luma, chroma, chroma], planes)]


def times(path):
    """Milliseconds of the pictures from the first, from ffmpeg's own report."""
    text = subprocess.run(
        [FFMPEG, "-v", "info", "-i", str(path), "-fps_mode", "passthrough", "-vf", "showinfo", "-f", "null", "-"],
        capture_output=True, text=True, timeout=60,
    ).stderr  # fmt: skip
    stamps = [1000 * float(t) for t in re.findall(r"pts_time:([\d.]+)", text)]
    return [stamp - stamps[0] for stamp in stamps]


def wrapped(path, syntax, size, frames, folder):
    """The stream of `path` in a DICOM file, in one fragment."""
    width, height = map(int, size.split("x"))
    dataset = pydicom.Dataset()
    dataset.file_meta = pydicom.dataset.FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.SOPClassUID = pydicom.uid.UltrasoundMultiFrameImageStorage
    dataset.SOPInstanceUID = pydicom.uid.generate_uid(entropy_srcs=[path.name])
    dataset.Rows, dataset.Columns, dataset.NumberOfFrames = height, width, frames
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 3, "YBR_PARTIAL_420"
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit, dataset.PixelRepresentation, dataset.FrameTime = 7, 0, "40"
    dataset.PixelData = encapsulate([path.read_bytes()], has_bot=False)
    dataset["PixelData"].is_undefined_length = True
    out = pathlib.Path(folder) / (path.name + ".dcm")
    dataset.save_as(out, enforce_file_format=True)
    return out


def ours(binary, path, folder):
    out = pathlib.Path(folder) / "frames.safetensors"
    subprocess.run([binary, "inspect", str(path), "--frames", str(out)], check=True, capture_output=True, timeout=60)
    with safe_open(out, "np") as file:
        planes = [file.get_tensor(name) for name in ("luma", "cb", "cr") if name in file.keys()]
        return planes, file.metadata()


def compare(binary, path, expected, allowed, folder):
    """The worst difference, and whether that is allowed; shapes must agree."""
    planes, facts = ours(binary, path, folder)
    if [p.shape for p in planes] != [p.shape for p in expected]:
        return f"FAIL {[p.shape for p in planes]} for {[p.shape for p in expected]}"
    worst = max(int(np.abs(a.astype(int) - b.astype(int)).max()) for a, b in zip(planes, expected))
    if facts["shortfall"]:
        return f"FAIL {facts['shortfall']}"
    verdict = "equal" if worst == 0 else "close" if worst <= allowed else "FAIL"
    return f"{verdict} {'×'.join(map(str, planes[0].shape))}, {len(planes)} planes, worst difference {worst}"


def compare_times(binary, path, expected, folder):
    """What inspect says of the file's steps against ffmpeg's stamps."""
    text = subprocess.run([binary, "inspect", str(path)], capture_output=True, text=True, timeout=60).stdout
    steps = np.diff(expected)
    line = re.search(r"frame times +([\d.]+) to ([\d.]+) ms apart", text)
    if steps.max() - steps.min() > 1.5:
        right = line and np.allclose([float(line[1]), float(line[2])], [steps.min(), steps.max()], atol=0.011)
        return f"{steps.min():.0f} to {steps.max():.0f} ms apart" if right else f"FAIL {line and line[0]}"
    rate = re.search(r" at ([\d.]+) a second", text)
    right = not line and rate and abs(float(rate[1]) - 1000 / steps.mean()) < 0.3
    return f"{rate[1]} a second" if right else f"FAIL {rate and rate[0]}, not {1000 / steps.mean():.2f}"


def main(binary):
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, size, pixels, options, filters in FILES:
            path = pathlib.Path(folder) / name
            write(path, size, pixels, options, filters)
            # Decoders of H.264 give gray pictures neutral chroma.
            expected = decoded(path, size, "yuv420p" if pixels == "gray" and "264" in options else pixels)
            is_full = pixels.startswith("yuvj") or pixels == "gray"
            expected = expected if is_full else widened(expected)
            allowed = next((n for code, n in {"mjpeg": 1, "mpeg4": 2, "mpeg2": 2}.items() if code in options), 0)
            lines = []
            if path.suffix in {".avi", ".mp4", ".mov"}:
                lines.append(compare(binary, path, expected, allowed, folder))
                lines.append(compare_times(binary, path, times(path), folder))
                capture = cv2.VideoCapture(str(path))
                count = 0
                while capture.grab():
                    count += 1
                lines.append(f"OpenCV {count} frames" if count == len(expected[0]) else f"FAIL OpenCV {count} frames")
            if name in DICOM:
                clip = wrapped(path, DICOM[name], size, len(expected[0]), folder)
                lines.append("in DICOM " + compare(binary, clip, expected, allowed, folder))
            failures += sum("FAIL" in line for line in lines)
            print(f"{name:24} {pixels:9} {'; '.join(lines)}")
    print(f"{len(FILES)} files of ffmpeg's, {failures} comparisons failed")
    sys.exit(failures > 0)


if __name__ == "__main__":
    main(sys.argv[1])
