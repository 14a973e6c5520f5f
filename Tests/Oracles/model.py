"""One optimisation step of `echoprep train --trace` against an implementation in PyTorch, in F64.

usage: python Tests/Oracles/model.py PATH_OF_ECHOPREP_BINARY [--paper] [--only TEXT]

Written from the words of the model's specification alone. For every model it checks pre-training,
fine-tuning and fine-tuning of the head at the preset `tiny`, gray and RGB, in F32 and in BF16, and the options that go
beyond the paper, the decoder of a whole study among them; with --paper also one step at `paper`.
"""

import argparse
import json
import math
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from safetensors.numpy import save_file
from torch import nn
from torch.nn import functional as F

REPOSITORY = Path(__file__).resolve().parents[2]
LIMITS = {"loss": 1e-5, "output": 1e-5, "gradient": 1e-4, "update": 1e-6, "step": 1e-6}
# In BF16: the loss within 1 %, and one minus the cosine between all gradients.
LIMITS_BF16 = {"loss": 1e-2, "direction": 1e-3}


# The model


def sine_cosine(positions, width):
    """[len(positions), width]: [sin | cos] of position / 10000^(i / (width/2))."""
    half = width // 2
    rate = 10000.0 ** (-torch.arange(half, dtype=torch.float64) / half)
    angle = torch.as_tensor(positions, dtype=torch.float64)[:, None] * rate
    return torch.cat([angle.sin(), angle.cos()], dim=1)


def space_table(side, width):
    """[side * side, width]: the column in the first half, the row in the second."""
    row, column = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    halves = [sine_cosine(column.flatten(), width // 2), sine_cosine(row.flatten(), width // 2)]
    return torch.cat(halves, dim=1)


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x):
        batch, tokens, width = x.shape
        q, k, v = self.qkv(x).reshape(batch, tokens, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        scores = q @ k.transpose(-1, -2) / math.sqrt(width // self.heads)
        return self.proj((scores.softmax(dim=-1) @ v).transpose(1, 2).reshape(batch, tokens, width))


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=1e-6)
        self.attn = Attention(width, heads)
        self.norm2 = nn.LayerNorm(width, eps=1e-6)
        self.mlp = nn.ModuleDict({"fc1": nn.Linear(width, 4 * width), "fc2": nn.Linear(4 * width, width)})

    def forward(self, x):
        x = x + self.attn(self.norm1(x))
        return x + self.mlp["fc2"](F.gelu(self.mlp["fc1"](self.norm2(x))))


class Cross(nn.Module):
    """A block whose tokens attend to those of another sequence."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width, eps=1e-6), nn.LayerNorm(width, eps=1e-6)
        self.norm_context = nn.LayerNorm(width, eps=1e-6)
        self.attn = nn.ModuleDict(
            {"q": nn.Linear(width, width), "kv": nn.Linear(width, 2 * width), "proj": nn.Linear(width, width)})
        self.mlp = nn.ModuleDict({"fc1": nn.Linear(width, 4 * width), "fc2": nn.Linear(4 * width, width)})

    def forward(self, x, context):
        width = x.shape[-1]
        q = self.attn["q"](self.norm1(x)).unflatten(-1, (self.heads, -1)).transpose(1, 2)
        k, v = self.attn["kv"](self.norm_context(context)).unflatten(-1, (2, self.heads, -1)).permute(2, 0, 3, 1, 4)
        scores = q @ k.transpose(-1, -2) / math.sqrt(width // self.heads)
        x = x + self.attn["proj"]((scores.softmax(dim=-1) @ v).transpose(1, 2).flatten(2))
        return x + self.mlp["fc2"](F.gelu(self.mlp["fc1"](self.norm2(x))))


def blocks(depth, width, heads):
    return nn.ModuleList(Block(width, heads) for _ in range(depth))


class Model(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.c = c
        self.video = c["model"].startswith("video-")
        self.side = c["image"] // c["patch"]
        dim, width = c["dim"], c["decoder_dim"]
        self.patch_embed = nn.ModuleDict({"proj": nn.Conv2d(c["channels"], dim, c["patch"], c["patch"])})
        self.blocks = blocks(c["depth"], dim, c["heads"])
        self.norm = nn.LayerNorm(dim, eps=1e-6)
        self.latent = c["model"].endswith("lamae")
        if self.latent:
            self.latent_blocks = blocks(c["latent_depth"], dim, c["latent_heads"])
            self.latent_norm = nn.LayerNorm(dim, eps=1e-6)
            if c["latent_queries"]:
                self.latent_queries = nn.Parameter(torch.zeros(c["latent_queries"], dim))
                self.latent_read, self.latent_write = Cross(dim, c["latent_heads"]), Cross(dim, c["latent_heads"])
        if c["task"] == "pretrain":
            if c["latent_masking"] == "token":
                self.latent_mask_token = nn.Parameter(torch.zeros(dim))
            self.decoder_embed = nn.Linear(dim, width)
            self.mask_token = nn.Parameter(torch.zeros(width))
            self.decoder_blocks = blocks(c["decoder_depth"], width, c["decoder_heads"])
            self.decoder_norm = nn.LayerNorm(width, eps=1e-6)
            self.decoder_pred = nn.Linear(width, c["patch"] ** 2 * c["channels"])
        else:
            attentive = {"pool": Cross(dim, c["heads"])} if c.get("probe") == "attentive" else {}
            self.head = nn.ModuleDict(
                attentive | {"linear": nn.Linear(dim, c["outputs"])} if attentive else
                {"linear": nn.Linear(dim, c["outputs"])} if c.get("linear_head") else
                {"fc1": nn.Linear(dim, dim), "fc2": nn.Linear(dim, c["outputs"])})
            if attentive:
                self.head.register_parameter("query", nn.Parameter(torch.zeros(1, dim)))

    def encode(self, x, keep):
        """Tokens [B, V, T, K, D] of the patches `keep` [B, V, T, K] of x [B, V, T, C, H, W]."""
        b, v, t = x.shape[:3]
        tokens = self.patch_embed["proj"](x.flatten(0, 2)).flatten(2).transpose(1, 2)
        tokens = tokens + space_table(self.side, self.c["dim"]).to(tokens)
        tokens = tokens.unflatten(0, (b, v, t))
        if self.video:
            tokens = tokens + sine_cosine(range(t), self.c["dim"]).to(tokens)[:, None]
        tokens = tokens.gather(3, keep[..., None].expand(*keep.shape, tokens.shape[-1]))
        tokens = tokens.flatten(0, 1).flatten(1, 2) if self.video else tokens.flatten(0, 2)
        for block in self.blocks:
            tokens = block(tokens)
        return self.norm(tokens).reshape(b, v, t, keep.shape[-1], -1)

    def attend(self, z, keep=None, patches=None):
        """Latent attention over all tokens of a study; if only some are to be kept, over those, [B, L, D], or over all
        with a learned token and the place of its patch [B, V, T, K] instead of each that is not."""
        time = sine_cosine(range(z.shape[2]), self.c["dim"]).to(z)[:, None]
        if not self.video:
            z = z + time
        places = None if patches is None else (space_table(self.side, self.c["dim"]).to(z)[patches] + time).flatten(1, 3)
        z = z.flatten(1, 3)
        if keep is not None and self.c["latent_masking"] == "token":
            seen = torch.zeros(z.shape[:2], dtype=torch.bool).scatter(1, keep, True)
            z = torch.where(seen[..., None], z, self.latent_mask_token + places)
        elif keep is not None:
            z = z.gather(1, keep[..., None].expand(*keep.shape, z.shape[-1]))
        if not self.c["latent_queries"]:
            for block in self.latent_blocks:
                z = block(z)
            return self.latent_norm(z)
        queries = self.latent_read(self.latent_queries.expand(len(z), -1, -1), z)
        for block in self.latent_blocks:
            queries = block(queries)
        return self.latent_norm(self.latent_write(z, queries))

    def patchify(self, x):
        """[B, V, T, N, P * P * C], the numbers of a patch by row, column, channel."""
        p = self.c["patch"]
        x = x.unflatten(5, (self.side, p)).unflatten(4, (self.side, p))  # B V T C gy p gx p
        return x.permute(0, 1, 2, 4, 6, 5, 7, 3).flatten(5, 7).flatten(3, 4)

    def pretrain(self, x, keep, keep_latent):
        b, v, t = x.shape[:3]
        n, k = self.side**2, keep.shape[-1]
        z = self.encode(x, keep)
        # The slot of each token among all V * T * N slots of its study.
        frame = torch.arange(v * t).reshape(1, v, t, 1)
        slot = (frame * n + keep).flatten(1)
        if self.latent:
            z = self.attend(z, keep_latent, keep)
            if self.c["latent_masking"] == "drop":
                slot = slot.gather(1, keep_latent)
        else:
            z = z.flatten(1, 3)
        z = self.decoder_embed(z)
        width = z.shape[-1]
        y = self.mask_token.expand(b, v * t * n, width)
        y = y.scatter(1, slot[..., None].expand(*slot.shape, width), z).reshape(b, v, t, n, width)
        whole = self.c.get("decoder") == "study"
        if whole and v > 1:  # the first view is drawn from the others
            y = torch.cat([self.mask_token.expand(b, 1, t, n, width), y[:, 1:]], dim=1)
        y = y + space_table(self.side, width).to(y) + sine_cosine(range(t), width).to(y)[:, None]
        if whole:
            y = (y + sine_cosine(range(v), width).to(y)[:, None, None]).flatten(1, 3)
        else:
            y = y.flatten(0, 1).flatten(1, 2) if self.video else y.flatten(0, 2)
        for block in self.decoder_blocks:
            y = block(y)
        prediction = self.decoder_pred(self.decoder_norm(y)).reshape(b, v, t, n, -1)
        target = self.patchify(x)
        if self.c["norm_pix"]:
            variance, mean = torch.var_mean(target, dim=-1, keepdim=True)
            target = (target - mean) / (variance + 1e-6).sqrt()
        masked = torch.ones(b, v, t, n, dtype=x.dtype).scatter(3, keep, 0.0)
        error = ((prediction - target) ** 2).mean(-1)
        loss = ((error * masked).sum(-1) / masked.sum(-1)).mean()
        return loss, prediction

    def logits(self, x):
        every = torch.arange(self.side**2).expand(*x.shape[:3], -1)
        z = self.encode(x, every)
        z = self.attend(z) if self.latent else z.flatten(1, 3)
        if self.c.get("probe") == "attentive":
            z = self.head["pool"](self.head.query.expand(len(z), 1, -1), z)
        z = z.mean(1)
        if "linear" in self.head:
            return self.head["linear"](z)
        return self.head["fc2"](F.gelu(self.head["fc1"](z)))


# One step of it


def known_loss(kind, output, target, positive_weights=None):
    """The mean over the targets that are known, squared error or cross-entropy; a NaN is not known."""
    known = ~target.isnan()
    if kind == "squared error":
        return F.mse_loss(output[known], target[known])
    weights = None if positive_weights is None else positive_weights.to(output).expand_as(output)[known]
    return F.binary_cross_entropy_with_logits(output[known], target[known], pos_weight=weights)


def step(path, bf16=False):
    """Repeats the step in the trace at `path`: yields what was compared, the difference and the limit."""
    with safe_open(path, "pt") as file:
        c = json.loads(file.metadata()["config"])
        trace = {name: file.get_tensor(name) for name in file.keys()}

    def part(prefix):
        return {n.removeprefix(prefix): t for n, t in trace.items() if n.startswith(prefix)}

    model = Model(c).double()
    model.load_state_dict(part("param."), strict=True)
    x = trace["input"].double()
    assert x.shape[1:] == (c["views"], c["frames"], c["channels"], c["image"], c["image"]), x.shape
    if c["task"] == "pretrain":
        keep = trace["keep"]
        check_masks(model, keep, trace.get("keep_latent"))
        loss, output = model.pretrain(x, keep, trace.get("keep_latent"))
        expected = trace["prediction"]
    else:
        if c["frozen"]:
            for name, parameter in model.named_parameters():
                parameter.requires_grad_(name.startswith("head."))
        output = model.logits(x)
        loss = known_loss("cross-entropy" if c["task"] == "icd" else "squared error", output,
                          trace["target"].double(), trace.get("positive_weights"))
        expected = trace["logits"]

    def away(a, b):
        return ((a.double() - b.double()).norm() / b.double().norm().clamp_min(1e-30)).item()

    off = abs(trace["loss"].item() - loss.item()) / abs(loss.item())
    if bf16:
        loss.backward()
        gradients = part("grad.")
        pairs = [(gradients[n].double(), p.grad) for n, p in model.named_parameters() if p.grad is not None]
        ours, mine = (torch.cat([pair[i].flatten() for pair in pairs]) for i in (0, 1))
        yield "loss", off, LIMITS_BF16["loss"]
        yield "direction", 1 - (ours @ mine / (ours.norm() * mine.norm())).item(), LIMITS_BF16["direction"]
        return
    yield "loss", off, LIMITS["loss"]
    yield "output", away(expected, output.detach()), LIMITS["output"]

    loss.backward()
    gradients = part("grad.")
    mine = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
    assert gradients.keys() == mine.keys(), sorted(gradients.keys() ^ mine.keys())
    for name, gradient in mine.items():
        yield f"gradient of {name}", away(gradients[name], gradient), LIMITS["gradient"]

    assert c["step"] == 1, "AdamW's moments must be zero before the step"
    groups = [
        {"params": [p], "weight_decay": c["weight_decay"] if p.ndim > 1 else 0.0,
         "lr": c["lr"] * c.get("layer_decay", 1) ** blocks_above(name, c)}
        for name, p in model.named_parameters() if p.requires_grad
    ]
    optimiser = torch.optim.AdamW(groups, betas=(c["beta1"], c["beta2"]), eps=c["eps"])
    torch.nn.utils.clip_grad_norm_(model.parameters(), c["clip"])
    optimiser.step()
    # A first step of AdamW turns every number of a gradient into its sign; one as small as epsilon, 1e-8, is turned
    # by its rounding. So each weight is compared after a step along the trace's own gradient, and root mean squares
    # after a step along this one's, but for numbers whose gradient is 0 whatever the pixels (a bias of keys moves all
    # scores of a query alike): there the trace has nothing but its rounding.
    updated = part("updated.")
    for name, parameter in model.named_parameters():
        difference = updated[name].double() - parameter.detach()
        if name in mine:
            difference = difference[mine[name].abs() > 1e-12]
        yield f"update of {name}", difference.square().mean().sqrt().item(), LIMITS["update"]
    model.load_state_dict(part("param."), strict=True)
    for name, parameter in model.named_parameters():
        parameter.grad = gradients[name].double() if name in gradients else None
    optimiser.state.clear()
    torch.nn.utils.clip_grad_norm_(model.parameters(), c["clip"])
    optimiser.step()
    for name, parameter in model.named_parameters():
        difference = (updated[name].double() - parameter.detach()).abs().max().item()
        yield f"step of {name}", difference, LIMITS["step"]


def blocks_above(name, c):
    """How many layers of a fine-tuned model lie between a parameter and the head, the head's own included."""
    depth, latent = c["depth"], c["latent_depth"] if c["model"].endswith("lamae") else 0
    kind, number = (name.split(".") + ["0"])[:2]
    if kind == "patch_embed":
        return depth + latent + 1
    if kind in ("blocks", "latent_blocks"):
        return depth + latent - int(number) - (depth if kind == "latent_blocks" else 0)
    # As in MAE the norm before the head has the head's rate; one between encoder and latent attention its last block's.
    return latent + 1 if kind == "norm" and latent else 0


def check_masks(model, keep, keep_latent):
    c, n = model.c, model.side**2
    assert keep.shape[-1] == round(n / 8), "an eighth of the patches is kept"
    assert all(len(set(row)) == keep.shape[-1] for row in keep.flatten(0, 2).tolist()), "patches are kept once"
    tubes = bool((keep == keep[:, :, :1]).all())
    assert tubes == model.video, "video models keep tubes, frame models do not"
    if not model.latent:
        assert keep_latent is None
        return
    per_view = c["frames"] * keep.shape[-1]
    seen = c["views"] - int(c["mask_views"])
    assert keep_latent.shape[-1] == round(seen * per_view * 3 / 4), "a quarter of the tokens is masked in latent space"
    for row in keep_latent.tolist():
        assert len(set(row)) == len(row) and max(row) < c["views"] * per_view
        assert len({token // per_view for token in row}) == seen, "masked views show nothing"


# A dataset to train on


def dataset(folder, studies, clips, frames, channels, others=1):
    """Writes `studies` training studies and `others` of each other split, with noise for clips, 40 targets and an EF."""
    (folder / "shards").mkdir(parents=True)
    random = np.random.default_rng(7)
    shape = (frames, 224, 224) + ((3,) if channels == 3 else ())
    database = sqlite3.connect(folder / "echoprep.sqlite")
    database.executescript((REPOSITORY / "schemas/labels.sql").read_text())
    database.execute(
        "INSERT INTO run (id, command, started_at, finished_at, program_version, schema_version, command_line) "
        "VALUES (1, 'ingest', '2026-01-01', '2026-01-01', '0.1.0', 1, '')")
    categories = [f"I{i}" for i in range(10, 50)]
    for rank, category in enumerate(categories):
        database.execute(
            "INSERT INTO target (idx, category, title, n_positive, prevalence) VALUES (?, ?, ?, 3, 0.5)",
            (rank, category, category))
    tensors, clip = {}, 0
    database.executemany("INSERT INTO label_source VALUES (?, NULL)", [("link-icd",), ("echonet",)])
    for study in range(1, studies + 2 * others + 1):
        subject = 100 + study
        split = "train" if study <= studies else "val" if study <= studies + others else "test"
        database.execute("INSERT INTO echo_study (study_id, subject_id) VALUES (?, ?)", (study, subject))
        database.execute("INSERT INTO study_status (study_id, status) VALUES (?, 'labelled')", (study,))
        database.execute("INSERT INTO split VALUES (?, ?)", (subject, split))
        fraction = 30.5 + 7 * study % 60
        database.execute("INSERT INTO listed_study VALUES (?, ?, NULL, ?)", (str(study), fraction, split))
        database.execute("INSERT INTO label VALUES ('echonet', 'study', 'EF', ?, ?)", (str(study), fraction))
        for category in categories[study % 3 :: 3]:
            database.execute("INSERT INTO study_category VALUES (?, ?, 1, 1)", (study, category))
        for category in categories:
            value = int(category in categories[study % 3 :: 3])
            database.execute("INSERT INTO label VALUES ('link-icd', 'study', ?, ?, ?)", (category, str(study), value))
        for view in range(clips):
            clip += 1
            name = f"{study}/{study}_{view:04}"
            smooth = random.normal(size=(frames,) + (16, 16) + shape[3:]).repeat(14, 1).repeat(14, 2)
            tensors[name] = np.clip(100 + 60 * smooth + random.normal(size=shape) * 8, 0, 255).astype(np.uint8)
            database.execute(
                "INSERT INTO clip (id, run_id, study_key, study_id, subject_id, name, path, kept, kind, shard, frames,"
                " source_frames) VALUES (?, 1, ?, ?, ?, ?, ?, 1, 'bmode', 'shard-00000.safetensors', ?, ?)",
                (clip, str(study), study, subject, name, name + ".dcm", frames, frames))
    save_file(tensors, folder / "shards/shard-00000.safetensors")
    database.commit()
    database.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--paper", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--engine", default="cpu")
    options = parser.parse_args()
    models = ["lamae", "video-lamae", "mae", "video-mae"]
    tasks = {"pretrain": [], "pretrain --norm-pix": ["--norm-pix"], "icd": [], "icd --frozen": ["--frozen"], "lvef": []}
    tasks["icd --linear-head"] = ["--linear-head"]
    tasks["icd --probe attentive"] = ["--probe", "attentive"]
    tasks["icd --frozen --probe attentive"] = ["--frozen", "--probe", "attentive"]
    tasks["icd --layer-decay 0.7"] = ["--layer-decay", "0.7"]
    tasks["icd --pos-weight balanced"] = ["--pos-weight", "balanced"]
    for task in ("pretrain", "pretrain --norm-pix", "icd", "icd --frozen"):
        tasks[f"{task} --precision bf16"] = [*tasks[task], "--precision", "bf16"]
    cases = [("tiny", m, t, 1) for m in models for t in tasks] + [("tiny", "lamae", t, 3) for t in tasks]
    token, queries = ["--latent-masking", "token"], ["--latent-queries", "16"]
    beyond = {"pretrain " + " ".join(words): words for words in [
        token, token + ["--mask-views", "1"], queries, token + ["--mask-views", "2"] + queries,
        token + queries + ["--precision", "bf16"]]}
    beyond["icd " + " ".join(queries)] = queries
    cases += [("tiny", m, t, 1) for m in ("lamae", "video-lamae") for t in beyond]
    whole = ["--decoder", "study"]
    whole_study = {"pretrain " + " ".join(words): words for words in [
        whole, whole + ["--norm-pix"], whole + ["--precision", "bf16"]]}
    cases += [("tiny", m, t, 1) for m in models for t in whole_study] + [("tiny", "lamae", t, 3) for t in whole_study]
    mixed = {"pretrain " + " ".join(whole + words): whole + words for words in (token, queries)}
    mixed["pretrain --decoder study of one view"] = whole
    cases += [("tiny", m, t, 1) for m in ("lamae", "video-lamae") for t in mixed]
    tasks |= beyond | whole_study | mixed
    if options.paper:
        cases += [("paper", m, "pretrain", 1) for m in models]
    failed = 0
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        for number, (preset, model, task, channels) in enumerate(cases):
            case = f"{preset} {model} {task}" + (" rgb" if channels == 3 else "")
            if options.only not in case:
                continue
            clips = 8 if preset == "paper" else 1 if "of one view" in task else 4
            folder = scratch / f"{preset}-{channels}-{clips}"
            if not folder.exists():
                dataset(folder, 1 if preset == "paper" else 3, clips, 20, channels)
            trace = scratch / f"trace-{number}.safetensors"
            command = [
                options.binary, "train", "--dataset", folder, "--run", scratch / f"run-{number}", "--preset", preset,
                "--model", model, "--task", task.split()[0], *tasks[task], "--epochs", "1", "--batch", "3",
                "--engine", options.engine,
                "--pictures-every", "0", "--trace-step", "1", "--trace", trace]
            subprocess.run([str(word) for word in command], check=True, stdout=subprocess.DEVNULL,
                           stderr=subprocess.PIPE)
            worst = {}
            for what, difference, limit in step(trace, "bf16" in task):
                kind = what.split()[0]
                if not difference <= limit:
                    failed += 1
                    print(f"  FAILED {case}: {what} differs by {difference:.2e}, more than {limit:.0e}")
                worst[kind] = max(worst.get(kind, 0.0), difference)
            print(f"{case}: " + ", ".join(f"{kind} {value:.1e}" for kind, value in worst.items()), flush=True)
            trace.unlink()
    for name, limits in (("F32", LIMITS), ("BF16", LIMITS_BF16)):
        print(f"allowed in {name}: {', '.join(f'{kind} {limit:.0e}' for kind, limit in limits.items())}")
    print(f"{failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
