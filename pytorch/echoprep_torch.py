"""echoprep's models in PyTorch, and the clips that they learned from.

    from echoprep_torch import Clips, collate, load

    model = load("out")                                     # what `echoprep export model RUN out` wrote
    clips = Clips("dataset", split="test", target="icd", model=model)
    batch = collate([clips[0], clips[1]])
    model.embed(batch["clips"], batch["mask"])              # [2, D]: what `echoprep embed RUN` writes
    model.predict(batch["clips"], batch["mask"])            # [2, outputs]: probabilities, or a quantity in its unit

The four models are LAMAE and Video-LAMAE, masked autoencoders whose views of a heart meet in latent attention, and MAE
and VideoMAE, the same without it. A study is a set of views: their order changes nothing.

Letters of shapes: B studies, V views (clips of a study), T frames, C channels, S pixels of a frame's edge, N patches of a
frame, D the width of the model. Needs torch and safetensors, and Pillow for shards that were compressed.
"""

from __future__ import annotations

import json
import math
import mmap
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import Dataset

__all__ = ["Clips", "EchoModel", "Input", "collate", "load", "to_onnx"]


# The model


def sine_cosine(positions: Tensor, width: int) -> Tensor:
    """[len(positions), width]: [sin | cos] of position / 10000^(i / (width / 2)) (Vaswani et al. 2017)."""
    rate = 10_000.0 ** -(torch.arange(width // 2, dtype=torch.float64) / (width // 2))
    angle = positions.double()[:, None] * rate
    return torch.cat([angle.sin(), angle.cos()], dim=1).float()


def space_table(side: int, width: int) -> Tensor:
    """[side * side, width]: of each patch, row by row, its column in the first half of the width, its row in the second."""
    axis = sine_cosine(torch.arange(side), width // 2)
    return torch.cat([axis.repeat(side, 1), axis.repeat_interleave(side, dim=0)], dim=1)


class LayerNorm(nn.LayerNorm):
    def __init__(self, width: int) -> None:
        super().__init__(width, eps=1e-6)


class Mlp(nn.Module):
    """Two layers with a GELU between them."""

    def __init__(self, width: int, hidden: int, outputs: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, hidden)
        self.fc2 = nn.Linear(hidden, outputs)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(F.gelu(self.fc1(x)))


class Attention(nn.Module):
    """Every token of a sequence attends to every other."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        q, k, v = self.qkv(x).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        return self.proj(F.scaled_dot_product_attention(q, k, v, mask).transpose(1, 2).flatten(2))


class CrossAttention(nn.Module):
    """Every token of a sequence attends to those of another one."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.q = nn.Linear(width, width)
        self.kv = nn.Linear(width, 2 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x: Tensor, context: Tensor, mask: Tensor | None) -> Tensor:
        q = self.q(x).unflatten(-1, (self.heads, -1)).transpose(1, 2)
        k, v = self.kv(context).unflatten(-1, (2, self.heads, -1)).permute(2, 0, 3, 1, 4)
        return self.proj(F.scaled_dot_product_attention(q, k, v, mask).transpose(1, 2).flatten(2))


class Block(nn.Module):
    """A transformer block, normalised before attention and before the MLP."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1 = LayerNorm(width)
        self.attn = Attention(width, heads)
        self.norm2 = LayerNorm(width)
        self.mlp = Mlp(width, 4 * width, width)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        x = x + self.attn(self.norm1(x), mask)
        return x + self.mlp(self.norm2(x))


class CrossBlock(nn.Module):
    """A transformer block whose tokens read those of another sequence."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1 = LayerNorm(width)
        self.norm_context = LayerNorm(width)
        self.attn = CrossAttention(width, heads)
        self.norm2 = LayerNorm(width)
        self.mlp = Mlp(width, 4 * width, width)

    def forward(self, x: Tensor, context: Tensor, mask: Tensor | None = None) -> Tensor:
        x = x + self.attn(self.norm1(x), self.norm_context(context), mask)
        return x + self.mlp(self.norm2(x))


class PatchEmbed(nn.Module):
    """Frames [n, C, S, S] as tokens [n, N, D], row by row."""

    def __init__(self, channels: int, patch: int, width: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(channels, width, patch, stride=patch)

    def forward(self, x: Tensor) -> Tensor:
        return self.proj(x).flatten(2).transpose(1, 2)


class LinearHead(nn.Module):
    """One layer of a study's mean token."""

    def __init__(self, width: int, outputs: int) -> None:
        super().__init__()
        self.linear = nn.Linear(width, outputs)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x)


class AttentiveHead(nn.Module):
    """One layer of what a learned query has read of all tokens of a study [B, L, D]."""

    def __init__(self, width: int, heads: int, outputs: int) -> None:
        super().__init__()
        self.query = nn.Parameter(torch.zeros(1, width))
        self.pool = CrossBlock(width, heads)
        self.linear = nn.Linear(width, outputs)

    def forward(self, tokens: Tensor, mask: Tensor | None = None) -> Tensor:
        return self.linear(self.pool(self.query.expand(tokens.shape[0], -1, -1), tokens, mask)[:, 0])


@dataclass(frozen=True)
class Input:
    """How clips enter a model: how many of a study, which of their frames, and as which numbers."""

    views: int
    frames: int
    stride: int
    """Source frames from one frame to the next."""
    pad_views: bool
    """Whether a study of fewer clips repeats them."""
    image: int
    channels: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    """Of pixels in 0 ... 1, one a channel."""

    def __call__(self, clips: Tensor) -> Tensor:
        """Pixels as the model takes them.

        clips: uint8 [..., T, H, H], or of three channels [..., T, H, H, 3]
        returns: float32 [..., T, C, S, S]; each pixel is the mean of bilinear samples spread evenly over its area
        """
        clips = clips.movedim(-1, -3) if self.channels == 3 else clips.unsqueeze(-3)
        *outer, channels, height, width = clips.shape
        if clips.dtype != torch.uint8 or channels != self.channels or height != width:
            raise ValueError(f"a clip is uint8 [T, H, H{', 3' if self.channels == 3 else ''}]")
        samples = max(1, math.ceil(height / self.image - 1e-9))
        x = clips.reshape(-1, channels, height, width).float() / 255
        x = F.interpolate(x, size=(samples * self.image,) * 2, mode="bilinear", align_corners=False)
        x = F.avg_pool2d(x, samples)
        mean, std = (x.new_tensor(values)[:, None, None] for values in (self.mean, self.std))
        return ((x - mean) / std).reshape(*outer, channels, self.image, self.image)


class EchoModel(nn.Module):
    """One of the four models: its encoder, latent attention where it has it, and its heads where it was fine-tuned."""

    def __init__(self, config: dict[str, Any]) -> None:
        """config: what config.json of an exported folder holds."""
        super().__init__()
        found = config["found"]
        shape, pixels = found["model"], found["normalisation"]
        self.config = config
        self.input = Input(
            views=shape["views"], frames=shape["frames"], stride=config["stride"], pad_views=config["pad-views"],
            image=shape["image"], channels=shape["channels"], mean=tuple(pixels["mean"]),
            std=tuple(pixels["deviation"]))
        learned = found.get("heads") or ([found] if found.get("targets") else [])
        self.targets: list[str] = [target for head in learned for target in head["targets"]]
        """What the outputs stand for, head by head; empty for a model that was pre-trained only."""
        scales = [head.get("scale") for head in learned for _ in head["targets"]]
        self.scales: list[tuple[float, float] | None] = [s and (s["mean"], s["deviation"]) for s in scales]
        """Of each output the mean and deviation of its quantity in its unit; None for a class."""
        self.video: bool = shape["kind"] in ("video-mae", "video-lamae")
        """Whether the encoder sees all frames of a clip together."""
        self.latent: bool = shape["kind"] in ("lamae", "video-lamae")
        """Whether the views of a study meet in latent attention."""

        self.dim: int = shape["dim"]
        self.patch_embed = PatchEmbed(shape["channels"], shape["patch"], self.dim)
        self.blocks = nn.ModuleList(Block(self.dim, shape["heads"]) for _ in range(shape["depth"]))
        self.norm = LayerNorm(self.dim)
        self.register_buffer("space", space_table(shape["image"] // shape["patch"], self.dim), persistent=False)
        self.register_buffer("time", sine_cosine(torch.arange(shape["frames"]), self.dim), persistent=False)

        queries, heads = shape["latent_queries"], shape["latent_heads"]
        if self.latent:
            self.latent_blocks = nn.ModuleList(Block(self.dim, heads) for _ in range(shape["latent_depth"]))
            self.latent_norm = LayerNorm(self.dim)
        self.latent_queries = nn.Parameter(torch.zeros(queries, self.dim)) if self.latent and queries else None
        if self.latent_queries is not None:
            self.latent_read = CrossBlock(self.dim, heads)
            self.latent_write = CrossBlock(self.dim, heads)

        several = shape.get("head_outputs")
        self.head: nn.Module = (
            nn.ModuleList(self._head(shape, outputs) for outputs in several) if several
            else self._head(shape, shape["outputs"]))
        """Of a study's mean token, or of all tokens; nothing for a model that was pre-trained only."""

    def _head(self, shape: dict[str, Any], outputs: int) -> nn.Module:
        if not outputs:
            return nn.Identity()
        if shape.get("probe") == "attentive":
            return AttentiveHead(self.dim, shape["heads"], outputs)
        if shape.get("linear_head"):
            return LinearHead(self.dim, outputs)
        return Mlp(self.dim, self.dim, outputs)

    def tokens(self, clips: Tensor, mask: Tensor | None = None) -> Tensor:
        """The tokens of all patches, after latent attention where the model has it.

        clips: float32 [B, V, T, C, S, S] as `input` gives them, or uint8 [B, V, T, H, H(, 3)] as they lie in shards
        mask: bool [B, V], false for views that only fill a batch of studies of different sizes
        returns: float32 [B, V, T, N, D]
        """
        x = self.input(clips) if clips.dtype == torch.uint8 else clips
        b, v, t = x.shape[:3]
        if t > len(self.time):
            raise ValueError(f"the model takes clips of {len(self.time)} frames at most")
        time = self.time[:t, None]
        x = self.patch_embed(x.flatten(0, 2)) + self.space
        n = x.shape[1]
        if self.video:
            x = (x.reshape(b * v, t, n, -1) + time).flatten(1, 2)
        for block in self.blocks:
            x = block(x)
        x = self.norm(x).reshape(b, v, t, n, -1)
        if not self.latent:
            return x
        if not self.video:
            x = x + time
        return self._attend(x.flatten(1, 3), _keys(mask, t * n)).reshape(b, v, t, n, -1)

    def _attend(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """Latent attention over the tokens [B, V * T * N, D] of a study, or through the queries that it has learned."""
        if self.latent_queries is None:
            for block in self.latent_blocks:
                x = block(x, mask)
            return self.latent_norm(x)
        queries = self.latent_read(self.latent_queries.expand(x.shape[0], -1, -1), x, mask)
        for block in self.latent_blocks:
            queries = block(queries)
        return self.latent_norm(self.latent_write(x, queries))

    def embed(self, clips: Tensor, mask: Tensor | None = None, per: str = "study") -> Tensor:
        """The mean token of each study [B, D], of each clip [B, V, D] or of each frame [B, V, T, D].

        With latent attention a clip's and a frame's vector depends on the study's other clips.
        """
        if per not in ("study", "clip", "frame"):
            raise ValueError("per is study, clip or frame")
        tokens = self.tokens(clips, mask)
        return _mean(tokens, mask) if per == "study" else tokens.mean(dim=(2, 3) if per == "clip" else 3)

    def forward(self, clips: Tensor, mask: Tensor | None = None) -> Tensor:
        """The heads' outputs [B, outputs] as a loss takes them; of a pre-trained model, which has no head, `embed`."""
        return self.answer(self.tokens(clips, mask), mask)

    def answer(self, tokens: Tensor, mask: Tensor | None = None) -> Tensor:
        """The outputs of all heads [B, outputs] from the tokens [B, V, T, N, D]."""
        heads = list(self.head) if isinstance(self.head, nn.ModuleList) else [self.head]
        if isinstance(heads[0], AttentiveHead):
            keys, tokens = _keys(mask, tokens.shape[2] * tokens.shape[3]), tokens.flatten(1, 3)
            return torch.cat([head(tokens, keys) for head in heads], dim=1)
        mean = _mean(tokens, mask)
        return torch.cat([head(mean) for head in heads], dim=1)

    def predict(self, clips: Tensor, mask: Tensor | None = None) -> Tensor:
        """[B, outputs] in the order of `targets`: probabilities of classes, or a quantity in its unit."""
        if not self.targets:
            raise ValueError("the model was pre-trained only: it predicts nothing")
        columns = self(clips, mask).unbind(dim=1)
        return torch.stack(
            [x.sigmoid() if scale is None else x * scale[1] + scale[0] for x, scale in zip(columns, self.scales)], dim=1)


def _keys(mask: Tensor | None, tokens: int) -> Tensor | None:
    """[B, 1, 1, V * tokens]: which tokens of a study may be read, where each view of the mask [B, V] has so many."""
    return None if mask is None else mask.repeat_interleave(tokens, dim=1)[:, None, None]


def _mean(tokens: Tensor, mask: Tensor | None) -> Tensor:
    """The mean token [B, D] of each study's views [B, V, T, N, D]."""
    views = tokens.mean(dim=(2, 3))
    if mask is None:
        return views.mean(dim=1)
    weight = mask.to(views)[..., None]
    return (views * weight).sum(dim=1) / weight.sum(dim=1)


def load(folder: str | Path, device: str | torch.device = "cpu") -> EchoModel:
    """The model of a folder that `echoprep export model` wrote, for evaluation; `.train()` goes on training it."""
    folder = Path(folder)
    model = EchoModel(json.loads((folder / "config.json").read_text(encoding="utf-8")))
    # What pre-training alone needs lies in the file too, for `echoprep train --init`.
    pretraining = ("decoder_", "mask_token", "latent_mask_token")
    weights = load_file(folder / "model.safetensors")
    model.load_state_dict({name: w for name, w in weights.items() if not name.startswith(pretraining)})
    return model.to(device).eval()


def to_onnx(model: EchoModel, path: str | Path) -> None:
    """Writes the model as ONNX; needs the packages onnx and onnxscript.

    Input `clips`: float32 [studies, views, T, C, S, S] as `model.input` gives them. Outputs: `embedding` [studies, D] and
    of a fine-tuned model `outputs` [studies, outputs], as `embed` and the model itself give them.
    """

    class Graph(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, clips: Tensor) -> tuple[Tensor, ...]:
            tokens = self.model.tokens(clips)
            embedding = _mean(tokens, None)
            return (embedding, self.model.answer(tokens)) if self.model.targets else (embedding,)

    i = model.input
    example = torch.zeros(2, 3, i.frames, i.channels, i.image, i.image, device=model.space.device)
    sizes = {0: torch.export.Dim("studies"), 1: torch.export.Dim("views")}
    torch.onnx.export(
        Graph().eval(), (example,), str(path), input_names=["clips"],
        output_names=["embedding", "outputs"][: 2 if model.targets else 1], dynamic_shapes=(sizes,), dynamo=True,
        external_data=False, verbose=False)


# The clips


class Clips(Dataset):
    """The studies of a dataset folder of echoprep, out of its shards and its database.

    An item is a dict:

        "clips"   with `model` float32 [V, T, C, S, S], else uint8 [V, T, H, H] or [V, T, H, H, 3] as it lies in the shards
        "target"  float32 [targets], NaN where it is not known: no loss may count it
        "study"   the study's key in the database
        "names"   the clips' names, as in the table `clip`
        "frames"  int64 [V, T], the source frames that were taken

    The order is that of the dataset, the same in every process, so that samplers divide it alike. Shards are mapped into
    memory by each process when it first reads them, and the database is closed again: any number of workers may read.
    """

    SCHEMA = 8
    """The version of the database that this file reads."""

    def __init__(
        self, dataset: str | Path, split: str | None = None, target: str | None = None, where: str | None = None, *,
        model: EchoModel | None = None, per: str = "study", views: int | None = None, frames: int | None = None,
        stride: int | None = None, random: bool = False,
    ) -> None:
        """
        split: "train", "val" or "test"; None for all studies with clips
        target: what `echoprep train --task` learns ("icd", "lvef", "label:NAME"), a measurement of link-icd
            ("measure:NAME"), or one of its categories ("I50");
            only studies of which something is known
        where: a condition on the columns of the view `v_study`, as "age >= 18 AND ef < 40"
        model: takes the model's number of views and frames and its pixels, where nothing else is said
        per: "clip" makes every clip an item by itself, a study of one view
        views, frames, stride: at most so many clips of a study, and so many frames of each, so far apart; 8, 8 and 4
        random: views and frames are drawn anew by torch each time; otherwise they are those of `echoprep evaluate`
        """
        if per not in ("study", "clip"):
            raise ValueError("per is study or clip")
        self.input = model.input if model else None
        own = self.input or Input(8, 8, 4, False, 0, 0, (), ())
        self.views, self.frames, self.stride = views or own.views, frames or own.frames, stride or own.stride
        self.pad_views = own.pad_views and views is None
        self.random = random
        self._shards = _Shards(Path(dataset) / "shards")
        self.targets: list[str] = []
        path = (Path(dataset) / "echoprep.sqlite").resolve()
        database = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)
        try:
            version = database.execute("PRAGMA user_version").fetchone()[0]
            if version != self.SCHEMA:
                raise ValueError(f"echoprep.sqlite has schema version {version}, this file reads {self.SCHEMA}: "
                                 "use the echoprep_torch.py of the echoprep that wrote it")
            studies = _studies(database, split, where)
            labels = None
            if target is not None:
                self.targets, labels = _labels(database, target)
        finally:
            database.close()
        self._items: list[tuple[str, list[_Clip], list[float]]] = []
        for key, clips in studies.items():
            if labels is None or key in labels:
                parts = [clips] if per == "study" else [[clip] for clip in clips]
                self._items += [(key, part, labels[key] if labels else []) for part in parts]

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, index: int) -> dict[str, Any]:
        key, clips, target = self._items[index]
        views = [clips[i] for i in self._views(key, len(clips))]
        frames = [self._frames(clip.frames) for clip in views]
        pixels = torch.stack([self._shards.read(clip, chosen) for clip, chosen in zip(views, frames)])
        return {
            "clips": self.input(pixels) if self.input else pixels, "target": torch.tensor(target),
            "study": key, "names": [clip.name for clip in views], "frames": torch.tensor(frames)}

    def _views(self, key: str, count: int) -> list[int]:
        """The places of the clips that are taken, all different unless they are padded."""
        if self.random:
            drawn = torch.randperm(count)[: self.views].tolist()
        else:
            drawn = _Stream(0, "evaluation views", 0, key).sample(min(self.views, count), count)
        return [drawn[i % len(drawn)] for i in range(self.views)] if self.pad_views else drawn

    def _frames(self, count: int) -> list[int]:
        """The frames of a clip of `count`: a window at random, or the middle one; a clip that is too short wraps."""
        step = max(1, min(self.stride, count // self.frames))
        room = max(0, count - self.frames * step)
        start = int(torch.randint(room + 1, ())) if self.random else room // 2
        return [(start + i * step) % count for i in range(self.frames)]


def collate(items: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Items of `Clips` as a batch, for `DataLoader(clips, batch_size=…, collate_fn=collate)`.

    "clips" [B, V, …] and "frames" [B, V, T], where studies of fewer views are filled up with zeros; "mask" bool [B, V],
    true where a view is one; "target" [B, targets]; "study" and "names" as lists.
    """
    views = max(len(item["clips"]) for item in items)

    def filled(x: Tensor) -> Tensor:
        return torch.cat([x, x.new_zeros(views - len(x), *x.shape[1:])])

    return {
        "clips": torch.stack([filled(item["clips"]) for item in items]),
        "mask": torch.stack([torch.arange(views) < len(item["clips"]) for item in items]),
        "target": torch.stack([item["target"] for item in items]),
        "study": [item["study"] for item in items], "names": [item["names"] for item in items],
        "frames": torch.stack([filled(item["frames"]) for item in items])}


@dataclass(frozen=True, slots=True)
class _Clip:
    """A clip that was kept: its name, the file under shards/, its tensor's name there, and how many frames it has."""

    name: str
    shard: str
    tensor: str
    frames: int


def _studies(database: sqlite3.Connection, split: str | None, where: str | None) -> dict[str, list[_Clip]]:
    """The kept clips of each study, by its key; a split is the subject's, or the one that the source's own list gives."""
    studies: dict[str, list[_Clip]] = {}
    known = False
    for key, name, shard, tensor, frames, found in database.execute(f"""
            SELECT c.study_key, c.name, c.shard, coalesce(c.tensor, c.name), c.frames, coalesce(s.split, l.split)
            FROM (SELECT * FROM clip WHERE kept = 1) c
            LEFT JOIN split s ON s.subject_id = c.subject_id
            LEFT JOIN listed_study l ON l.study_key = c.study_key
            {f"WHERE c.study_key IN (SELECT study_key FROM v_study WHERE {where})" if where else ""}
            ORDER BY c.id"""):
        known |= found is not None
        if split in (None, found):
            studies.setdefault(key, []).append(_Clip(name, shard, tensor, frames))
    if split is not None and studies == {} and not known:
        raise ValueError("the dataset has no splits: run echoprep link-icd on it")
    return studies


def _labels(database: sqlite3.Connection, target: str) -> tuple[list[str], dict[str, list[float]]]:
    """The names of a target's numbers, and of each study of which one is known all of them, NaN where it is not."""
    if target == "icd":
        names = [row[0] for row in database.execute("SELECT category FROM target ORDER BY idx")]
        columns = [(place, "link-icd", name) for place, name in enumerate(names)]
    elif target == "lvef":  # in the source's own list, or better measured
        names, columns = ["EF"], [(0, "echonet", "EF"), (0, "measurements", "lvef")]
    elif target.startswith("label:"):
        source = target.removeprefix("label:")
        query = "SELECT DISTINCT target FROM label WHERE source = ? AND unit = 'study' ORDER BY target"
        names = [row[0] for row in database.execute(query, [source])]
        columns = [(place, source, name) for place, name in enumerate(names)]
    elif target.startswith("measure:"):
        names = [target.removeprefix("measure:")]
        columns = [(0, "measurements", names[0])]
    else:
        names, columns = [target], [(0, "link-icd", target)]
    values: dict[str, list[float]] = {}
    for place, source, name in columns:
        query = """SELECT key, value FROM label
                   WHERE source = ? AND unit = 'study' AND target = ? AND value IS NOT NULL"""
        for key, value in database.execute(query, [source, name]):
            values.setdefault(key, [math.nan] * len(names))[place] = value
    if not values:
        raise ValueError("the dataset has no labels of this target")
    return names, values


class _Shards:
    """Frames out of the shards of a dataset: safetensors files, mapped by each process that reads them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._open: dict[str, tuple[memoryview, dict[str, Any]]] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {"folder": self.folder, "_open": {}}

    def _tensor(self, clip: _Clip) -> tuple[memoryview, list[int]]:
        """A tensor's bytes, not copied, and its shape."""
        if clip.shard not in self._open:
            with open(self.folder / clip.shard, "rb") as file:
                memory = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
            start = 8 + int.from_bytes(memory[:8], "little")
            self._open[clip.shard] = memory[start:], json.loads(bytes(memory[8:start]))
        memory, header = self._open[clip.shard]
        entry = header[clip.tensor]
        first, last = entry["data_offsets"]
        return memory[first:last], entry["shape"]

    def read(self, clip: _Clip, frames: Sequence[int]) -> Tensor:
        """Frames of a clip: uint8 [len(frames), H, W] or [len(frames), H, W, 3]."""
        data, shape = self._tensor(clip)
        if len(shape) == 1:
            return torch.stack([_png(data, frame) for frame in frames])
        size = math.prod(shape[1:])
        pixels = bytearray().join(data[frame * size : (frame + 1) * size] for frame in frames)
        return torch.frombuffer(pixels, dtype=torch.uint8).reshape(len(frames), *shape[1:])


def _png(data: memoryview, frame: int) -> Tensor:
    """A frame of a compressed clip: an index of 64-bit numbers, the first of them how many, then a PNG file a frame."""
    import io

    from PIL import Image

    first, last = (int.from_bytes(data[8 * place : 8 * place + 8], "little") for place in (frame + 1, frame + 2))
    picture = Image.open(io.BytesIO(data[first:last]))
    shape = (picture.height, picture.width, 3) if picture.mode == "RGB" else (picture.height, picture.width)
    return torch.frombuffer(bytearray(picture.tobytes()), dtype=torch.uint8).reshape(shape)


class _Stream:
    """echoprep's named streams of chance: xoshiro256** (Blackman and Vigna 2018), seeded by SplitMix64 over its labels."""

    def __init__(self, seed: int, *labels: object) -> None:
        for label in labels:
            for byte in str(label).encode():
                seed = (seed ^ byte) * 0x100_0000_01B3 % 2**64
            seed = self._mix(seed + 0x9E37_79B9_7F4A_7C15)
        self.state = [self._mix(seed + place * 0x9E37_79B9_7F4A_7C15) for place in range(1, 5)]

    @staticmethod
    def _mix(z: int) -> int:
        z %= 2**64
        z = (z ^ (z >> 30)) * 0xBF58_476D_1CE4_E5B9 % 2**64
        z = (z ^ (z >> 27)) * 0x94D0_49BB_1331_11EB % 2**64
        return z ^ (z >> 31)

    def words(self) -> Iterator[int]:
        """64 random bits each."""

        def rotated(x: int, count: int) -> int:
            return (x << count | x >> (64 - count)) % 2**64

        while True:
            a, b, c, d = self.state
            self.state = [a ^ d ^ b, b ^ c ^ a, c ^ a ^ (b << 17) % 2**64, rotated(d ^ b, 45)]
            yield rotated(b * 5 % 2**64, 7) * 9 % 2**64

    def below(self, bound: int) -> int:
        """Uniform in 0 ..< bound, without bias (Lemire 2019)."""
        for word in self.words():
            if word * bound % 2**64 >= 2**64 % bound:
                return word * bound >> 64
        raise AssertionError("words never end")

    def sample(self, count: int, total: int) -> list[int]:
        """The first `count` of a random order of 0 ..< total (Fisher and Yates)."""
        order = list(range(total))
        for i in range(count):
            j = i + self.below(total - i)
            order[i], order[j] = order[j], order[i]
        return order[:count]
