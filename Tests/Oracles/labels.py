"""Labels: `echoprep link-icd` against DuckDB and simple-icd-10-cm, row by row.

    python Tests/Oracles/labels.py PATH_OF_ECHOPREP_BINARY

Compares, without exception:
- every one of the 98,505 codes of simple-icd-10-cm 1.5.0, and every ICD-10 code of MIMIC-IV's dictionary where it is
  at hand: level, parent, title, leaf status, category;
- study_admission, study_status, study_category, target, split, label and both views of prevalence, for every window
  rule: for the phantom's studies and for studies at hard places (the very ends of stays, a second outside of them) in
  the stays of the real MIMIC-IV demo, and for synthetic stays that end before they begin, overlap and touch; with
  margins, levels, tie-breaks, history labels, strict codes and mappings of ICD-9 going round beside the windows.

The MIMIC-IV demo is looked for in $MIMIC_IV_DEMO, then in shared/data beside the repository or above it.
"""

import argparse
import csv
import gzip
import itertools
import json
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
from simple_icd_10_cm import simple_icd_10_cm as library

ECHOPREP = str(Path(sys.argv[1]).resolve())
HOSP_TABLES = {
    "patients": ["subject_id", "gender", "anchor_age", "anchor_year", "anchor_year_group", "dod"],
    "admissions": [
        "subject_id", "hadm_id", "admittime", "dischtime", "deathtime", "admission_type", "edregtime", "edouttime",
        "hospital_expire_flag",
    ],
    "diagnoses_icd": ["subject_id", "hadm_id", "seq_num", "icd_code", "icd_version"],
}
ECHO_TABLES = {
    "echo-study-list": ["subject_id", "study_id", "study_datetime"],
    "echo-record-list": ["subject_id", "study_id", "acquisition_datetime", "dicom_filepath"],
}


def demo():
    folders = [Path(os.environ["MIMIC_IV_DEMO"])] if "MIMIC_IV_DEMO" in os.environ else []
    for parent in Path(__file__).resolve().parents:
        folders.append(parent / "shared/data/mimic-iv-demo/hosp")
    return next((f for f in folders if (f / "admissions.csv.gz").exists()), None)


# The hierarchy as the library has it --------------------------------------------------------------------------


def tree():
    """code, level, parent, title, leaf of every node, codes without dots."""
    levels = {"chapter": "chapter", "section": "block", "category": "category"}

    def walk(node, parent):
        level = levels.get(node.type, "subcategory")
        code = node.name.replace(".", "")
        yield code, level, parent, node.description, not node.children
        for child in node.children:
            yield from walk(child, code)

    return [row for chapter in library._chapter_list for row in walk(chapter, None)]


TREE = tree()
STATUS = {code: "leaf" if leaf else "not_leaf" for code, level, _, _, leaf in TREE if level not in ("chapter", "block")}
TITLES = {code: title for code, level, _, title, _ in TREE if level == "category"}


LEVELS = ["chapter", "block", "category", "subcategory"]


def paths():
    """The nodes from the chapter to each category and subcategory; and what is at each (level, code)."""
    found, stack = {}, []

    def walk(node, above):
        here = above + [node.name.replace(".", "")]
        if len(here) > 2:
            found[here[-1]] = here
        for child in node.children:
            walk(child, here)

    for chapter in library._chapter_list:
        walk(chapter, [])
    return found


PATHS = paths()
TITLE_AT = {(level, code): title for code, level, _, title, _ in TREE}


def label_of(code, version, level, strict, mappings):
    """What a code counts for, as a list."""
    if version == 9:
        labels = [label_of(target, 10, level, strict, {}) for target in mappings.get(code, [])]
        return sorted({label for found in labels for label in found})
    status = code_status(code, 10)
    if status == "unknown" or (status == "retired" and strict):
        return []
    known = next(code[:n] for n in range(len(code), 2, -1) if code[:n] in PATHS)
    return [PATHS[known][: LEVELS.index(level) + 1][-1]]


def title_at(level, code):
    return TITLE_AT.get((level, code)) or (TITLES.get(code) if level == "subcategory" else None)


def code_status(code, version):
    if version != 10:
        return "icd9"
    return STATUS.get(code) or ("retired" if code[:3] in TITLES else "unknown")


# Cohorts ------------------------------------------------------------------------------------------------------


def write(folder, name, header, rows, zipped):
    path = folder / (name + (".csv.gz" if zipped else ".csv"))
    opener = (lambda p: gzip.open(p, "wt", newline="")) if zipped else (lambda p: open(p, "w", newline=""))
    with opener(path) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def write_echo(folder, studies):
    folder.mkdir(parents=True, exist_ok=True)
    write(folder, "echo-study-list", ECHO_TABLES["echo-study-list"], studies, zipped=False)
    records = [
        (subject, study, time, f"files/p{str(subject)[:2]}/p{subject}/s{study}/{study}_{n:04}.dcm")
        for subject, study, time in studies
        for n in (1, 2)
    ]
    write(folder, "echo-record-list", ECHO_TABLES["echo-record-list"], records, zipped=False)


def place_studies(stays, seed):
    """Studies in, around and at the ends of stays (subject, hadm, admit, discharge, ed arrival)."""
    chance = random.Random(seed)
    second = timedelta(seconds=1)
    times = []
    for subject, _, admit, discharge, arrival in stays:
        middle = admit + (discharge - admit) * chance.random()
        options = [
            middle, admit, discharge, admit - second, discharge + second, admit - timedelta(hours=chance.uniform(0, 80)),
            discharge + timedelta(hours=chance.uniform(0, 80)),
        ]
        if arrival:
            options += [arrival, arrival - second, arrival + (admit - arrival) * chance.random()]
        times += [(subject, t) for t in chance.sample(options, chance.randint(1, len(options)))]
    times += [(99_000_000 + n, datetime(2150, 1, 1)) for n in range(3)]
    chance.shuffle(times)
    return [
        (subject, 90_000_000 + 7 * n, t.replace(microsecond=0).isoformat(sep=" ")) for n, (subject, t) in enumerate(times)
    ]


def synthetic(folder, seed):
    """A small MIMIC-IV whose stays end before they begin, overlap and touch, with every kind of code."""
    chance = random.Random(seed)
    codes = list(STATUS)
    patients, admissions, diagnoses, stays = [], [], [], []
    for n in range(120):
        subject = 10_000_000 + 13 * n
        begin = datetime(2150, 1, 1) + timedelta(seconds=chance.randrange(10**8))
        dod = (begin + timedelta(days=chance.randint(0, 40))).date() if chance.random() < 0.2 else ""
        patients.append((subject, chance.choice("FM"), chance.randint(18, 91), 2150, "2011 - 2013", dod))
        for k in range(chance.choice([1, 1, 2, 3, 6])):
            length = timedelta(seconds=chance.choice([0, 1, 3_600, 86_400, 500_000, -2_000]))
            hadm = 20_000_000 + chance.randrange(10**7)
            arrival = begin - timedelta(minutes=chance.randint(-30, 600)) if chance.random() < 0.5 else None
            # Some die after the discharge that is written down, some before it.
            death = begin + length + timedelta(hours=chance.randint(-9, 20)) if chance.random() < 0.15 else ""
            admissions.append(
                (subject, hadm, begin, begin + length, death, "EW EMER.", arrival or "", "", chance.randint(0, 1))
            )
            stays.append((subject, hadm, begin, begin + length, arrival))
            kind = chance.choice(["icd10"] * 8 + ["none", "icd9", "unknown", "mixed"])
            for seq in range(1, 1 + (0 if kind == "none" else chance.randint(1, 25))):
                code = chance.choice(codes)
                if chance.random() < 0.2:
                    code = chance.choice(["I5020", "I50", "I509", "I480", "N179", "Z9981", "A419", "I509ZZ", "F320"])
                version = 9 if kind == "icd9" or (kind == "mixed" and chance.random() < 0.5) else 10
                if kind == "unknown" and version == 10:
                    code = chance.choice(["ZZZ", "0000", "I", "Q-1", "X9"])
                spelling = chance.choice([code, code.lower(), f" {code} ", code[:3] + "." + code[3:]])
                diagnoses.append((subject, hadm, seq, spelling, version))
            # The next stay overlaps, begins the second this one ends, or comes later; or the very same second.
            begin += chance.choice([length, length / 2, timedelta(days=30), timedelta(0), length + timedelta(seconds=1)])
            begin = begin.replace(microsecond=0)
    folder.mkdir(parents=True)
    chance.shuffle(diagnoses)
    for name, rows in [("patients", patients), ("admissions", admissions), ("diagnoses_icd", diagnoses)]:
        write(folder, name, HOSP_TABLES[name], rows, zipped=chance.random() < 0.5)
    return stays


# The independent computation ------------------------------------------------------------------------------------


def expected(echo, hosp, mappings, r):
    """All tables by the rules `r`."""
    db = duckdb.connect()
    db.create_function("code_status", code_status, ["VARCHAR", "INTEGER"], "VARCHAR")
    db.create_function("category_title", lambda c: title_at(r.level, c), ["VARCHAR"], "VARCHAR", null_handling="special")
    db.create_function(
        "labels", lambda c, v: label_of(c, v, r.level, r.strict, mappings if r.gem else {}), ["VARCHAR", "INTEGER"], "VARCHAR[]"
    )
    source = lambda folder, name: next(str(p) for p in (folder / f"{name}.csv", folder / f"{name}.csv.gz") if p.exists())
    for name, folder in [(n, hosp) for n in HOSP_TABLES] + [(n, echo) for n in ECHO_TABLES]:
        db.execute(f"CREATE TABLE \"{name}\" AS FROM read_csv('{source(folder, name)}', all_varchar=true, header=true)")
    db.execute("""
        CREATE TABLE study AS SELECT study_id::BIGINT AS study_id, subject_id::BIGINT AS subject_id,
            study_datetime::TIMESTAMP AS t FROM "echo-study-list";
        CREATE TABLE stay AS SELECT hadm_id::BIGINT AS hadm_id, subject_id::BIGINT AS subject_id,
            admittime::TIMESTAMP AS a, dischtime::TIMESTAMP AS d, nullif(edregtime, '')::TIMESTAMP AS e,
            nullif(deathtime, '')::TIMESTAMP AS death,
            greatest(dischtime::TIMESTAMP, coalesce(nullif(deathtime, '')::TIMESTAMP, dischtime::TIMESTAMP)) AS x
            FROM admissions WHERE subject_id::BIGINT IN (SELECT subject_id FROM study);
        CREATE TABLE diagnosis AS SELECT hadm_id::BIGINT AS hadm_id, seq_num::INT AS seq_num,
            upper(replace(trim(icd_code), '.', '')) AS code, icd_version::INT AS version
            FROM diagnoses_icd WHERE subject_id::BIGINT IN (SELECT subject_id FROM study);
        CREATE TABLE code AS SELECT *, code_status(code, version) AS status FROM (SELECT DISTINCT code, version FROM diagnosis);
    """)
    start = "least(a, coalesce(e, a))" if r.window == "ed" else "a"
    low, high = {"closed": (">=", "<="), "ed": (">=", "<="), "half-open": (">=", "<"), "strict": (">", "<")}[r.window]
    prefer = {"latest": "a DESC", "earliest": "a", "longest": "x - a DESC"}[r.tie_break]
    used = {
        "discharge": "SELECT study_id, hadm_id FROM study_admission WHERE chosen = 1",
        "study": "SELECT study_id, hadm_id FROM study JOIN stay USING (subject_id) WHERE x < t",
    }[r.as_of]
    db.execute(f"""
        CREATE TABLE bounds AS SELECT *, {start} AS s FROM stay;
        CREATE TABLE candidate AS
        SELECT study_id, hadm_id, a, d, x, (epoch(t) - epoch(a)) / 3600.0 AS since, (epoch(d) - epoch(t)) / 3600.0 AS until
        FROM study JOIN bounds USING (subject_id)
        WHERE t {low} s - to_seconds({r.before} * 3600) AND t {high} x + to_seconds({r.after} * 3600);
        CREATE TABLE study_admission AS
        SELECT study_id, hadm_id, since, until,
            (row_number() OVER (PARTITION BY study_id ORDER BY {prefer}, hadm_id) = 1)::INT AS chosen FROM candidate;
        CREATE TABLE used AS {used};
        CREATE TABLE code_label AS SELECT code, version, unnest(labels(code, version)) AS category FROM code;
        CREATE TABLE study_category AS
        SELECT study_id, category, count(DISTINCT (code, version)) AS n_codes, min(seq_num) AS first_seq_num
        FROM used JOIN diagnosis USING (hadm_id) JOIN code_label USING (code, version) GROUP BY ALL;
        CREATE TABLE study_status AS
        SELECT study_id, status, CASE WHEN status = 'no-stay' THEN distance END AS nearest,
            coalesce(dead, 0) AS after_death FROM (SELECT *, CASE
                WHEN study_id IN (SELECT study_id FROM study_category) THEN 'labelled'
                WHEN subject_id NOT IN (SELECT subject_id FROM stay) THEN 'subject-not-in-admissions'
                WHEN study_id NOT IN (SELECT study_id FROM used) THEN 'no-stay'
                WHEN n IS NULL THEN 'no-diagnoses' WHEN n10 = 0 THEN 'only-icd9' ELSE 'no-usable-code' END AS status
        FROM study
        LEFT JOIN (
            SELECT study_id, min(greatest(0, epoch(s) - epoch(t), epoch(t) - epoch(x))) / 3600.0 AS distance
            FROM study JOIN bounds USING (subject_id) GROUP BY study_id) USING (study_id)
        LEFT JOIN (
            SELECT study_id, max((t > day)::INT) AS dead FROM study JOIN (
                SELECT subject_id, death AS day FROM stay WHERE death IS NOT NULL
                UNION ALL
                SELECT subject_id::BIGINT, dod::DATE + INTERVAL 1 DAY - INTERVAL 1 MICROSECOND FROM patients
                WHERE nullif(dod, '') IS NOT NULL) USING (subject_id)
            GROUP BY study_id) USING (study_id)
        LEFT JOIN (
            SELECT study_id, count(*) AS n, count(*) FILTER (version = 10) AS n10
            FROM used JOIN diagnosis USING (hadm_id) GROUP BY 1) USING (study_id));
    """)
    subjects = [s for (s,) in db.execute("SELECT DISTINCT subject_id FROM study").fetchall()]
    splits = [(s, hashed_split(s, r.split, r.seed)) for s in subjects]
    db.execute("CREATE TABLE split (subject_id BIGINT, split VARCHAR)")
    db.executemany("INSERT INTO split VALUES (?, ?)", splits)
    basis = "" if r.fit_on == "all" else "WHERE split = 'train'"
    db.execute(f"""
        CREATE TABLE labelled AS SELECT study_id, split FROM study_status JOIN study USING (study_id)
            JOIN split USING (subject_id) WHERE status = 'labelled';
        CREATE TABLE counted AS SELECT category, count(*) AS n FROM study_category
            JOIN labelled USING (study_id) {basis} GROUP BY 1;
        CREATE TABLE target AS
        SELECT row_number() OVER (ORDER BY n DESC, category) - 1 AS idx, category, category_title(category) AS title, n,
            n / (SELECT count(*) FROM labelled {basis})::DOUBLE AS prevalence, '{r.as_of}' AS known_at, NULL AS reference
        FROM counted ORDER BY n DESC, category LIMIT {r.top};
        CREATE TABLE v_prevalence AS
        SELECT category, category_title(category) AS title, count(study_id) AS n, l.n AS labelled,
            count(study_id) / l.n::DOUBLE AS prevalence, max(idx) AS target
        FROM study_category LEFT JOIN target USING (category) CROSS JOIN (SELECT count(*) AS n FROM labelled) l
        GROUP BY category, l.n;
        CREATE TABLE v_prevalence_by_split AS
        SELECT split, category, category_title(category) AS title, count(*) AS n, l.n AS labelled,
            count(*) / l.n::DOUBLE AS prevalence, max(idx) AS target
        FROM study_category JOIN labelled USING (study_id)
            JOIN (SELECT split, count(*) AS n FROM labelled GROUP BY 1) l USING (split) LEFT JOIN target USING (category)
        GROUP BY split, category, l.n;
        CREATE TABLE label AS
        SELECT 'link-icd' AS source, 'study' AS unit, category AS target, study_id::VARCHAR AS key,
            (n_codes IS NOT NULL)::DOUBLE AS value
        FROM labelled CROSS JOIN (SELECT category FROM target) LEFT JOIN study_category USING (study_id, category);
    """)
    if (echo / "structured-measurement.csv.gz").exists():
        db.execute("CREATE TABLE word (measurement VARCHAR, spelling VARCHAR, value DOUBLE)")
        db.executemany("INSERT INTO word VALUES (?, ?, ?)", scale_words())
        db.execute(f"""
            INSERT INTO label SELECT 'measurements', 'study', measurement, study_id, avg(value)
            FROM (
                SELECT m.measurement, measurement_id, coalesce(w.value, TRY_CAST(result AS DOUBLE)) AS value
                FROM read_csv('{echo / "structured-measurement.csv.gz"}', all_varchar=true, header=true) m
                LEFT JOIN word w ON w.measurement = m.measurement
                    AND w.spelling = lower(replace(replace(trim(result), '[', '('), ']', ')'))
            ) JOIN "echo-study-list" USING (measurement_id)
            WHERE value IS NOT NULL GROUP BY measurement, study_id
        """)
    return {
        name: db.execute(f"SELECT * FROM {name} ORDER BY ALL").fetchall()
        for name in [
            "study_admission", "study_status", "study_category", "code_label", "target", "split", "v_prevalence",
            "v_prevalence_by_split", "label",
        ]
    } | {"icd_code": db.execute(
        "SELECT code, version, status, CASE WHEN status NOT IN ('icd9', 'unknown') THEN code[:3] END FROM code ORDER BY ALL"
    ).fetchall()}


def scale_words():
    """measurement, spelling and value of every word of the shipped scales."""
    page = Path(__file__).resolve().parents[2] / "schemas/measurements.tsv"
    words = []
    for row in csv.DictReader(page.read_text().splitlines()[1:], delimiter="\t", quoting=csv.QUOTE_NONE):
        for grade in filter(None, row["scale"].split(" ; ")):
            head, spellings = grade.split(":", 1)
            value = None if head == "?" else float(head.split()[0])
            words += [(row["measurement"], spelling.strip(), value) for spelling in spellings.split(" | ")]
    return words


def hashed_split(subject, shares, seed):
    mask = (1 << 64) - 1

    def mix(z):
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & mask
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB & mask
        return z ^ (z >> 31)

    place = (mix(subject ^ mix((seed + 0x9E3779B97F4A7C15) & mask)) >> 11) / 2**53
    train, val, test = (float(s) for s in shares.split("/"))
    total = train + val + test
    return "train" if place < train / total else "val" if place < (train + val) / total else "test"


def actual(dataset):
    db = sqlite3.connect(dataset / "echoprep.sqlite")
    order = lambda rows: sorted(rows, key=lambda row: [(value is None, value) for value in row])
    return {
        name: order(db.execute(sql).fetchall())
        for name, sql in {
            "study_admission": "SELECT * FROM study_admission",
            "study_status": "SELECT * FROM study_status",
            "study_category": "SELECT * FROM study_category",
            "target": "SELECT * FROM target",
            "split": "SELECT * FROM split",
            "v_prevalence": "SELECT * FROM v_prevalence",
            "v_prevalence_by_split": "SELECT * FROM v_prevalence_by_split",
            "icd_code": "SELECT icd_code, icd_version, status, category FROM icd_code",
            "code_label": "SELECT * FROM code_label",
            "label": "SELECT * FROM label",
        }.items()
    }


def link(dataset, echo, hosp, *options):
    command = [ECHOPREP, "link-icd", "--dataset", str(dataset), "--mimic-iv", str(hosp), "--echo", str(echo), "--json"]
    done = subprocess.run([*command, *map(str, options)], capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        sys.exit(f"link-icd failed: {done.stderr}")
    return json.loads(done.stdout)


def compare(name, ours, theirs):
    if ours != theirs:
        missing = [row for row in theirs if row not in set(ours)][:3]
        extra = [row for row in ours if row not in set(theirs)][:3]
        sys.exit(f"{name}: {len(ours)} rows instead of {len(theirs)}; missing {missing}, too many {extra}")


# The checks -----------------------------------------------------------------------------------------------------


def check_codes(folder):
    """A cohort with one stay that has every code: all of the hierarchy ends in the database."""
    dictionary = []
    hosp = demo()
    if hosp:
        with gzip.open(hosp / "d_icd_diagnoses.csv.gz", "rt", newline="") as file:
            dictionary = [(r["icd_code"], int(r["icd_version"])) for r in csv.DictReader(file)]
    pairs = sorted({(code, 10) for code in STATUS} | {(c.strip().upper().replace(".", ""), v) for c, v in dictionary})
    (folder / "hosp").mkdir(parents=True)
    stay = (1, 2, "2150-01-01 00:00:00", "2150-01-03 00:00:00", "", "", "", "", 0)
    write(folder / "hosp", "patients", HOSP_TABLES["patients"], [(1, "F", 60, 2150, "2011 - 2013", "")], True)
    write(folder / "hosp", "admissions", HOSP_TABLES["admissions"], [stay], True)
    rows = [(1, 2, n + 1, code, version) for n, (code, version) in enumerate(pairs)]
    write(folder / "hosp", "diagnoses_icd", HOSP_TABLES["diagnoses_icd"], rows, True)
    write_echo(folder / "echo", [(1, 3, "2150-01-02 00:00:00")])
    link(folder / "dataset", folder / "echo", folder / "hosp")
    db = sqlite3.connect(folder / "dataset/echoprep.sqlite")
    ours = db.execute("SELECT code, level, parent, title FROM d_icd10cm ORDER BY code, level").fetchall()
    compare("d_icd10cm", ours, sorted((c, l, p, t) for c, l, p, t, _ in TREE))
    ours = db.execute("SELECT icd_code, icd_version, status, category FROM icd_code ORDER BY icd_code, icd_version").fetchall()
    category = lambda code, status: code[:3] if status not in ("icd9", "unknown") else None
    theirs = [(c, v, code_status(c, v), category(c, code_status(c, v))) for c, v in pairs]
    compare("icd_code", ours, theirs)
    ten = [c for c, v in dictionary if v == 10]
    retired = sum(code_status(c, 10) == "retired" for c in ten)
    print(f"codes: {len(TREE)} nodes of the library and {len(ten)} ICD-10 codes of MIMIC-IV ({retired} retired): equal")


def rule_sets():
    """Every window with every margin, the other choices going round beside them."""
    windows = itertools.product(["closed", "half-open", "strict", "ed"], [(0, 0), (6, 12), (-1, 0.5)])
    for n, (window, (before, after)) in enumerate(windows):
        yield argparse.Namespace(
            window=window, before=before, after=after, strict=n // 2 % 2 == 1, seed=n // 3, gem=n % 5 == 1,
            top=[40, 7][n % 2], fit_on=["all", "train"][n % 2], split=["93.5/3.2/3.3", "60/20/20"][n % 2],
            level=["category", "category", "chapter", "block", "subcategory"][n % 5],
            tie_break=["latest", "earliest", "longest"][n % 3], as_of="study" if n % 4 == 2 else "discharge",
        )


def equivalences(folder, hosp, seed):
    """A file of mappings from ICD-9 codes in use to random codes of ICD-10: many-to-many, with and without a map."""
    chance = random.Random(seed)
    path = next(p for p in (hosp / "diagnoses_icd.csv", hosp / "diagnoses_icd.csv.gz") if p.exists())
    with (gzip.open(path, "rt") if path.suffix == ".gz" else open(path)) as file:
        rows = csv.DictReader(file)
        nine = sorted({r["icd_code"].strip().upper().replace(".", "") for r in rows if r["icd_version"] == "9"})
    codes, mappings, lines = list(STATUS), {}, []
    for code in nine:
        if chance.random() < 0.1:
            lines.append(f"{code:5} NoDx    11000")
            continue
        mappings[code] = chance.sample(codes, chance.choice([1, 1, 1, 2, 5]))
        lines += [f"{code:5} {target:7} {chance.choice(['00000', '10000', '10111', '10112'])}" for target in mappings[code]]
    (folder / "gem.txt").write_text("\n".join(lines) + "\n")
    return mappings


def check_cohort(name, folder, echo, hosp, studies):
    compared = 0
    mappings = equivalences(folder, hosp, 0)
    for r in rule_sets():
        options = [
            "--window", r.window, f"--margin-before={r.before}", f"--margin-after={r.after}", "--top", r.top,
            "--fit-on", r.fit_on, "--split", r.split, "--seed", r.seed, "--level", r.level, "--tie-break", r.tie_break,
            "--as-of", r.as_of, *(["--strict-codes"] if r.strict else []),
            *(["--icd9", "gem", "--gem", folder / "gem.txt"] if r.gem and mappings else []),
        ]
        summary = link(folder / "dataset", echo, hosp, *options)
        theirs = expected(echo, hosp, mappings, r)
        ours = actual(folder / "dataset")
        for table, rows in theirs.items():
            order = sorted(rows, key=lambda row: [(value is None, value) for value in row])
            compare(f"{name}, {' '.join(map(str, options))}: {table}", ours[table], order)
            compared += len(rows)
        assert summary["studies"] == len(studies) and not summary["unchanged"], summary
    assert link(folder / "dataset", echo, hosp, *options)["unchanged"], "a second run finds the labels there"
    statuses = ", ".join(f"{count} {status}" for status, count in sorted(summary["statuses"].items()))
    print(f"{name}: {len(studies)} studies, 12 sets of rules, {compared} rows of {len(theirs)} tables: equal (last: {statuses})")


def check_people(dataset, hosp):
    """Race, insurance and language of the stays, and what the studies have of them."""
    with gzip.open(hosp / "admissions.csv.gz", "rt", newline="") as file:
        stays = {int(r["hadm_id"]): (int(r["subject_id"]), r["insurance"] or None, r["language"] or None, r["race"] or None)
                 for r in csv.DictReader(file)}
    db = sqlite3.connect(dataset / "echoprep.sqlite")
    found = db.execute("SELECT hadm_id, subject_id, insurance, language, race FROM admissions").fetchall()
    compare("admissions", [tuple(row) for row in found], [(row[0], *stays[row[0]]) for row in found])
    last = {}
    for hadm, (subject, *_) in sorted(stays.items()):
        last[subject] = hadm
    groups = {"WHITE": "white", "PORTUGUESE": "white", "BLACK": "black", "HISPANIC": "hispanic", "SOUTH AMERICAN": "hispanic",
              "ASIAN": "asian", "UNKNOWN": None, "UNABLE TO OBTAIN": None, "PATIENT DECLINED TO ANSWER": None}
    wanted, seen = [], db.execute("SELECT study_id, subject_id, hadm_id, race, race_group, insurance, language FROM v_study")
    seen = seen.fetchall()
    for study, subject, hadm, *_ in seen:
        race = stays[hadm or last[subject]][3] if hadm or subject in last else None
        group = next((g for start, g in groups.items() if race.startswith(start)), "other") if race else None
        wanted.append((study, subject, hadm, race, group, *(stays[hadm][1:3] if hadm else (None, None))))
    compare("v_study", seen, wanted)
    print(f"race, insurance and language of {len(found)} stays and {len(seen)} studies: equal, "
          f"{len({row[4] for row in seen})} groups")


def main():
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        check_codes(root / "codes")
        for seed in range(2):
            folder = root / f"synthetic-{seed}"
            stays = synthetic(folder / "hosp", seed)
            studies = place_studies(stays, seed)
            write_echo(folder / "echo", studies)
            check_cohort(f"synthetic stays {seed}", folder, folder / "echo", folder / "hosp", studies)
        hosp = demo()
        if not hosp:
            print("the MIMIC-IV demo is not at hand: not compared (set MIMIC_IV_DEMO to its hosp folder)")
            return
        with gzip.open(hosp / "admissions.csv.gz", "rt", newline="") as file:
            time = lambda text: datetime.fromisoformat(text) if text else None
            stays = [
                (int(r["subject_id"]), int(r["hadm_id"]), time(r["admittime"]), time(r["dischtime"]), time(r["edregtime"]))
                for r in csv.DictReader(file)
            ]
        folder = root / "demo"
        studies = place_studies(stays, 0)
        write_echo(folder / "echo", studies)
        check_cohort("MIMIC-IV demo, hard places", folder, folder / "echo", hosp, studies)
        check_people(folder / "dataset", hosp)
        folder = root / "phantom"
        command = [ECHOPREP, "phantom", str(folder), "--mimic-iv", str(hosp), "--studies", "60", "--frames", "2"]
        subprocess.run([*command, "--size", "96x96", "--no-extras"], check=True, capture_output=True, timeout=300)
        echo = folder / "mimic-iv-echo"
        with open(echo / "echo-study-list.csv", newline="") as file:
            studies = list(csv.DictReader(file))
        check_cohort("MIMIC-IV demo, phantom studies", folder, echo, hosp, studies)


main()
