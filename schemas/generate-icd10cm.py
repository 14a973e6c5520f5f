#!/usr/bin/env python3
"""Writes schemas/icd10cm.txt.gz, the ICD-10-CM tabular list that the program carries inside itself.

    python schemas/generate-icd10cm.py [OUT]

The source is the April 2026 release of ICD-10-CM (public domain, CDC/NCHS), as simple-icd-10-cm 1.5.0 packages it.
The same library gives the same text; only the last bits of compression may differ between versions of zlib.

The format, read by Sources/Labels/ICD10CM.swift: UTF-8 text, one line a node of the hierarchy, parents before
children. The first line begins with `#` and names the release. Every other line is

    DEPTH NAME TAB TITLE LF

- DEPTH is one digit: 0 chapter, 1 block, 2 category, 3 to 6 subcategories. A node's parent is the nearest line above
  it that is one less deep; a node without children is a leaf.
- NAME is whole for chapters (`9`), blocks (`I30-I5A`) and categories (`I50`). A subcategory gives only what its code,
  without the dot, adds to its parent's: `2` under `I50` is I50.2.
- TITLE is the rest of the line. A `~` at its start stands for the parent's whole title.

Inside a category the codes ascend as text, so one of them is found by bisection.
"""

import gzip
import sys
from importlib.metadata import version
from pathlib import Path

from simple_icd_10_cm import simple_icd_10_cm as library

EXPECTED = 98_505


def lines(node, depth):
    name, title = node.name.replace(".", "") if depth > 2 else node.name, node.description
    assert "\n" not in title and not title.startswith("~"), f"{name}: a title that the format cannot hold"
    if depth > 2:
        parent = node.parent.name.replace(".", "")
        assert name.startswith(parent) and len(name) > len(parent), f"{name} does not extend {parent}"
        name = name[len(parent):]
        if title.startswith(node.parent.description):
            title = "~" + title[len(node.parent.description):]
    yield f"{depth}{name}\t{title}\n"
    children = node.children if depth < 2 else sorted(node.children, key=lambda child: child.name)
    for child in children:
        yield from lines(child, depth + 1)


def main():
    assert version("simple_icd_10_cm") == "1.5.0", "simple-icd-10-cm 1.5.0 is the source"
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "icd10cm.txt.gz"
    nodes = [line for chapter in library._chapter_list for line in lines(chapter, 0)]
    assert len(nodes) == EXPECTED, f"{len(nodes)} nodes instead of {EXPECTED}"
    text = "# ICD-10-CM, April 2026\n" + "".join(nodes)
    out.write_bytes(gzip.compress(text.encode(), compresslevel=9, mtime=0))
    print(f"{out}: {len(nodes)} nodes, {out.stat().st_size} bytes")


main()
