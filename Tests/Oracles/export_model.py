"""`echoprep export model` against `echoprep embed` and `evaluate`: PyTorch, timm and ONNX give the same numbers.

usage: python Tests/Oracles/export_model.py PATH_OF_ECHOPREP_BINARY

For all four models, heads of both kinds, learned queries, gray and RGB, classes and a quantity it checks vectors of frames,
clips and studies, and predictions, out of the shards by `Clips`; then that workers and distributed samplers read the same;
then every snippet of Python in README and docs/pytorch.md and of the cards, as it stands. Needs torch, safetensors and timm;
ONNX is checked where onnx, onnxscript and onnxruntime are there.
"""

import contextlib
import csv
import importlib.util
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch.utils.data import DataLoader, DistributedSampler

# PyPI's torchvision is built for another torch than the processor's own; timm needs its names only.
try:
    import torchvision  # noqa: F401
except RuntimeError:
    library = torch.library.Library("torchvision", "DEF")
    for operation in ("nms", "qnms"):
        library.define(f"{operation}(Tensor boxes, Tensor scores, float threshold) -> Tensor")
import timm  # noqa: E402

ECHOPREP = str(Path(sys.argv[1]).resolve())
REPOSITORY = Path(__file__).resolve().parents[2]
LIMIT = 1e-5
# Run: dataset, task, options of train.
RUNS = {
    "lamae": ("dataset", "icd", "--model", "lamae"),
    "video-lamae": ("dataset", "icd", "--model", "video-lamae", "--linear-head"),
    "mae": ("dataset", "icd", "--model", "mae", "--linear-head", "--pad-views"),
    "video-mae": ("dataset", "icd", "--model", "video-mae"),
    "video-mae-several": ("dataset", "icd,lvef", "--model", "video-mae", "--linear-head"),
    "lamae-attentive": ("dataset", "icd", "--model", "lamae", "--frozen", "--probe", "attentive"),
    "lamae-queries": ("dataset", "lvef", "--model", "lamae", "--latent-queries", "5"),
    "video-lamae-queries-rgb": ("rgb", "pretrain", "--model", "video-lamae", "--latent-queries", "5"),
    "mae-rgb": ("rgb", "pretrain", "--model", "mae"),
}


def echoprep(*arguments, fails=False):
    done = subprocess.run([ECHOPREP, *map(str, arguments)], capture_output=True, text=True, timeout=600)
    if (done.returncode != 0) != fails:
        sys.exit(f"echoprep {' '.join(map(str, arguments[:2]))} {'succeeded' if fails else 'failed'}:\n{done.stderr}")
    return done.stdout


def check(condition, complaint):
    if not condition:
        sys.exit(complaint)


def worst(found, wanted):
    """The largest difference, as a share of the largest number that was wanted."""
    found, wanted = torch.as_tensor(found).double(), torch.as_tensor(wanted).double()
    check(found.shape == wanted.shape, f"{tuple(found.shape)} instead of {tuple(wanted.shape)}")
    return ((found - wanted).abs().max() / wanted.abs().max()).item()


def randomise(run):
    """Other weights for a run, none of them 0 or 1 as fresh biases and norms are: every mix-up shows.

    In the format that has no sums; a file whose sums are those of others is refused as damaged."""
    path = f"{run}/checkpoints/best.safetensors"
    generator = torch.Generator().manual_seed(len(run))
    weights = {n: t + 0.1 * torch.randn(t.shape, generator=generator) for n, t in load_file(path).items()}
    save_file(weights, path, metadata={"format": "echoprep checkpoint 1"})


def module(folder):
    """The file for PyTorch of an exported folder, as Python imports it there."""
    spec = importlib.util.spec_from_file_location("echoprep_torch", Path(folder, "echoprep_torch.py"))
    loaded = importlib.util.module_from_spec(spec)
    sys.modules["echoprep_torch"] = loaded
    spec.loader.exec_module(loaded)
    return loaded


def embedded(run, per):
    """What `echoprep embed` writes: vectors by study, or by clip, or by clip and frame."""
    echoprep("embed", run, "--per", per)
    with safe_open(f"{run}/embeddings-{per}.safetensors", "pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}
        names = json.loads(file.metadata()["studies" if per == "study" else "clips"])
    places = tensors["study" if per == "study" else "clip"].tolist()
    frames = tensors["frame"].tolist() if per == "frame" else [None] * len(places)
    return {(names[place], frame): vector
            for place, frame, vector in zip(places, frames, tensors["embeddings"])}


def vectors(model, clips, per):
    """The same by PyTorch, study after study."""
    found = {}
    for item in (clips[i] for i in range(len(clips))):
        values = model.embed(item["clips"][None], per=per)[0]
        if per == "study":
            found[item["study"], None] = values
        for view, name in enumerate(item["names"] if per != "study" else []):
            for t, frame in enumerate(item["frames"][view].tolist() if per == "frame" else [None]):
                found.setdefault((name, frame), values[view] if per == "clip" else values[view, t])
    return found


def compare(found, wanted):
    check(found.keys() == wanted.keys(), "other studies, clips or frames")
    return worst(torch.stack([found[key] for key in wanted]), torch.stack(list(wanted.values())))


def compare_predictions(kit, model, run, dataset, task):
    """Outputs, answers and labels of the split test against predictions.csv."""
    echoprep("evaluate", run, "--bootstrap", 0)
    found, wanted, first = [], [], 0
    for head in task.split(","):
        folder = f"{run}/evaluation/test" + (f"/{head}" if head != task else "")
        with open(f"{folder}/predictions.csv", newline="") as file:
            rows = {(row["study_id"], row["code"]): row for row in csv.DictReader(file)}
        clips = kit.Clips(dataset, split="test", target=head, model=model)
        targets = model.targets[first : first + len(clips.targets)]
        check(clips.targets == targets, f"targets {clips.targets} instead of {targets}")
        check({key for key, _ in rows} <= {clips[i]["study"] for i in range(len(clips))}, "other studies of the split")
        for batch in DataLoader(clips, batch_size=3, collate_fn=kit.collate):
            outputs, answers = (call(batch["clips"], batch["mask"])[:, first:] for call in (model, model.predict))
            for i, study in enumerate(batch["study"]):
                for j, target in enumerate(targets):
                    row = rows.pop((study, target))
                    check(batch["target"][i, j].item() == torch.tensor(float(row["label"])).item(), "another label")
                    found.append(answers[i, j].item())
                    wanted.append(float(row["probability" if "probability" in row else "prediction"]))
                    if "logit" in row:
                        found.append(outputs[i, j].item())
                        wanted.append(float(row["logit"]))
        check(not rows, f"{len(rows)} predictions are missing")
        first += len(targets)
    check(first == len(model.targets), "more outputs than the tasks have")
    return worst(found, wanted)


def compare_timm(kit, model, run, clips):
    """A frame's vector by timm, of the folder and of the file of weights, against that of the same encoder."""
    echoprep("export", "model", run, f"{run}-timm", "--to", "timm")
    config = json.loads(Path(f"{run}-timm/config.json").read_text())
    plain = json.loads(json.dumps(model.config))
    plain["found"]["model"] |= {"kind": "mae", "outputs": 0}
    encoder = kit.EchoModel(plain)
    encoder.load_state_dict({n: t for n, t in model.state_dict().items() if n in encoder.state_dict()})
    frames = clips[0]["clips"]
    wanted = encoder.eval().embed(frames[None], per="frame").flatten(0, 2)
    by_folder = timm.create_model(f"local-dir:{run}-timm", pretrained=True).eval()
    by_file = timm.create_model(config["architecture"], checkpoint_path=f"{run}-timm/model.safetensors", num_classes=0,
                                **config["model_args"]).eval()
    data = timm.data.resolve_model_data_config(by_folder)
    check(torch.equal(torch.tensor(data["mean"]), torch.tensor(model.input.mean))
          and torch.equal(torch.tensor(data["std"]), torch.tensor(model.input.std)), "another pixel scale")
    return max(worst(named(frames.flatten(0, 1)), wanted) for named in (by_folder, by_file))


def compare_onnx(model, run, clips):
    """ONNX against PyTorch, for studies of other numbers than the graph was made with; None where it cannot run."""
    needed = [name for name in ("onnx", "onnxscript", "onnxruntime") if importlib.util.find_spec(name) is None]
    if needed:
        return None
    import onnxruntime

    echoprep("export", "model", run, f"{run}-onnx", "--to", "onnx", "--python", sys.executable)
    session = onnxruntime.InferenceSession(f"{run}-onnx/model.onnx")
    item = clips[0]["clips"][None]
    batches = [item, torch.cat([item, item.flip(1), item * 0.5])[:, :1]]
    errors = []
    for batch in batches:
        wanted = [model.embed(batch)] + ([model(batch)] if model.targets else [])
        found = session.run(None, {"clips": batch.numpy()})
        errors += [worst(torch.from_numpy(f), w) for f, w in zip(found, wanted, strict=True)]
    return max(errors)


def check_loading(kit, model):
    """Workers, whether forked or spawned, and samplers that divide a data set, read what one process reads."""
    clips = kit.Clips("dataset", target="icd", model=model)
    alone = [clips[i] for i in range(len(clips))]
    for context in ("fork", "spawn"):
        loader = DataLoader(clips, 4, collate_fn=kit.collate, num_workers=2, multiprocessing_context=context)
        seen = [study for batch in loader for study in zip(batch["study"], batch["clips"], batch["mask"])]
        check([study for study, _, _ in seen] == [item["study"] for item in alone], f"{context}: another order")
        check(all(torch.equal(pixels[mask], item["clips"]) for (_, pixels, mask), item in zip(seen, alone)),
              f"{context}: other pixels")
    shares = [list(DistributedSampler(clips, num_replicas=2, rank=rank, shuffle=True)) for rank in (0, 1)]
    check(set(shares[0]) | set(shares[1]) == set(range(len(clips))), "ranks leave studies out")
    whole = kit.Clips("dataset", views=10**6)
    single = kit.Clips("dataset", model=model, per="clip")
    check(len(single) == sum(len(whole[i]["names"]) for i in range(len(whole))), "not every clip by itself")
    check(all(len(single[i]["clips"]) == 1 for i in (0, len(single) - 1)), "a clip by itself is one view")
    some = kit.Clips("dataset", where="study_id % 2 = 1", views=10**6)
    odd = [whole[i]["study"] for i in range(len(whole)) if int(whole[i]["study"]) % 2]
    check(0 < len(odd) < len(whole) and [some[i]["study"] for i in range(len(some))] == odd, "where")
    for wrong in (dict(split="train", target="NONE"), dict(target="label:none"), dict(per="view")):
        with contextlib.suppress(ValueError):
            kit.Clips("dataset", **wrong)
            check(False, f"{wrong} is taken")
    packed = kit.Clips("packed", target="icd", model=model)
    check(all(torch.equal(packed[i]["clips"], alone[i]["clips"]) for i in range(len(alone))), "compressed shards differ")
    drawn = kit.Clips("dataset", model=model, random=True)
    frames = {str(drawn[0]["frames"].tolist()) for _ in range(20)}
    check(len(frames) > 1, "random draws are all alike")
    return len(alone)


def run_snippets():
    """Every block of Python of the pages that concern the model, those of a page after each other."""
    count = 0
    pages = [REPOSITORY / "README.md", REPOSITORY / "docs/pytorch.md", REPOSITORY / "docs/commands/export.md"]
    for page in pages + [Path(folder, "README.md") for folder in ("out", "folder")]:
        blocks = re.findall(r"^```python\n(.*?)^```", page.read_text(), re.S | re.M)
        namespace = {"__name__": "snippet"}
        # A card's own folder is where its snippets run, beside the dataset.
        home = os.getcwd()
        if page == Path("out/README.md"):
            os.chdir("out")
            if not os.path.exists("dataset"):
                os.symlink("../dataset", "dataset")
        for block in blocks:
            with contextlib.redirect_stdout(io.StringIO()):
                try:
                    exec(compile(block, str(page), "exec"), namespace)
                except Exception as error:
                    sys.exit(f"{page.name}: {type(error).__name__}: {error}\n{block}")
            count += 1
        os.chdir(home)
    return count


def main():
    torch.manual_seed(1)
    with tempfile.TemporaryDirectory() as folder, torch.no_grad():
        os.chdir(folder)
        echoprep("phantom", "cohort", "--studies", 14, "--frames", 12, "--size", "177x254")
        for dataset, options in (("dataset", []), ("rgb", ["--pixels", "rgb"]), ("packed", ["--compress", "png"])):
            echoprep("ingest", "cohort/mimic-iv-echo", "--dataset", dataset, *options)
            echoprep("link-icd", "--dataset", dataset, "--mimic-iv", "cohort/mimiciv/hosp", "--split", "50/20/30")
        for name, (dataset, task, *options) in RUNS.items():
            run = f"runs/{name}"
            echoprep("train", "--dataset", dataset, "--run", run, "--task", task, "--preset", "tiny", "--frames", 2,
                     "--views", 3, "--epochs", 1, "--batch", 4, "--pictures-every", 0, *options)
            randomise(run)
            echoprep("export", "model", run, f"{run}-torch")
            kit = module(f"{run}-torch")
            model = kit.load(f"{run}-torch")
            clips = kit.Clips(dataset, model=model)
            errors = {per: compare(vectors(model, clips, per), embedded(run, per)) for per in ("study", "clip", "frame")}
            if task != "pretrain":
                errors["predictions"] = compare_predictions(kit, model, run, dataset, task)
            if not model.video:
                errors["timm"] = compare_timm(kit, model, run, clips)
            onnx = compare_onnx(model, run, clips)
            if onnx is not None:
                errors["ONNX"] = onnx
            check(max(errors.values()) <= LIMIT, f"{name}: {errors}")
            print(f"{name}: " + ", ".join(f"{what} {error:.1e}" for what, error in errors.items()), flush=True)
        echoprep("export", "model", "runs/video-mae", "clips-timm", "--to", "timm", fails=True)
        sys.path.insert(0, os.path.abspath("runs/lamae-torch"))
        kit = module("runs/lamae-torch")
        studies = check_loading(kit, kit.load("runs/lamae-torch"))
        print(f"{studies} studies by forked and spawned workers, by two ranks and from compressed shards: the same")
        if importlib.util.find_spec("onnxruntime") is None:
            print("ONNX was not checked: pip install onnx onnxscript onnxruntime")
        shutil.copytree("runs/lamae", "runs/icd")
        echoprep("export", "model", "runs/icd", "out")
        echoprep("export", "model", "runs/mae", "folder", "--to", "timm")
        sys.path.insert(0, "out")
        with torch.enable_grad():
            print(f"{run_snippets()} snippets of README, docs and cards run as they stand")


if __name__ == "__main__":
    main()
