"""Three simulated raters with planted error rates, through the server of `echoprep review`, to a trained model.

    python Tests/Oracles/review.py PATH_OF_ECHOPREP_BINARY [DECISIONS]

Each rater reads a blinded reading of a phantom whose views are known; so many decisions (2,000 unless said) are made in all
while the servers are killed 20 times and `link-icd` and `train` work on the dataset. Nothing that was acknowledged may be
lost. Cohen's kappa and its weighted form must be scikit-learn's, Krippendorff's alpha a plain computation's; no label may
stand in an answer before it is revealed. The consensus then trains `label:view`, excluded clips must not be among what is
learned from, and another decision must change the digest in the recipe.
"""

import csv
import itertools
import json
import random
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import uuid
from pathlib import Path

from sklearn.metrics import cohen_kappa_score

ECHOPREP = str(Path(sys.argv[1]).resolve())
DECISIONS = int(sys.argv[2]) if len(sys.argv) > 2 else 2000
KILLS = 20
VIEWS = ["PLAX", "PSAX", "A4C", "A2C"]
QUALITIES = ["poor", "fair", "good"]
WRONG = {"AB": 0.05, "CD": 0.15, "EF": 0.3}


def run(*arguments, status=0):
    done = subprocess.run([ECHOPREP, *map(str, arguments)], capture_output=True, text=True, timeout=600)
    if done.returncode != status:
        sys.exit(f"{arguments[0]} ended with {done.returncode}: {done.stderr}")
    return done


class Server:
    """`echoprep review` of one rater, killed and started as one likes."""

    def __init__(self, dataset, rater):
        self.command = [ECHOPREP, "review", str(dataset), "--rater", rater, "--blind"]
        self.bodies = []
        self.start()

    def start(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        found = re.match(r"(http://[^/]+)/#token=(\w+)", line)
        if not found:
            sys.exit(f"the server says {line!r}, and ends with {self.process.wait()}: {self.process.stderr.read()}")
        self.url, self.token = found.groups()

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def ask(self, path, body=None):
        request = urllib.request.Request(
            f"{self.url}/api/{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read().decode()
        self.bodies.append(text)
        return json.loads(text)


def alpha(items, ordinal):
    """Krippendorff's alpha from its definition: observed over expected disagreement of all pairs of values."""
    items = [item for item in items if len(item) > 1]
    values = [value for item in items for value in item]
    counts = {value: values.count(value) for value in set(values)}

    def distance(a, b):
        if a == b:
            return 0.0
        if not ordinal:
            return 1.0
        between = sum(n for value, n in counts.items() if min(a, b) <= value <= max(a, b))
        return (between - (counts[a] + counts[b]) / 2) ** 2

    observed = sum(
        distance(a, b) / (len(item) - 1) for item in items for a, b in itertools.permutations(item, 2)
    )
    expected = sum(
        counts[a] * (counts[b] - (a == b)) * distance(a, b) for a in counts for b in counts
    ) / (len(values) - 1)
    return 1 - observed / expected


def truth(row):
    """What the phantom drew: its clips come in the order of the views."""
    return VIEWS[int(row["name"].rsplit("_", 1)[1]) % len(VIEWS)]


def read(dataset, clips, chance):
    """All raters decide in turn, one request at a time, servers killed in between; what was acknowledged."""
    servers = {rater: Server(dataset, rater) for rater in WRONG}
    queues = {}
    for rater, server in servers.items():
        total = server.ask("session")["total"]
        queues[rater] = [clip["name"] for clip in server.ask(f"clips?from=0&count={total}")["clips"]]
    acknowledged, kills = {}, sorted(chance.sample(range(DECISIONS), KILLS))
    done = 0
    plans = []
    for rater, names in queues.items():
        for place, name in enumerate(names):
            if name not in clips:
                continue
            wrong = chance.random() < WRONG[rater]
            view = chance.choice([v for v in VIEWS if v != clips[name]]) if wrong else clips[name]
            quality = QUALITIES[min(2, max(0, sum(map(ord, name)) % 3 + chance.choice([0, 0, 0, 1, -1])))]
            plans.append((rater, place, name, "view", view))
            plans.append((rater, place, name, "quality", quality))
            if sum(map(ord, name)) % 7 == 0:
                plans.append((rater, place, name, "clip", "exclude"))
    while len(plans) < DECISIONS:
        # A rater who changes their mind to and fro ends with the same word.
        plans.append(plans[chance.randrange(len(plans))])
    chance.shuffle(plans)
    last = {}
    for rater, place, name, field, value in plans:
        body = {"decisions": [dict(request=str(uuid.uuid4()), place=place, field=field, value=value, seconds=1.0)]}
        while True:
            if kills and done >= kills[0]:
                kills.pop(0)
                servers[rater].kill()
            try:
                answer = servers[rater].ask("decisions", body)
                break
            except (urllib.error.URLError, ConnectionError):
                servers[rater].start()
        acknowledged[answer["decisions"][0]["request"]] = (rater, name, field, value)
        last[rater, name, field] = value
        done += 1
    bodies = [body for server in servers.values() for body in server.bodies]
    facts = servers["AB"].ask("clip/0/facts")
    if "labels" in facts or "measurements" in facts or "others" in facts:
        sys.exit("a blinded reading shows labels")
    servers["AB"].ask("reveal", {"request": str(uuid.uuid4()), "place": 0})
    if "labels" not in servers["AB"].ask("clip/0/facts"):
        sys.exit("a revealed clip shows no labels")
    for server in servers.values():
        server.kill()
    return acknowledged, last, bodies


def main():
    chance = random.Random(7)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        folder = Path(folder)
        dataset = folder / "dataset"
        run("phantom", folder / "phantom", "--studies", 40, "--frames", 6, "--size", "96x128")
        run("ingest", folder / "phantom/mimic-iv-echo", "--dataset", dataset, "--size", 48)
        link = ["link-icd", "--dataset", dataset, "--mimic-iv", folder / "phantom/mimiciv/hosp"]
        run(*link, "--split", "60/20/20")
        db = sqlite3.connect(dataset / "echoprep.sqlite")
        db.row_factory = sqlite3.Row
        rows = db.execute("SELECT name, kept FROM clip ORDER BY id").fetchall()
        clips = {row["name"]: truth(row) for row in rows if row["kept"]}
        titles = [title for (title,) in db.execute("SELECT title FROM target")]
        db.close()
        # Others work on the dataset meanwhile.
        learning = subprocess.Popen(
            [ECHOPREP, "train", "--dataset", str(dataset), "--run", str(folder / "other"), "--epochs", "3",
             "--views", "2", "--frames", "2", "--threads", "1"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        linking = subprocess.Popen(
            ["sh", "-c", 'for i in 1 2 3 4; do "$0" "$@" --seed $i || exit 1; done', ECHOPREP, *map(str, link),
             "--split", "60/20/20"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        start = time.time()
        acknowledged, last, bodies = read(dataset, clips, chance)
        seconds = time.time() - start
        if learning.wait() or linking.wait():
            sys.exit("train or link-icd failed while raters worked")
        run(*link, "--split", "60/20/20")

        review = sqlite3.connect(dataset / "review.sqlite")
        stored = {
            row[0]: row[1:]
            for row in review.execute(
                """SELECT d.request, t.name, d.item, d.field, d.value FROM decision d
                   JOIN reading r ON r.id = d.reading_id JOIN rater t ON t.id = r.rater_id""")
        }
        lost = [request for request, told in acknowledged.items() if stored.get(request) != told]
        if lost:
            sys.exit(f"{len(lost)} of {len(acknowledged)} acknowledged decisions are lost")
        leaks = [body for body in bodies if any(title in body for title in titles)]
        if leaks:
            sys.exit(f"{len(leaks)} answers of a blinded reading name a label")
        print(f"{len(acknowledged):,} decisions, {KILLS} kills: none lost, {1000 * seconds / len(acknowledged):.1f} ms each")

        found = json.loads(run("review", "agreement", dataset, "--json", "--bootstrap", 50).stdout)
        worst = 0.0
        for field in found["fields"]:
            name, ordinal = field["field"], field["field"] == "quality"
            codes = {v: i for i, v in enumerate(QUALITIES if ordinal else sorted({v for k, v in last.items() if k[2] == name}))}
            said = {rater: {k[1]: codes[v] for k, v in last.items() if k[0] == rater and k[2] == name} for rater in WRONG}
            for pair in field["pairs"]:
                a, b = (said[rater] for rater in pair["raters"])
                both = sorted(set(a) & set(b))
                x, y = [a[item] for item in both], [b[item] for item in both]
                if pair["items"] != len(both):
                    sys.exit(f"{name}: {pair['items']} items of a pair, not {len(both)}")
                if len(set(x + y)) > 1:
                    worst = max(worst, abs(pair["kappa"] - cohen_kappa_score(x, y)))
                    if ordinal:
                        worst = max(worst, abs(pair["weighted"] - cohen_kappa_score(x, y, weights="quadratic")))
            items = [[said[r][item] for r in WRONG if item in said[r]] for item in clips]
            if len({value for item in items for value in item}) > 1:
                worst = max(worst, abs(field["alpha"] - alpha(items, ordinal)))
        print(f"kappa, weighted kappa and alpha of {len(found['fields'])} fields: largest difference {worst:.1e}")
        if worst > 1e-9:
            sys.exit("agreement is not scikit-learn's")

        # What holds, by hand.
        consensus = {}
        for name in clips:
            for field in ["view", "clip"]:
                values = {last[r, name, field] for r in WRONG if (r, name, field) in last}
                if len(values) == 1:
                    consensus[name, field] = values.pop()
        table = folder / "decisions.csv"
        run("review", "export", dataset, table, "--rows", "consensus")
        with open(table) as file:
            ours = {(row["item"], row["field"]): row["value"] for row in csv.DictReader(file) if row["value"]}
        if {k: v for k, v in ours.items() if k[1] != "quality"} != consensus:
            sys.exit("the consensus is another one than the unanimous words")

        recipe = ["train", "--dataset", dataset, "--task", "label:view", "--epochs", 2, "--views", 1, "--frames", 2]
        run(*recipe, "--run", folder / "views", "--decisions", "consensus")
        config = json.loads((folder / "views/config.json").read_text())
        excluded = {name for (name, field), value in consensus.items() if field == "clip" and value == "exclude"}
        labelled = {name for (name, field) in consensus if field == "view"} - excluded
        splits = {"train": 0, "val": 0, "test": 0}
        db = sqlite3.connect(dataset / "echoprep.sqlite")
        for name, split in db.execute(
            "SELECT c.name, s.split FROM clip c JOIN split s ON s.subject_id = c.subject_id WHERE c.kept = 1"):
            splits[split] += name in labelled
        if (config["found"]["data"]["train"], config["found"]["data"]["validation"]) != (splits["train"], splits["val"]):
            sys.exit(f"learned from {config['data']}, not from {splits}: excluded clips or others are among them")
        run("export", "clips", dataset, folder / "clips", "--format", "npy", "--decisions", "consensus")
        with open(folder / "clips/clips.csv") as file:
            left = {row["name"] for row in csv.DictReader(file)}
        if left != set(clips) - excluded or not excluded:
            sys.exit("an excluded clip left")

        digest = config["found"]["data"]["decisions"]
        server = Server(dataset, "AB")
        names = [clip["name"] for clip in server.ask("clips?from=0&count=2000")["clips"]]
        for rater in WRONG:
            other = server if rater == "AB" else Server(dataset, rater)
            names = [clip["name"] for clip in other.ask("clips?from=0&count=2000")["clips"]]
            other.ask("decisions", {"decisions": [dict(
                request=str(uuid.uuid4()), place=names.index(next(iter(sorted(labelled)))), field="clip",
                value="exclude")]})
            other.kill()
        run(*recipe, "--run", folder / "again", "--decisions", "consensus")
        again = json.loads((folder / "again/config.json").read_text())
        if again["found"]["data"]["decisions"] == digest:
            sys.exit("another decision has the same digest")
        print(f"label:view learned from {splits['train']} clips, {len(excluded)} excluded ones in none; the digest follows")

        # A dropped clip that all want kept comes in with the next ingest, as a recorded rule.
        dropped = db.execute("SELECT name FROM clip WHERE reason = 'doppler' ORDER BY id").fetchone()[0]
        for rater in WRONG:
            server = Server(dataset, rater)
            names = [clip["name"] for clip in server.ask("clips?from=0&count=2000")["clips"]]
            server.ask("decisions", {"decisions": [dict(
                request=str(uuid.uuid4()), place=names.index(dropped), field="clip", value="keep")]})
            server.kill()
        run("ingest", folder / "phantom/mimic-iv-echo", "--dataset", dataset, "--size", 48, "--decisions", "consensus")
        kept, rule = db.execute("SELECT kept, rule FROM clip WHERE name = ?", [dropped]).fetchone()
        noted = db.execute("SELECT count(*) FROM rule WHERE key = 'decisions'").fetchone()[0]
        if (kept, rule, noted) != (1, "decision", 1):
            sys.exit(f"a clip that people keep is {kept} by {rule}, and {noted} runs say so")
        print("a dropped clip that raters keep is in the dataset")


if __name__ == "__main__":
    main()
