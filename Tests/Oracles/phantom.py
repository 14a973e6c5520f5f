"""Checks a synthetic cohort with pydicom, the csv module and a ruler: is it what its truth files say?

    python Tests/Oracles/phantom.py PATH_OF_ECHOPREP_BINARY

Same seed, same bytes; attributes, regions and frames as pydicom reads them; lists and hospital tables that fit together,
with each study's place among the stays computed anew; and the ventricle measured in the pictures: its cavity's area in
the short-axis view against the true semi-axes, and how much of it is left at end systole against the true EF.
If dciodvfy (dicom3tools) is installed, it must find no error in any file.
"""

import collections
import csv
import gzip
import hashlib
import pathlib
import shutil
import subprocess
import sys
import tempfile

import numpy as np
import pydicom
from pydicom.pixels import pixel_array
from scipy import ndimage

FORMATS = {"bmode": {(1, 1)}, "doppler": {(1, 1), (1, 2)}, "still": {(1, 1)}, "m-mode": {(2, 1)}}
HEIGHT, WIDTH = 708, 1016


def write(binary, folder, *options):
    subprocess.run([binary, "phantom", str(folder), *options], check=True, capture_output=True)


def hashes(folder):
    return {
        str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.rglob("*") if p.is_file()
    }


def rows(path):
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", newline="") as file:
        return list(csv.DictReader(file))


def check_files(folder, truth):
    """Attributes and frames of every file."""
    instances = set()
    for row in truth:
        path = folder / "mimic-iv-echo" / row["path"]
        data = pydicom.dcmread(path)
        assert data.SOPInstanceUID not in instances, "an instance twice"
        instances.add(data.SOPInstanceUID)
        assert (data.Rows, data.Columns, data.PhotometricInterpretation) == (HEIGHT, WIDTH, "YBR_FULL_422")
        assert data.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.4.50"
        assert data.PatientID == row["subject_id"] and data.StudyID == row["study_id"]
        assert row["path"].startswith(f"files/p{row['subject_id'][:2]}/p{row['subject_id']}/s{row['study_id']}/")
        frames = int(row["frames"])
        assert int(data.get("NumberOfFrames", 1)) == frames
        pixels = pixel_array(data, raw=True)
        assert pixels.reshape(-1, HEIGHT, WIDTH, 3).shape[0] == frames
        if frames > 1:
            assert abs(1000 / float(data.FrameTime) - float(row["frames_per_second"])) < 1e-3
            assert (pixels[0] != pixels[-1]).any(), "the first frame equals the last"
        regions = data.SequenceOfUltrasoundRegions
        kinds = {(r.RegionSpatialFormat, r.RegionDataType) for r in regions} - {(4, 10)}
        assert kinds == FORMATS.get(row["kind"], kinds) and (row["kind"] != "spectral" or kinds <= {(3, 3), (3, 4)})
        if (1, 1) in kinds:
            fan = regions[0]
            depth = (fan.RegionLocationMaxY1 - fan.RegionLocationMinY0) * fan.PhysicalDeltaY
            assert abs(depth - float(row["depth_cm"])) < 0.02
    return len(instances)


def check_tables(folder, truth, studies):
    """Lists and hospital tables, and where each study lies."""
    echo, hosp = folder / "mimic-iv-echo", folder / "mimiciv" / "hosp"
    assert [r["dicom_filepath"] for r in rows(echo / "echo-record-list.csv")] == [r["path"] for r in truth]
    times = {r["study_id"]: r["study_datetime"] for r in rows(echo / "echo-study-list.csv")}
    stays = rows(hosp / "admissions.csv.gz")
    subjects = {r["subject_id"] for r in rows(hosp / "patients.csv.gz")}
    known = {(r["icd_code"], r["icd_version"]) for r in rows(hosp / "d_icd_diagnoses.csv.gz")}
    versions, codes = collections.defaultdict(set), collections.defaultdict(set)
    for row in rows(hosp / "diagnoses_icd.csv.gz"):
        versions[row["hadm_id"]].add(row["icd_version"])
        if row["icd_version"] == "10":
            codes[row["hadm_id"]].add(row["icd_code"])
        assert (row["icd_code"], row["icd_version"]) in known or row["icd_code"] == "X9Z9"
    places = collections.Counter()
    for study in studies:
        time = times[study["study_id"]]
        assert study["subject_id"] in subjects
        own = [s for s in stays if s["subject_id"] == study["subject_id"]]
        around = [s["hadm_id"] for s in own if s["admittime"] <= time <= s["dischtime"]]
        waiting = [s for s in own if s["edregtime"] and s["edregtime"] <= time < s["admittime"]]
        if not own:
            place = "subject-never-admitted"
        elif len(around) == 2:
            place = "in-overlapping-stays"
        elif around:
            place = {(): "in-stay-without-diagnoses", ("9",): "in-stay-of-icd-9"}.get(
                tuple(sorted(versions[around[0]])), "in-stay"
            )
        else:
            place = "in-emergency-department" if waiting else "between-stays"
        assert place == study["place"], (study["study_id"], place, study["place"])
        if place in ("in-stay", "in-overlapping-stays"):
            for hadm in around:
                assert codes[hadm] - {"X9Z9"} == set(study["codes"].split()), study["study_id"]
        places[place] += 1
    return places


def cavity_area(frame, row, column):
    """Area of the dark region around a place, in pixels."""
    smooth = ndimage.gaussian_filter(frame.astype(float), 3.5)
    labels, _ = ndimage.label(smooth < 42)
    label = labels[int(row), int(column)]
    return 0 if label == 0 else int((labels == label).sum())


def measure(folder, truth, studies):
    """Area and its change in the short-axis clips, beside the truth."""
    truths = {s["study_id"]: s for s in studies}
    measured = []
    for row in truth:
        if row["kind"] != "bmode" or row["view"] != "PSAX":
            continue
        heart = truths[row["study_id"]]
        data = pydicom.dcmread(folder / "mimic-iv-echo" / row["path"])
        luma = pixel_array(data, raw=True)[..., 0]
        fan = data.SequenceOfUltrasoundRegions[0]
        scale = 1 / fan.PhysicalDeltaY
        across, along = float(heart["lv_septal_lateral_cm"]), float(heart["lv_anterior_inferior_cm"])
        # The probe stands 3.6 cm in front of the wall and 1.2 cm towards the septum.
        depth = max(across, along) / 2 + float(heart["wall_cm"]) + 3.6
        at = fan.RegionLocationMinY0 + depth * scale, WIDTH / 2 + 1.2 * scale
        areas = [cavity_area(frame, *at) / scale**2 for frame in luma]
        areas = [a for a in areas if 2 < a < 80]
        if len(areas) < len(luma) * 0.9:
            continue
        measured.append((max(areas), across * along * np.pi / 4, 1 - min(areas) / max(areas), float(heart["ef_percent"])))
    return np.array(measured)


def main():
    binary = sys.argv[1]
    with tempfile.TemporaryDirectory() as temporary:
        root = pathlib.Path(temporary)
        for name, jobs in [("one", "1"), ("three", "3")]:
            write(binary, root / name, "--studies", "6", "--frames", "3", "--jobs", jobs, "--seed", "5")
        first, second = hashes(root / "one"), hashes(root / "three")
        assert first == second, "bytes depend on the number of jobs"
        print(f"same bytes with 1 and 3 jobs: {len(first)} files")

        cohort = root / "cohort"
        write(binary, cohort, "--studies", "48", "--frames", "16", "--jobs", "2", "--seed", "3")
        truth, studies = rows(cohort / "truth.csv"), rows(cohort / "truth-studies.csv")
        print(f"attributes, regions and frames as the truth says: {check_files(cohort, truth)} files")
        print(f"places among the stays: {dict(check_tables(cohort, truth, studies))}")

        if shutil.which("dciodvfy"):
            sample = [row["path"] for row in truth[::9]]
            for path in sample:
                said = subprocess.run(
                    ["dciodvfy", str(cohort / "mimic-iv-echo" / path)], capture_output=True, text=True, check=False
                )
                errors = [line for line in said.stderr.splitlines() if line.startswith("Error")]
                assert not errors, (path, errors)
            print(f"dciodvfy: no error in {len(sample)} files")

        figures = measure(cohort, truth, studies)
        area = np.corrcoef(figures[:, 0], figures[:, 1])[0, 1]
        change = np.corrcoef(figures[:, 2], figures[:, 3])[0, 1]
        print(f"measured in {len(figures)} short-axis clips: area against truth r {area:.3f}, its change against EF r {change:.3f}")
        assert len(figures) >= 35 and area > 0.9 and change > 0.8


if __name__ == "__main__":
    main()
