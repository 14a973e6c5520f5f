"""Lets a system call of a command fail, chosen at random: the command ends with an error or goes on rightly, verify tells
the truth, and the next run gives what an undisturbed one gives."""

import errno
import os
import random
import struct
import subprocess
import sys

import cohort as faults

# Of each kind of call: how it may fail, and how often in a row; 0 comes short, -1 is from then on.
KINDS = {
    "write": [(errno.EIO, 1), (errno.ENOSPC, 1), (errno.ENOSPC, -1), (errno.EINTR, 3), (0, 1), (0, -1)],
    "read": [(errno.EIO, 1), (errno.EINTR, 3), (0, 1), (0, -1), (errno.ESTALE, -1)],
    "open": [(errno.EMFILE, 1), (errno.ENFILE, -1), (errno.EIO, 1), (errno.ENOSPC, 1), (errno.ESTALE, -1)],
    "opendir": [(errno.EMFILE, 1), (errno.EIO, 1)],
    "fsync": [(errno.EIO, 1), (errno.EINVAL, -1), (errno.EINTR, 2)],
    "rename": [(errno.EIO, 1), (errno.ENOSPC, 1)],
    "ftruncate": [(errno.EIO, 1), (errno.ENOSPC, 1)],
    "mmap": [(errno.ENOMEM, 1), (errno.ENODEV, 1)],
    "unlink": [(errno.EIO, 1)],
    "mkdir": [(errno.EIO, 1), (errno.ENOSPC, 1)],
    "stat": [(errno.EIO, 1), (errno.ESTALE, -1)],
    "thread": [(errno.EAGAIN, -1), (errno.EAGAIN, 1)],
}
# What an ingest notes of a file is what it must not be by the machine's fault; the database keeps the rest.
TRANSIENT = ("unreadable",)


def main():
    options = faults.arguments(__doc__, times=(50, "faults of each command"), library=("", "the compiled inject.c"), calls=("", "kinds of calls, all if not given"))
    kinds = {kind: ways for kind, ways in KINDS.items() if not options.calls or kind in options.calls.split(",")}
    failures = 0
    with faults.cohort(options) as cohort:
        library = os.path.abspath(options.library)
        state = os.path.join(cohort.folder, "state")

        def environment(kind, at, code, times):
            with open(state, "wb") as file:
                file.write(bytes(16))
            return {
                "LD_PRELOAD": library, "FAULT_STATE": state, "FAULT_CALL": kind, "FAULT_AT": str(at), "FAULT_ERRNO": str(code),
                "FAULT_TIMES": str(times), "FAULT_UNDER": "" if kind == "thread" else cohort.trial,
            }

        def counted():
            return struct.unpack("<qq", open(state, "rb").read())

        for name in faults.chosen(cohort, options):
            draw = random.Random(f"{options.seed} {name}")
            calm, _ = cohort.calm(name)
            numbers = {}
            for kind in kinds:
                cohort.run(cohort.begin(name), environment(kind, 0, 0, 0))
                if counted()[0]:
                    numbers[kind] = counted()[0]
            tried = struck = wrong = ended = 0
            said = set()
            while struck < options.times and tried < 4 * options.times:
                kind = draw.choice(sorted(numbers))
                code, times = draw.choice(kinds[kind])
                at = draw.randint(1, numbers[kind])
                arguments = cohort.begin(name)
                first, errors = cohort.run(arguments, environment(kind, at, code, times))
                tried += 1
                if not counted()[1]:
                    continue
                struck += 1
                ended += first != 0
                problems = []
                if first not in (0, 1):
                    problems.append(f"ended with {first}: {errors.strip()[-200:]}")
                elif first == 1 and "echoprep:" not in errors:
                    problems.append(f"said nothing of it: {errors.strip()[-200:]}")
                elif first == 0 and cohort.differences(name, calm):
                    problems.append(f"ended with 0, and other results: {cohort.differences(name, calm)[:3]}")
                if name in ("ingest", "merge"):
                    problems += untrue(cohort, name)
                again, errors = cohort.run(arguments)
                if again != 0:
                    problems.append(f"the next run: {again}: {errors.strip()[-200:]}")
                elif cohort.differences(name, calm):
                    problems.append(f"the next run, other results: {cohort.differences(name, calm)[:3]}")
                if problems:
                    wrong += 1
                    said.add(f"{kind} {at} of {numbers[kind]} {errno.errorcode.get(code, 'short')} x{times}: " + " | ".join(problems))
            print(f"{name}: {struck} faults of {tried} runs, {ended} ended it, {wrong} wrong", flush=True)
            for line in sorted(said):
                print(f"    {line}", flush=True)
            failures += wrong
    sys.exit(1 if failures else 0)


def untrue(cohort, name):
    """What verify says of a dataset after a fault: it may only miss what is not committed yet."""
    dataset = cohort.commands[name][2]
    done = subprocess.run([cohort.program, "verify", dataset], cwd=cohort.trial, capture_output=True, text=True)
    if done.returncode == 0 and "nothing wrong" in done.stdout:
        return []
    lines = done.stdout.strip().splitlines()[:-1]
    if done.returncode == 1 and (lines and all("is in no row of the database" in line for line in lines) or "is no dataset: it holds no" in done.stderr or "is not a database of echoprep" in done.stderr):
        return []
    return [f"verify: {done.returncode} {done.stdout.strip()[-200:]} {done.stderr.strip()[-200:]}"]


main()
