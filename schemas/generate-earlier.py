#!/usr/bin/env python3
"""Writes schemas/earlier.tsv: what tables, indexes and views looked like in databases of earlier programs.

Run in a clone with its history, before a change of labels.sql is released: python3 schemas/generate-earlier.py
"""

import hashlib
import pathlib
import re
import sqlite3
import subprocess

FILE = "schemas/labels.sql"
FIRST = 2  # the first version that SchemaUpgrade begins with


def objects(sql):
    with sqlite3.connect(":memory:") as db:
        db.executescript(sql)
        return db.execute("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL").fetchall()


def git(*arguments):
    return subprocess.run(["git", *arguments], capture_output=True, text=True, check=True).stdout


def main():
    current = set(objects(pathlib.Path(FILE).read_text()))
    earlier = set()
    for commit in git("log", "--format=%H", "--", FILE).split():
        sql = git("show", f"{commit}:{FILE}")
        version = re.search(r"user_version = (\d+)", sql)
        if version and int(version[1]) >= FIRST:
            earlier.update((name, text) for name, text in objects(sql) if (name, text) not in current)
    lines = sorted(f"{name}\t{hashlib.sha256(text.encode()).hexdigest()}\n" for name, text in earlier)
    pathlib.Path("schemas/earlier.tsv").write_text("".join(lines))


if __name__ == "__main__":
    main()
