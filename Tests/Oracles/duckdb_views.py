"""DuckDB over the database itself: every view and every documented query gives the rows that SQLite gives.

    python Tests/Oracles/duckdb_views.py PATH_OF_ECHOPREP_BINARY

DuckDB's sqlite extension comes as a wheel for the DuckDB of Tests/Oracles/duckdb-requirements.txt, another one than the
other oracles need: both are installed into .oracle/duckdb-sqlite the first time. Where that is not possible, DuckDB gets
the tables as its own and runs the definitions of the views out of the database, which is said.
"""

import math
import re
import sqlite3
import subprocess
import sys
import tempfile
from decimal import Decimal
from pathlib import Path

ECHOPREP = str(Path(sys.argv[1]).resolve())
REPOSITORY = Path(__file__).resolve().parents[2]
LIBRARY = REPOSITORY / ".oracle/duckdb-sqlite"


def install():
    if not LIBRARY.exists():
        wanted = Path(__file__).with_name("duckdb-requirements.txt")
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(LIBRARY), "-r", str(wanted)]
        if subprocess.run(command, capture_output=True).returncode != 0:
            return None
    found = list(LIBRARY.glob("duckdb_extension_sqlite_scanner/**/sqlite_scanner.duckdb_extension"))
    return found[0] if found else None


def run(*arguments):
    done = subprocess.run([ECHOPREP, *map(str, arguments)], capture_output=True, text=True, timeout=600)
    if done.returncode != 0:
        sys.exit(f"{arguments[0]} failed: {done.stderr}")
    return done.stdout


def attached(path, extension):
    """DuckDB with the database at hand, and how."""
    if extension:
        sys.path.insert(0, str(LIBRARY))
    import duckdb

    if extension:
        con = duckdb.connect(config={"allow_unsigned_extensions": True})
        con.execute(f"LOAD '{extension}'")
        con.execute(f"ATTACH '{path}' AS e (TYPE sqlite, READ_ONLY)")
        con.execute("USE e")
        return con, f"DuckDB {duckdb.__version__} with its sqlite extension"
    con, lite = duckdb.connect(), sqlite3.connect(path)
    kinds = {"INTEGER": "BIGINT", "REAL": "DOUBLE", "TEXT": "VARCHAR"}
    for (table,) in lite.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
        columns = [(name, kinds[kind]) for _, name, kind, *_ in lite.execute(f"PRAGMA table_info({table})")]
        con.execute(f"CREATE TABLE {table} ({', '.join(f'{name} {kind}' for name, kind in columns)})")
        rows = lite.execute(f"SELECT * FROM {table}").fetchall()
        if rows:
            con.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(columns))})", rows)
    for (sql,) in lite.execute("SELECT sql FROM sqlite_schema WHERE type = 'view' ORDER BY rowid"):
        con.execute(sql)
    return con, f"DuckDB {duckdb.__version__} over the same tables, without its sqlite extension"


def plain(row):
    return tuple(float(v) if isinstance(v, (int, float, bool, Decimal)) else v for v in row)


def ordered(rows):
    return sorted(map(plain, rows), key=lambda row: [(v is None, isinstance(v, str), v) for v in row])


def same(ours, theirs):
    near = lambda a, b: a == b or (isinstance(a, float) and isinstance(b, float) and math.isclose(a, b, rel_tol=1e-12))
    return len(ours) == len(theirs) and all(all(map(near, a, b)) for a, b in zip(ours, theirs))


def compare(name, path, extension):
    con, how = attached(path, extension)
    lite = sqlite3.connect(path)
    views = [view for (view,) in lite.execute("SELECT name FROM sqlite_schema WHERE type = 'view' ORDER BY name")]
    page = (REPOSITORY / "docs/queries.md").read_text()
    queries = re.findall(r"```sql\n(.*?);?\n```", page, re.DOTALL)
    rows = 0
    asked = [(view, f"SELECT * FROM {view}") for view in views] + [(f"query {n}", q) for n, q in enumerate(queries, 1)]
    for title, sql in asked:
        ours, theirs = ordered(lite.execute(sql).fetchall()), ordered(con.execute(sql).fetchall())
        if not same(ours, theirs):
            sys.exit(f"{name}: {title}: {len(ours)} rows in SQLite, {len(theirs)} in DuckDB")
        rows += len(ours)
    wide = con.execute("DESCRIBE SELECT * FROM label_matrix").fetchall()
    wrong = [column for column, kind, *_ in wide if column != "split" and kind not in ("BIGINT", "INTEGER")]
    assert not wrong, f"columns of label_matrix that hold no integers: {wrong}"
    print(f"{name}: {len(views)} views and {len(queries)} queries, {rows} rows: equal ({how})")


def main():
    extension = install()
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        run("phantom", root / "phantom", "--studies", 60, "--frames", 2, "--size", "96x96")
        echo, hosp = root / "phantom/mimic-iv-echo", root / "phantom/mimiciv"
        run("ingest", echo, "--dataset", root / "dataset")
        for options in [[], ["--codes", "paper"], ["--as-of", "study"], ["--level", "block"]]:
            run("link-icd", "--dataset", root / "dataset", "--mimic-iv", hosp, "--split", "60/20/20", *options)
            compare(" ".join(options) or "as it is", root / "dataset/echoprep.sqlite", extension)


main()
