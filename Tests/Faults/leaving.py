"""Lets commands fail and interrupts them, again and again: a program that ends while its threads work must not crash."""

import gzip
import os
import random
import signal
import sys
import time

import cohort as faults


def broken(cohort, name, draw):
    """Spoils what a command reads, or how it is called; returns arguments that end with an error most of the time."""
    arguments = cohort.begin(name)
    trial = cohort.trial

    def tables():
        folder = os.path.join(trial, "src/mimiciv/hosp")
        return [os.path.join(folder, file) for file in sorted(os.listdir(folder))]

    if name == "link-icd":
        # One that is long, so that others are still read when the command ends.
        long = os.path.join(trial, "src/mimiciv/hosp/diagnoses_icd.csv")
        os.link(cohort.long, long)
        os.remove(long + ".gz")
        table = draw.choice([table for table in tables() if table != long])
        how = draw.choice(["folder", "fifo", "cut", "empty"])
        bytes_ = open(table, "rb").read()
        os.remove(table)
        if how == "folder":
            os.mkdir(table)
        elif how == "fifo":
            os.mkfifo(table)
        else:
            with open(table, "wb") as file:
                file.write(bytes_[: len(bytes_) // 2] if how == "cut" else b"")
        return arguments
    if name in ("train", "evaluate", "embed", "export", "experiment"):
        shards = os.path.join(trial, "ds/shards")
        shard = os.path.join(shards, draw.choice(sorted(os.listdir(shards))))
        if draw.random() < 0.5:
            os.remove(shard)
        else:
            os.truncate(shard, os.path.getsize(shard) // 2)
        return arguments
    if name == "ingest":
        os.makedirs(os.path.join(trial, "out/shards"))
        open(os.path.join(trial, "out/shards/shard-00003.safetensors"), "w").close()
        return arguments
    if name == "merge":
        shards = os.path.join(trial, "parts/parts/2-of-2/shards")
        os.remove(os.path.join(shards, sorted(os.listdir(shards))[-1]))
        return arguments
    open(os.path.join(trial, "out"), "w").close()
    return arguments


def main():
    options = faults.arguments(__doc__, times=(2000, "ends, over all commands"))
    failures = 0
    with faults.cohort(options) as cohort:
        names = faults.chosen(cohort, options)
        cohort.long = os.path.join(cohort.folder, "long.csv")
        with gzip.open(os.path.join(cohort.base, "src/mimiciv/hosp/diagnoses_icd.csv.gz")) as table:
            header, rows = table.readline(), table.read()
        with open(cohort.long, "wb") as file:
            file.write(header + rows * (40_000_000 // len(rows)))
        seconds = {name: cohort.calm(name)[1] for name in names}
        for name in names:
            draw = random.Random(f"{options.seed} {name}")
            codes = {"error": {}, "interrupt": {}}
            for number in range(-(-options.times // len(names))):
                kind = "error" if number % 2 else "interrupt"
                if kind == "error":
                    code, _ = cohort.run(broken(cohort, name, draw), seconds=30)
                else:
                    process = cohort.start(cohort.begin(name))
                    time.sleep(draw.uniform(0.1, 1) * seconds[name])
                    process.send_signal(draw.choice([signal.SIGINT, signal.SIGTERM]))
                    code, _ = cohort.finish(process, 30)
                codes[kind][code] = codes[kind].get(code, 0) + 1
            # Before the program listens, a signal ends it as every other.
            crashes = sum(count for code, count in codes["error"].items() if code not in (0, 1, 2, 64))
            crashes += sum(count for code, count in codes["interrupt"].items() if code not in (0, 130, -signal.SIGINT, -signal.SIGTERM))
            failures += crashes
            print(f"{name}: {crashes} crashes; exit codes of errors {codes['error']}, of interrupts {codes['interrupt']}", flush=True)
    sys.exit(1 if failures else 0)


main()
