"""Writes fixtures/models/*.safetensors: one step of very small models as PyTorch takes it.

    python Tests/Oracles/peers/freeze_models.py fixtures/models

`make test` compares the Swift code with these, without Python. Each file is a trace as `train --trace` writes it: config,
input, masks or targets, weights, loss, output and gradients, all by the implementation in Tests/Oracles/model.py in F64.
"""

import json
import pathlib
import sys

import torch
from safetensors.torch import save_file
from torch.nn import functional as F

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from model import Model  # noqa: E402

SIZES = {"image": 12, "patch": 4, "channels": 1, "views": 3, "frames": 2, "dim": 12, "depth": 1, "heads": 3,
         "latent_depth": 1, "latent_heads": 2, "decoder_dim": 8, "decoder_depth": 1, "decoder_heads": 2,
         "latent_masking": "drop", "mask_views": 0, "latent_queries": 0, "norm_pix": False, "outputs": 5}
CASES = {
    "lamae-pretrain": {"model": "lamae", "task": "pretrain"},
    "lamae-beyond-pretrain": {"model": "lamae", "task": "pretrain", "latent_masking": "token", "mask_views": 1,
                              "latent_queries": 4},
    "video-lamae-token-pretrain": {"model": "video-lamae", "task": "pretrain", "latent_masking": "token"},
    "mae-rgb-pretrain": {"model": "mae", "task": "pretrain", "channels": 3, "norm_pix": True},
    "video-mae-pretrain": {"model": "video-mae", "task": "pretrain"},
    "lamae-icd": {"model": "lamae", "task": "icd"},
    "video-lamae-queries-icd": {"model": "video-lamae", "task": "icd", "latent_queries": 4},
    "mae-icd": {"model": "mae", "task": "icd"},
    "lamae-linear-icd": {"model": "lamae", "task": "icd", "linear_head": True},
    "mae-attentive-icd": {"model": "mae", "task": "icd", "probe": "attentive"},
}
STUDIES, KEPT, KEPT_LATENT = 2, 3, 3 / 4


def draw(c, generator):
    """The masks of a step: patches of each frame, or of each view for video models; tokens of each study."""
    def some(count, of):
        return torch.randperm(of, generator=generator)[:count].sort().values

    patches = (c["image"] // c["patch"]) ** 2
    views = STUDIES * c["views"]
    if c["model"].startswith("video-"):
        keep = torch.stack([some(KEPT, patches).expand(c["frames"], KEPT) for _ in range(views)])
    else:
        keep = torch.stack([some(KEPT, patches) for _ in range(views * c["frames"])])
    keep = keep.reshape(STUDIES, c["views"], c["frames"], KEPT).contiguous()
    if not c["model"].endswith("lamae"):
        return {"keep": keep}
    per_view = c["frames"] * KEPT
    rows = []
    for _ in range(STUDIES):
        views = some(c["views"] - c["mask_views"], c["views"])
        tokens = (views[:, None] * per_view + torch.arange(per_view)).flatten()
        rows.append(tokens[some(round(len(tokens) * KEPT_LATENT), len(tokens))])
    return {"keep": keep, "keep_latent": torch.stack(rows)}


def main(folder):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for number, (name, case) in enumerate(CASES.items()):
        c = SIZES | case
        generator = torch.Generator().manual_seed(number)
        model = Model(c).double()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.copy_((0.3 * torch.randn(parameter.shape, generator=generator)).float())
        x = torch.randn(STUDIES, c["views"], c["frames"], c["channels"], c["image"], c["image"], generator=generator)
        trace = {"input": x}
        if c["task"] == "pretrain":
            masks = draw(c, generator)
            loss, output = model.pretrain(x.double(), masks["keep"], masks.get("keep_latent"))
            trace |= masks | {"prediction": output.detach().float()}
        else:
            trace["target"] = (torch.rand(STUDIES, c["outputs"], generator=generator) < 0.4).float()
            output = model.logits(x.double())
            loss = F.binary_cross_entropy_with_logits(output, trace["target"].double())
            trace["logits"] = output.detach().float()
        loss.backward()
        trace["loss"] = loss.detach().float().reshape(1)
        for parameter_name, parameter in model.named_parameters():
            trace[f"param.{parameter_name}"] = parameter.detach().float()
            trace[f"grad.{parameter_name}"] = parameter.grad.float()
        path = folder / f"{name}.safetensors"
        save_file({n: t.contiguous() for n, t in trace.items()}, path, {"config": json.dumps(c, sort_keys=True)})
        print(f"{path}: loss {loss.item():.6f}, {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main(sys.argv[1])
