"""Takes outputs, files and threads away from commands: progress that cannot be shown is dropped, a result that cannot be
written is an error, and a limit ends with a message."""

import os
import random
import resource
import subprocess
import sys

import cohort as faults


def closed(descriptor):
    return lambda: os.close(descriptor)


def limited(kind, value):
    return lambda: resource.setrlimit(kind, (value, value))


def broken_pipe():
    reader, writer = os.pipe()
    os.close(reader)
    return writer


def run(cohort, arguments, stream=None, to=None, before=None):
    """Runs with one stream led elsewhere: "closed", "full", "read-only" or "broken"."""
    streams = {}
    if to == "closed":
        before = closed({"stdout": 1, "stderr": 2}[stream])
    elif to:
        streams[stream] = {
            "full": lambda: os.open("/dev/full", os.O_WRONLY), "read-only": lambda: os.open("/dev/null", os.O_RDONLY), "broken": broken_pipe,
        }[to]()
    # Python ignores what ends other programs; they begin as a shell starts them.
    done = cohort.run(arguments, **streams, preexec_fn=before, restore_signals=True)
    for descriptor in streams.values():
        os.close(descriptor)
    return done


def main():
    options = faults.arguments(__doc__, limits=(10, "limits of each kind for each command"))
    failures = 0
    with faults.cohort(options) as cohort:
        for name in faults.chosen(cohort, options):
            calm, _ = cohort.calm(name)
            draw = random.Random(f"{options.seed} {name}")
            tried = {}

            def judge(kind, code, errors, right):
                entry = tried.setdefault(kind, [0, 0, set()])
                entry[0] += 1
                if not right:
                    entry[1] += 1
                    entry[2].add(f"{code}: {errors.strip()[-160:]}")

            for to in ("closed", "full", "read-only", "broken"):
                code, errors = run(cohort, cohort.begin(name), "stderr", to)
                judge("stderr", code, f"{to} {errors}", code == 0 and not cohort.differences(name, calm))
                code, errors = run(cohort, cohort.begin(name), "stdout", to)
                if to == "broken":
                    judge("stdout to head", code, errors, code == 0 and "rror" not in errors and not cohort.differences(name, calm))
                else:
                    judge("stdout", code, f"{to} {errors}", code == 1 and "standard output" in errors and not cohort.differences(name, calm))
            for kind, values in (
                ("file size", lambda: (resource.RLIMIT_FSIZE, 512 * 2 ** draw.randint(0, 9))),
                ("open files", lambda: (resource.RLIMIT_NOFILE, draw.randint(4, 12))),
            ):
                for _ in range(options.limits):
                    arguments = cohort.begin(name)
                    code, errors = run(cohort, arguments, before=limited(*values()))
                    # A program that cannot open its libraries has not begun.
                    right = code == 0 or code == 1 and "echoprep:" in errors or code == 127 and "shared libraries" in errors
                    again, more = cohort.run(arguments)
                    right = right and again == 0 and not cohort.differences(name, calm)
                    judge(kind, code, f"{errors} | {again} {more}", right)
            for kind, (count, wrong, said) in tried.items():
                failures += wrong
                print(f"{name}: {kind}: {count} trials, {wrong} wrong", flush=True)
                for line in sorted(said)[:4]:
                    print(f"    {line}", flush=True)
    sys.exit(1 if failures else 0)


main()
