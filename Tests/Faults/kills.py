"""Kills commands at random moments, and asks whether the same command then gives what an undisturbed one gives."""

import random
import signal
import sys
import time

import cohort as faults


def main():
    options = faults.arguments(
        __doc__, kills=(200, "kills of each command"), each=(3, "kills of one trial at most"), signal=("KILL", "KILL, INT, TERM"))
    number = getattr(signal, "SIG" + options.signal)
    failures = 0
    with faults.cohort(options) as cohort:
        for name in faults.chosen(cohort, options):
            draw = random.Random(f"{options.seed} {name}")
            calm, seconds = cohort.calm(name)
            kills = trials = wrong = crashes = 0
            said = set()
            while kills < options.kills:
                arguments = cohort.begin(name)
                trials += 1
                for _ in range(draw.randint(1, options.each)):
                    process = cohort.start(arguments)
                    time.sleep(draw.uniform(0, 1.1 * seconds))
                    ran = process.poll() is None
                    process.send_signal(number)
                    code, errors = cohort.finish(process)
                    kills += ran
                    # A signal that comes before the program listens to it ends it, as it does every program.
                    if code not in (0, 1, 130, -number):
                        crashes += 1
                        said.add(f"ended with {code} after the signal: {errors.strip()[-200:]}")
                    if code == 1:
                        said.add(f"went on with: {errors.strip()[-200:]}")
                code, errors = cohort.run(arguments, seconds=120)
                differences = cohort.differences(name, calm) if code == 0 else [f"exit {code}: {errors.strip()[-200:]}"]
                if differences:
                    wrong += 1
                    said.add("; ".join(differences[:3]))
            print(f"{name}: {kills} of SIG{options.signal} in {trials} trials, {wrong} trials not as undisturbed, {crashes} crashes", flush=True)
            for line in sorted(said)[:5]:
                print(f"    {line}", flush=True)
            failures += wrong + crashes
    sys.exit(1 if failures else 0)


main()
