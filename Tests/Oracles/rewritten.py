"""Tables that other programs read and wrote again: `echoprep link-icd` must link them as the original, or refuse them.

    python Tests/Oracles/rewritten.py PATH_OF_ECHOPREP_BINARY

The MIMIC-IV demo, with studies in, around and at the ends of its stays, is read and written by polars and pandas in the
ways that people do it, and as R, Spark, BigQuery and spreadsheets write. Every table that link-icd makes of it is compared
row by row; a refusal must name the file, and must not hold a value of it.

The demo is looked for in $MIMIC_IV_DEMO, then in shared/data beside the repository or above it.
"""

import gzip
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

import pandas
import polars

ECHOPREP = str(Path(sys.argv[1]).resolve())
HOSP = ["patients", "admissions", "diagnoses_icd", "d_icd_diagnoses"]
ECHO = ["echo-study-list", "echo-record-list"]
TIMES = ["admittime", "dischtime", "deathtime", "edregtime", "edouttime", "dod", "study_datetime", "acquisition_datetime"]
TABLES = [
    "patients", "admissions", "diagnoses_icd", "icd_code", "code_label", "echo_study", "echo_record", "study_admission",
    "study_status", "study_category", "target", "split", "label",
]


def demo():
    folders = [Path(os.environ["MIMIC_IV_DEMO"])] if "MIMIC_IV_DEMO" in os.environ else []
    for parent in Path(__file__).resolve().parents:
        folders.append(parent / "shared/data/mimic-iv-demo/hosp")
    return next((f for f in folders if (f / "admissions.csv.gz").exists()), None)


def write_echo(folder, hosp):
    """Studies within the demo's stays and around them, some of them at midnight."""
    chance = random.Random(7)
    stays = pandas.read_csv(hosp / "admissions.csv.gz", parse_dates=["admittime", "dischtime", "deathtime"])
    rows = []
    for n, stay in enumerate(stays.itertuples()):
        middle = stay.admittime + (stay.dischtime - stay.admittime) * chance.random()
        death = [] if pandas.isna(stay.deathtime) else [stay.deathtime, stay.deathtime + timedelta(hours=1)]
        for time in [middle.round("s"), stay.admittime, stay.dischtime.normalize(), stay.dischtime + timedelta(hours=30), *death]:
            rows.append((stay.subject_id, 90_000_000 + 11 * len(rows), time.strftime("%Y-%m-%d %H:%M:%S"), 7_000_000 + n))
    rows += [(99_000_000 + n, 99_000_000 + n, "2150-01-01 00:00:00", "") for n in range(3)]
    folder.mkdir(parents=True)
    study = pandas.DataFrame(rows, columns=["subject_id", "study_id", "study_datetime", "measurement_id"])
    study.to_csv(folder / "echo-study-list.csv", index=False)
    record = study.rename(columns={"study_datetime": "acquisition_datetime"}).drop(columns="measurement_id")
    record["dicom_filepath"] = [f"files/p{s}/s{n}/{n}_0001.dcm" for s, n in zip(record.subject_id, record.study_id)]
    record.to_csv(folder / "echo-record-list.csv", index=False)


def link(dataset, echo, hosp):
    command = [ECHOPREP, "link-icd", "--dataset", str(dataset), "--mimic-iv", str(hosp), "--echo", str(echo)]
    return subprocess.run([*command, "--split", "60/20/20"], capture_output=True, text=True, timeout=300)


def rows(dataset):
    db = sqlite3.connect(dataset / "echoprep.sqlite")
    return {table: db.execute(f"SELECT * FROM {table}").fetchall() for table in TABLES}


# The writers: each takes the path of a table and gives its text ------------------------------------------------------


def text_frame(path):
    return pandas.read_csv(path, dtype=str, keep_default_na=False)


def time_columns(columns):
    return [c for c in columns if c in TIMES]


def polars_inferred(path):
    """Read and written with nothing said: times are times, numbers are numbers, but codes stay text."""
    frame = polars.read_csv(
        path, try_parse_dates=True, infer_schema_length=None, schema_overrides={"icd_code": polars.String})
    return frame.write_csv()


def polars_milliseconds(path):
    frame = polars.read_csv(
        path, try_parse_dates=True, infer_schema_length=None, schema_overrides={"icd_code": polars.String})
    times = [c for c, t in frame.schema.items() if t == polars.Datetime]
    return frame.with_columns(polars.col(times).dt.cast_time_unit("ms")).write_csv()


def polars_utc(path):
    frame = polars.read_csv(
        path, try_parse_dates=True, infer_schema_length=None, schema_overrides={"icd_code": polars.String})
    times = [c for c, t in frame.schema.items() if t == polars.Datetime]
    return frame.with_columns(polars.col(times).dt.replace_time_zone("UTC")).write_csv()


def polars_quoted(path):
    return polars.read_csv(path, infer_schema=False).write_csv(quote_style="always")


def polars_american(path):
    frame = polars.read_csv(
        path, try_parse_dates=True, infer_schema_length=None, schema_overrides={"icd_code": polars.String})
    return frame.write_csv(datetime_format="%m/%d/%Y %I:%M %p", date_format="%m/%d/%Y")


def pandas_inferred(path):
    """Whole numbers of a column with a missing one become 20000001.0."""
    return pandas.read_csv(path, dtype={"icd_code": str}, parse_dates=time_columns(text_frame(path).columns)).to_csv(index=False)


def pandas_floats(path):
    frame = pandas.read_csv(path, dtype={"icd_code": str})
    numbers = frame.select_dtypes("number").columns
    return frame.astype({c: "float64" for c in numbers}).to_csv(index=False)


def pandas_index(path):
    """With the row's number in a column without a name."""
    return pandas.read_csv(path, dtype={"icd_code": str}).to_csv()


def pandas_utc(path):
    frame = pandas.read_csv(path, dtype={"icd_code": str})
    for column in time_columns(frame.columns):
        frame[column] = pandas.to_datetime(frame[column], utc=True)
    return frame.to_csv(index=False)


def pandas_epoch(path):
    """Seconds since 1970, of which nothing says so."""
    frame = pandas.read_csv(path, dtype={"icd_code": str})
    for column in time_columns(frame.columns):
        frame[column] = pandas.to_datetime(frame[column]).map(lambda t: t.timestamp() if t == t else None)
    return frame.to_csv(index=False)


def mapped(change, quoted=False, missing=""):
    def write(path):
        frame = text_frame(path)
        for column in time_columns(frame.columns):
            frame[column] = [change(value) if value else value for value in frame[column]]
        frame = frame.replace("", missing) if missing else frame
        return frame.to_csv(index=False, quoting=2 if quoted else 0)

    return write


def r_write_csv(path):
    """R 4.3 and newer: NA for what is missing, text in quotes, midnight as a day alone."""
    frame = text_frame(path)
    lines = [",".join(f'"{c}"' for c in frame.columns)]
    isnumber = {c: c not in TIMES and c != "icd_code" and frame[c].str.fullmatch(r"-?\d+|").all() for c in frame.columns}
    for row in frame.itertuples(index=False):
        fields = []
        for column, value in zip(frame.columns, row):
            quote = value.replace('"', '""')
            if value == "":
                fields.append("NA")
            elif isnumber[column]:
                fields.append(value)
            elif column in TIMES:
                fields.append(value.removesuffix(" 00:00:00"))
            else:
                fields.append(f'"{quote}"')
        lines.append(",".join(fields))
    return "\n".join(lines) + "\n"


def semicolons(path):
    return text_frame(path).to_csv(index=False, sep=";")


def no_header(path):
    return text_frame(path).to_csv(index=False, header=False)


def spreadsheet(path):
    """A byte-order mark, CRLF, no-break spaces around codes, times without seconds where they are 0."""
    frame = text_frame(path)
    if "icd_code" in frame:
        frame["icd_code"] = "\u00a0" + frame["icd_code"] + " "
    for column in time_columns(frame.columns):
        frame[column] = [v[:-3] if v.endswith(":00") and len(v) == 19 else v for v in frame[column]]
    return "\ufeff" + frame.to_csv(index=False, lineterminator="\r\n")


WRITERS = {
    "polars, inferred": polars_inferred, "polars, milliseconds": polars_milliseconds, "polars, UTC": polars_utc,
    "polars, all in quotes": polars_quoted, "polars, American times": polars_american,
    "pandas, inferred": pandas_inferred, "pandas, all numbers floats": pandas_floats, "pandas, with its index": pandas_index,
    "pandas, UTC": pandas_utc, "pandas, seconds since 1970": pandas_epoch,
    "R, write.csv": r_write_csv,
    "R, fwrite": mapped(lambda t: t.replace(" ", "T") + ("Z" if " " in t else "")),
    "Spark": mapped(lambda t: t.replace(" ", "T") + (".000Z" if " " in t else "")),
    "BigQuery": mapped(lambda t: t + " UTC" if " " in t else t),
    "with offsets": mapped(lambda t: t + "+02:00" if " " in t else t),
    "days first": mapped(lambda t: f"{t[8:10]}/{t[5:7]}/{t[:4]}{t[10:]}"),
    "semicolons": semicolons, "without a header": no_header, "a spreadsheet": spreadsheet,
}
MUST_LINK = {
    "polars, inferred", "polars, milliseconds", "polars, UTC", "polars, all in quotes", "pandas, inferred",
    "pandas, all numbers floats", "pandas, with its index", "pandas, UTC", "R, write.csv", "R, fwrite", "Spark", "BigQuery",
    "a spreadsheet",
}


def main():
    hosp = demo()
    if not hosp:
        print("the MIMIC-IV demo is not at hand: not compared (set MIMIC_IV_DEMO to its hosp folder)")
        return
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        write_echo(root / "echo", hosp)
        done = link(root / "dataset", root / "echo", hosp)
        assert done.returncode == 0, done.stderr
        original = rows(root / "dataset")
        statuses = {status for _, status, *_ in original["study_status"]}
        assert {"labelled", "no-stay", "subject-not-in-admissions"} <= statuses, statuses
        assert any(row[3] == 1 for row in original["study_status"]), "a study after death"
        ids = {value for table in ("patients", "echo_study") for row in original[table] for value in map(str, row[:2])}
        linked, refused = [], []
        for number, (name, writer) in enumerate(WRITERS.items()):
            folder = root / str(number)
            for part, tables, source in [("hosp", HOSP, hosp), ("echo", ECHO, root / "echo")]:
                (folder / part).mkdir(parents=True)
                for table in tables:
                    path = next(p for p in (source / f"{table}.csv", source / f"{table}.csv.gz") if p.exists())
                    with gzip.open(folder / part / f"{table}.csv.gz", "wt", newline="", encoding="utf-8") as file:
                        file.write(writer(path))
            done = link(folder / "dataset", folder / "echo", folder / "hosp")
            if done.returncode == 0:
                for table, theirs in original.items():
                    ours = rows(folder / "dataset")[table]
                    if ours != theirs:
                        wrong = [(a, b) for a, b in zip(ours, theirs) if a != b][:3]
                        sys.exit(f"{name}: {table}: {len(ours)} rows instead of {len(theirs)}: {wrong}")
                linked.append(name)
            else:
                assert done.returncode == 1 and ".csv.gz: " in done.stderr and "try: " in done.stderr, done.stderr
                words = set(done.stderr.replace(",", " ").replace(":", " ").split())
                assert not words & ids, f"{name}: a value in the message: {words & ids}"
                refused.append(name)
            shutil.rmtree(folder)
        missing = MUST_LINK - set(linked)
        assert not missing, f"refused, though they can be read: {missing}"
        print(f"{sum(map(len, original.values()))} rows of {len(TABLES)} tables, rewritten in {len(WRITERS)} ways")
        print(f"  linked as the original: {'; '.join(linked)}")
        print(f"  refused: {'; '.join(refused)}")


main()
