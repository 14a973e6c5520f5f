"""Exports: what `echoprep export` writes, read by pyarrow, DuckDB, the MEDS schemas and Croissant's own validator.

    python Tests/Oracles/exports.py PATH_OF_ECHOPREP_BINARY
"""

import csv
import json
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb
import meds
import mlcroissant
import pyarrow.parquet as parquet

ECHOPREP = str(Path(sys.argv[1]).resolve())


def run(*arguments):
    done = subprocess.run([ECHOPREP, *map(str, arguments)], capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        sys.exit(f"{arguments[0]} failed: {done.stderr}")
    return done.stdout


def same(name, ours, theirs):
    if ours != theirs:
        sys.exit(f"{name}: {ours[:3]} instead of {theirs[:3]}")


def main():
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        run("phantom", root / "phantom", "--studies", 12, "--frames", 2, "--size", "96x96")
        dataset, echo = root / "dataset", root / "phantom/mimic-iv-echo"
        run("ingest", echo, "--dataset", dataset)
        run("link-icd", "--dataset", dataset, "--mimic-iv", root / "phantom/mimiciv", "--split", "60/20/20", "--top", 25)
        db = sqlite3.connect(dataset / "echoprep.sqlite")
        codes = [code for (code,) in db.execute("SELECT category FROM target ORDER BY idx")]
        wide = db.execute(
            f"""SELECT m.study_id, m.subject_id, hadm_id, study_datetime, split, {', '.join(f'm."{c}"' for c in codes)}
            FROM label_matrix m JOIN echo_study USING (study_id) LEFT JOIN study_admission a
            ON a.study_id = m.study_id AND chosen = 1 ORDER BY m.study_id"""
        ).fetchall()
        assert len(wide) > 3 and len(codes) == 25

        run("export", "labels", root / "labels.csv", "--dataset", dataset)
        with open(root / "labels.csv", newline="") as file:
            rows = list(csv.reader(file))
        same("csv header", rows[0], ["study_id", "subject_id", "hadm_id", "study_datetime", "split", *codes])
        same("csv", rows[1:], [["" if v is None else str(v) for v in row] for row in wide])

        run("export", "labels", root / "labels.parquet", "--dataset", dataset, "--format", "parquet")
        plain = [[*row[:3], row[3], row[4], *map(bool, row[5:])] for row in wide]
        table = parquet.read_table(root / "labels.parquet")
        assert str(table.schema.field("study_datetime").type) == "timestamp[us]", table.schema
        same("pyarrow", [[str(v) if i == 3 else v for i, v in enumerate(r.values())] for r in table.to_pylist()], plain)
        rows = duckdb.sql(f"FROM '{root / 'labels.parquet'}'").fetchall()
        same("DuckDB", [[*r[:3], str(r[3]), *r[4:]] for r in rows], plain)
        print(f"csv and Parquet: {len(wide)} studies x {len(codes)} targets, read by Python, pyarrow and DuckDB: equal")

        run("export", "labels", root / "meds", "--dataset", dataset, "--format", "meds")
        for code in codes:
            table = parquet.read_table(root / f"meds/labels/{code}/0.parquet")
            meds.LabelSchema.validate(table)
            theirs = db.execute(
                """SELECT l.subject_id, study_datetime, value FROM v_label l JOIN echo_study USING (study_id)
                WHERE category = ? ORDER BY 1, 2, study_id""", (code,)).fetchall()
            ours = [(r["subject_id"], str(r["prediction_time"]), int(r["boolean_value"])) for r in table.to_pylist()]
            same(code, ours, theirs)
        meds.SubjectSplitSchema.validate(parquet.read_table(root / "meds" / meds.subject_splits_filepath))
        meds.CodeMetadataSchema.validate(parquet.read_table(root / "meds" / meds.code_metadata_filepath))
        metadata = json.loads((root / "meds" / meds.dataset_metadata_filepath).read_text())
        meds.DatasetMetadataSchema.validate(metadata)
        same("the dataset's version", metadata["dataset_version"], "1.0")
        print(f"MEDS: {len(codes)} label files, splits, codes and dataset.json: valid by the schemas of meds")

        run("export", "croissant", "--dataset", dataset)
        description = mlcroissant.Dataset(jsonld=dataset / "croissant.json")
        issues = description.metadata.ctx.issues
        assert not issues.errors, issues.errors
        records = list(description.records(record_set="labels"))
        same("Croissant labels", [int(r["labels/study_id"]) for r in records], [row[0] for row in wide])
        clips = list(description.records(record_set="clips"))
        assert len(clips) == db.execute("SELECT count(*) FROM clip").fetchone()[0]
        assert not issues.warnings, issues.warnings
        print(f"Croissant: valid by mlcroissant without a warning, {len(records)} labels and {len(clips)} clips read")


main()
