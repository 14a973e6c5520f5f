"""What `echoprep link-icd` does, by DuckDB with four threads: the peer of `echobench labels`.

    python Tests/Oracles/bench_labels.py FOLDER OUT.sqlite

Reads FOLDER/hosp/*.csv.gz and FOLDER/echo/*.csv, joins and labels in DuckDB, and writes the same tables with the same
keys to SQLite through Python's sqlite3. Prints the seconds from reading to the end, without the start of Python.
"""

import sqlite3
import sys
import time
from pathlib import Path

import duckdb

folder, out = Path(sys.argv[1]), Path(sys.argv[2])
out.unlink(missing_ok=True)
start = time.perf_counter()
db = duckdb.connect()
db.execute("SET threads = 4")


def source(name):
    return f"read_csv('{folder}/{name}', header=true, all_varchar=true)"


db.execute(f"""
CREATE TABLE echo_study AS SELECT study_id::BIGINT study_id, subject_id::BIGINT subject_id,
    study_datetime::TIMESTAMP study_datetime, measurement_id::BIGINT measurement_id FROM {source('echo/echo-study-list.csv')};
CREATE TABLE cohort AS SELECT DISTINCT subject_id FROM echo_study;
CREATE TABLE echo_record AS SELECT study_id::BIGINT study_id, dicom_filepath, subject_id::BIGINT subject_id,
    acquisition_datetime FROM {source('echo/echo-record-list.csv')} ORDER BY 1, 2;
CREATE TABLE patients AS SELECT subject_id::BIGINT subject_id, gender, anchor_age::INT, anchor_year::INT,
    anchor_year_group, dod FROM {source('hosp/patients.csv.gz')} SEMI JOIN cohort USING (subject_id) ORDER BY 1;
CREATE TABLE admissions AS SELECT hadm_id::BIGINT hadm_id, subject_id::BIGINT subject_id, admittime::TIMESTAMP admittime,
    dischtime::TIMESTAMP dischtime, deathtime, edregtime, edouttime, admission_type, hospital_expire_flag::INT
    FROM {source('hosp/admissions.csv.gz')} SEMI JOIN cohort USING (subject_id) ORDER BY 1;
CREATE TABLE diagnoses_icd AS SELECT subject_id::BIGINT subject_id, hadm_id::BIGINT hadm_id, seq_num::INT seq_num,
    upper(replace(trim(icd_code), '.', '')) icd_code, icd_version::INT icd_version
    FROM {source('hosp/diagnoses_icd.csv.gz')} SEMI JOIN cohort USING (subject_id) ORDER BY 2, 3, 4, 5;
CREATE TABLE study_admission AS SELECT study_id, hadm_id, date_diff('second', admittime, study_datetime) / 3600.0 since,
    date_diff('second', study_datetime, dischtime) / 3600.0 until,
    (row_number() OVER (PARTITION BY study_id ORDER BY admittime DESC, hadm_id) = 1)::INT chosen
    FROM echo_study JOIN admissions USING (subject_id)
    WHERE study_datetime BETWEEN admittime AND dischtime ORDER BY 1, 2;
CREATE TABLE study_category AS SELECT study_id, icd_code[:3] category, count(DISTINCT icd_code) n_codes, min(seq_num)
    FROM study_admission JOIN diagnoses_icd USING (hadm_id) WHERE chosen = 1 AND icd_version = 10 GROUP BY 1, 2 ORDER BY 1, 2;
CREATE TABLE target AS SELECT row_number() OVER (ORDER BY n DESC, category) - 1, category, '', n, n / 1.0
    FROM (SELECT category, count(*) n FROM study_category GROUP BY 1) ORDER BY 1 LIMIT 40;
CREATE TABLE split AS SELECT subject_id, CASE WHEN hash(subject_id) % 1000 < 935 THEN 'train' ELSE 'test' END FROM cohort ORDER BY 1;
""")
middle = time.perf_counter()
keys = {
    "patients": "subject_id INTEGER PRIMARY KEY, gender TEXT, anchor_age INTEGER, anchor_year INTEGER, anchor_year_group TEXT, dod TEXT",
    "admissions": "hadm_id INTEGER PRIMARY KEY, subject_id INTEGER, admittime TEXT, dischtime TEXT, deathtime TEXT, edregtime TEXT, "
    "edouttime TEXT, admission_type TEXT, hospital_expire_flag INTEGER",
    "diagnoses_icd": "subject_id INTEGER, hadm_id INTEGER, seq_num INTEGER, icd_code TEXT, icd_version INTEGER, "
    "PRIMARY KEY (hadm_id, seq_num, icd_code, icd_version)",
    "echo_study": "study_id INTEGER PRIMARY KEY, subject_id INTEGER, study_datetime TEXT, measurement_id INTEGER",
    "echo_record": "study_id INTEGER, dicom_filepath TEXT, subject_id INTEGER, acquisition_datetime TEXT, "
    "PRIMARY KEY (study_id, dicom_filepath)",
    "study_admission": "study_id INTEGER, hadm_id INTEGER, since REAL, until REAL, chosen INTEGER, PRIMARY KEY (study_id, hadm_id)",
    "study_category": "study_id INTEGER, category TEXT, n_codes INTEGER, first_seq_num INTEGER, PRIMARY KEY (study_id, category)",
    "target": "idx INTEGER PRIMARY KEY, category TEXT, title TEXT, n_positive INTEGER, prevalence REAL",
    "split": "subject_id INTEGER PRIMARY KEY, split TEXT",
}
indexes = [
    "admissions (subject_id, admittime)", "diagnoses_icd (icd_code, icd_version)", "echo_study (subject_id)",
    "study_admission (hadm_id)", "study_category (category)",
]
sqlite = sqlite3.connect(out, isolation_level=None)
sqlite.execute("BEGIN")
for table, columns in keys.items():
    rowid = "" if "INTEGER PRIMARY KEY" in columns else ", WITHOUT ROWID"
    sqlite.execute(f"CREATE TABLE {table} ({columns}) STRICT{rowid}")
for index in indexes:
    sqlite.execute(f"CREATE INDEX {index.split()[0]}_index ON {index}")
for table, columns in keys.items():
    names = ", ".join(
        f"CAST({c[0]} AS VARCHAR)" if "TIMESTAMP" in c[1] else f'"{c[0]}"' for c in db.execute(f"DESCRIBE {table}").fetchall()
    )
    rows = db.execute(f"SELECT {names} FROM {table}").fetchall()
    marks = ", ".join("?" * len(rows[0]))
    sqlite.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)
sqlite.execute("COMMIT")
sqlite.close()
end = time.perf_counter()
print(f"reading and joining {middle - start:.2f} s, writing {end - middle:.2f} s", file=sys.stderr)
print(end - start)
