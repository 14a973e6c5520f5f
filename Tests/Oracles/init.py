"""`echoprep train --init` from look-alikes of public checkpoints, against timm and PyTorch.

usage: python Tests/Oracles/init.py PATH_OF_ECHOPREP_BINARY

For ViTs of timm, MAE and VideoMAE (as their authors and as transformers 4 name them, and as transformers 5 itself keeps and
writes them) it checks that every weight that has
a place in our model is there after loading, that all others are as they would be without --init, that the report counts
them, and that the features of an input are those of the other implementation.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch.nn import functional as F

from model import dataset, sine_cosine, space_table

# PyPI's torchvision is built for another torch than the processor's own; timm needs its names only.
torchvision = torch.library.Library("torchvision", "DEF")
for operation in ("nms", "qnms"):
    torchvision.define(f"{operation}(Tensor boxes, Tensor scores, float threshold) -> Tensor")

import timm  # noqa: E402
import transformers  # noqa: E402

DIM, DEPTH, HEADS, PATCH, SIDE = 96, 4, 4, 14, 8  # the preset `tiny`
WIDTH, DECODER_DEPTH = 48, 2
LIMIT = 1e-5


def randomise(tensors):
    """Values that show every mix-up: none is 0 or 1, as those of fresh norms and biases are."""
    generator = torch.Generator().manual_seed(3)
    for name, tensor in tensors.items():
        near = 1.0 if ("norm" in name or "ln" in name) and name.endswith("weight") else 0.0
        scale = 0.5 if "gamma" in name else 0.05
        with torch.no_grad():
            tensor.copy_(near + scale * torch.randn(tensor.shape, generator=generator))
    return tensors


# timm


def vit(**options):
    """A ViT of timm's, its tensors, what they are in our model, and its features of frames [n, C, H, W]."""
    model = timm.create_model("vit_tiny_patch16_224", pretrained=False, patch_size=PATCH, embed_dim=DIM, depth=DEPTH,
                              num_heads=HEADS, **options).eval()
    tensors = randomise(dict(model.named_parameters()))
    expected = {n: t for n, t in tensors.items() if n.split(".")[0] in ("patch_embed", "blocks", "norm")}
    for i, block in enumerate(model.blocks):
        for layer, scale in (("attn.proj", block.ls1), ("mlp.fc2", block.ls2)):
            gamma = getattr(scale, "gamma", None)
            if gamma is not None:
                del expected[f"blocks.{i}.ls{1 if layer == 'attn.proj' else 2}.gamma"]
                expected[f"blocks.{i}.{layer}.weight"] = gamma[:, None] * tensors[f"blocks.{i}.{layer}.weight"]
                expected[f"blocks.{i}.{layer}.bias"] = gamma * tensors[f"blocks.{i}.{layer}.bias"]
    norm = model.norm
    if not isinstance(norm, torch.nn.LayerNorm):
        norm = model.fc_norm
        expected |= {f"norm.{n}": t for n, t in norm.named_parameters()}

    def features(x, frames):
        kernel = tensors["patch_embed.proj.weight"]
        x = x.expand(-1, kernel.shape[1], -1, -1)  # gray is red, green and blue alike
        x = F.conv2d(x, kernel, tensors["patch_embed.proj.bias"], PATCH).flatten(2).transpose(1, 2)
        return norm(model.blocks(placed(x, frames)))

    return tensors, expected, features


def placed(tokens, frames):
    """Adds our positions; with `frames`, so many consecutive ones are one sequence."""
    tokens = tokens + space_table(SIDE, DIM).float()
    if frames is None:
        return tokens
    tokens = tokens.unflatten(0, (-1, frames)) + sine_cosine(range(frames), DIM).float()[:, None]
    return tokens.flatten(1, 2)


# MAE and VideoMAE


def block_names(style, name):
    """The layers of a block: where we have them, and where they do."""
    if style == "timm":
        layers = ["norm1", "attn.qkv", "attn.proj", "norm2", "mlp.fc1", "mlp.fc2"]
        return {layer: f"{name}.{layer}" for layer in layers}
    return {"norm1": f"{name}.layernorm_before", "attn.proj": f"{name}.attention.output.dense",
            "norm2": f"{name}.layernorm_after", "mlp.fc1": f"{name}.intermediate.dense",
            "mlp.fc2": f"{name}.output.dense"}


def public(style, video, encoder, decoder, top, channels):
    """A masked autoencoder's tensors under other names, what they are in ours, and its features.

    style: `timm` for the authors' names within a block, `transformers` for those. `encoder`, `decoder`: the names of
    the stacks of blocks. `top`: our names of the other tensors to theirs.
    """
    tensors, expected = {}, {}

    def add(ours, theirs, *shape):
        tensors[theirs] = torch.empty(shape)
        if ours:
            expected[ours] = tensors[theirs]

    def attention(ours, theirs, width):
        if style == "timm":
            add(f"{ours}.attn.qkv.weight", f"{theirs}.attn.qkv.weight", 3 * width, width)
            if not video:
                add(f"{ours}.attn.qkv.bias", f"{theirs}.attn.qkv.bias", 3 * width)
            biases = [f"{theirs}.attn.{n}_bias" for n in ("q", "v")]
        else:
            for n in ("query", "key", "value"):
                add(None, f"{theirs}.attention.attention.{n}.weight", width, width)
                if not video:
                    add(None, f"{theirs}.attention.attention.{n}.bias", width)
            biases = [f"{theirs}.attention.attention.{n}_bias" for n in ("q", "v")]
        for name in biases if video else []:
            add(None, name, width)

    def stack(ours, theirs, depth, width):
        for i in range(depth):
            for layer, name in block_names(style, f"{theirs}.{i}").items():
                inputs, outputs = {"mlp.fc1": (width, 4 * width), "mlp.fc2": (4 * width, width)}.get(
                    layer, (width, width))
                if layer != "attn.qkv":
                    shape = (width,) if "norm" in layer else (outputs, inputs)
                    add(f"{ours}.{i}.{layer}.weight", f"{name}.weight", *shape)
                    add(f"{ours}.{i}.{layer}.bias", f"{name}.bias", outputs)
            attention(f"{ours}.{i}", f"{theirs}.{i}", width)

    kernel = (DIM, 3, 2, PATCH, PATCH) if video else (DIM, 3, PATCH, PATCH)
    add("patch_embed.proj.weight", top["patch_embed.proj"] + ".weight", *kernel)
    add("patch_embed.proj.bias", top["patch_embed.proj"] + ".bias", DIM)
    stack("blocks", encoder, DEPTH, DIM)
    add("norm.weight", top["norm"] + ".weight", DIM)
    add("norm.bias", top["norm"] + ".bias", DIM)
    add("decoder_embed.weight", top["decoder_embed"] + ".weight", WIDTH, DIM)
    if not video:
        add("decoder_embed.bias", top["decoder_embed"] + ".bias", WIDTH)
        add(None, top["cls_token"], 1, 1, DIM)
        add(None, top["pos_embed"], 1, 197, DIM)
        add(None, top["decoder_pos_embed"], 1, 197, WIDTH)
    add("mask_token", top["mask_token"], 1, 1, WIDTH)
    stack("decoder_blocks", decoder, DECODER_DEPTH, WIDTH)
    add("decoder_norm.weight", top["decoder_norm"] + ".weight", WIDTH)
    add("decoder_norm.bias", top["decoder_norm"] + ".bias", WIDTH)
    outputs = PATCH * PATCH * 3 * (2 if video else 1)
    add("decoder_pred.weight", top["decoder_pred"] + ".weight", outputs, WIDTH)
    add("decoder_pred.bias", top["decoder_pred"] + ".bias", outputs)

    randomise(tensors)
    expected["mask_token"] = expected["mask_token"].flatten()
    for ours, theirs, depth in (("blocks", encoder, DEPTH), ("decoder_blocks", decoder, DECODER_DEPTH)):
        for i in range(depth):
            here, there = f"{ours}.{i}.attn.qkv", f"{theirs}.{i}.attention.attention"
            if style == "transformers":
                expected[f"{here}.weight"] = torch.cat([tensors[f"{there}.{n}.weight"] for n in ("query", "key", "value")])
            if video:
                q, v = (tensors[f"{there}.{n}_bias" if style == "transformers" else f"{theirs}.{i}.attn.{n}_bias"]
                        for n in ("q", "v"))
                expected[f"{here}.bias"] = torch.cat([q, torch.zeros_like(q), v])
            elif style == "transformers":
                expected[f"{here}.bias"] = torch.cat([tensors[f"{there}.{n}.bias"] for n in ("query", "key", "value")])

    def features(x, frames):
        weight, bias = (expected[f"patch_embed.proj.{n}"] for n in ("weight", "bias"))
        x = x.expand(-1, 3, -1, -1)
        if video:  # a picture that stands still for two frames
            x = F.conv3d(torch.stack([x, x], dim=2), weight, bias, (2, PATCH, PATCH)).flatten(2).transpose(1, 2)
        else:
            x = F.conv2d(x, weight, bias, PATCH).flatten(2).transpose(1, 2)
        x = placed(x, frames)

        def linear(x, name):
            return F.linear(x, expected[name + ".weight"], expected[name + ".bias"])

        def norm(x, name):
            return F.layer_norm(x, (DIM,), expected[name + ".weight"], expected[name + ".bias"], 1e-6)

        for i in range(DEPTH):
            block = f"blocks.{i}"
            q, k, v = (part.unflatten(-1, (HEADS, -1)).transpose(1, 2)
                       for part in linear(norm(x, f"{block}.norm1"), f"{block}.attn.qkv").chunk(3, dim=-1))
            if video:  # no bias of keys: q·(k + b) shifts all scores of a query alike
                assert not expected[f"{block}.attn.qkv.bias"][DIM : 2 * DIM].any()
            attended = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
            x = x + linear(attended, f"{block}.attn.proj")
            x = x + linear(F.gelu(linear(norm(x, f"{block}.norm2"), f"{block}.mlp.fc1")), f"{block}.mlp.fc2")
        return norm(x, "norm")

    return tensors, expected, features


def transformers_names(video):
    prefix = "videomae" if video else "vit"
    inner = "" if video else "decoder."
    return {"patch_embed.proj": f"{prefix}.embeddings.patch_embeddings.projection", "norm": f"{prefix}.layernorm",
            "decoder_embed": "encoder_to_decoder" if video else "decoder.decoder_embed",
            "decoder_norm": "decoder.norm" if video else "decoder.decoder_norm",
            "decoder_pred": "decoder.head" if video else "decoder.decoder_pred", "mask_token": f"{inner}mask_token",
            "cls_token": f"{prefix}.embeddings.cls_token", "pos_embed": f"{prefix}.embeddings.position_embeddings",
            "decoder_pos_embed": "decoder.decoder_pos_embed"}


def transformers_5(video, written):
    """A model of transformers' own: its tensors as they are in memory or as `save_pretrained` has written them, what they
    are in ours, and its features by its own layers."""
    sizes = dict(image_size=SIDE * PATCH, patch_size=PATCH, hidden_size=DIM, num_hidden_layers=DEPTH,
                 num_attention_heads=HEADS, intermediate_size=4 * DIM, layer_norm_eps=1e-6, decoder_hidden_size=WIDTH,
                 decoder_num_hidden_layers=DECODER_DEPTH, decoder_num_attention_heads=3,
                 decoder_intermediate_size=4 * WIDTH)
    if video:
        model = transformers.VideoMAEForPreTraining(
            transformers.VideoMAEConfig(**sizes, num_frames=2, tubelet_size=2, use_mean_pooling=False)).eval()
        encoder, layers = model.videomae, model.videomae.encoder.layer
        norm, pred = model.decoder.norm, model.decoder.head
    else:
        model = transformers.ViTMAEForPreTraining(transformers.ViTMAEConfig(**sizes)).eval()
        encoder, layers = model.vit, model.vit.layers
        norm, pred = model.decoder.decoder_norm, model.decoder.decoder_pred
    randomise(dict(model.named_parameters()))
    if written:
        with tempfile.TemporaryDirectory() as folder:
            model.save_pretrained(folder)
            tensors = load_file(f"{folder}/model.safetensors")
    else:
        tensors = dict(model.state_dict())

    expected = {}

    def add(name, layer):
        expected.update({f"{name}.{kind}": tensor for kind, tensor in layer.named_parameters()})

    add("patch_embed.proj", encoder.embeddings.patch_embeddings.projection)
    add("norm", encoder.layernorm)
    add("decoder_embed", model.encoder_to_decoder if video else model.decoder.decoder_embed)
    add("decoder_norm", norm)
    add("decoder_pred", pred)
    expected["mask_token"] = (model if video else model.decoder).mask_token.flatten()
    for name, stack in (("blocks", layers), ("decoder_blocks", model.decoder.decoder_layers)):
        for i, layer in enumerate(stack):
            block, attention = f"{name}.{i}", layer.attention
            add(f"{block}.norm1", layer.layernorm_before)
            add(f"{block}.norm2", layer.layernorm_after)
            add(f"{block}.attn.proj", attention.output.dense if video else attention.o_proj)
            add(f"{block}.mlp.fc1", layer.intermediate.dense if video else layer.mlp.fc1)
            add(f"{block}.mlp.fc2", layer.output.dense if video else layer.mlp.fc2)
            parts = [getattr(attention.attention, n) for n in ("query", "key", "value")] if video else [
                getattr(attention, n) for n in ("q_proj", "k_proj", "v_proj")]
            expected[f"{block}.attn.qkv.weight"] = torch.cat([part.weight for part in parts])
            expected[f"{block}.attn.qkv.bias"] = torch.cat(
                [torch.zeros(len(part.weight)) if part.bias is None else part.bias for part in parts])

    def features(x, frames):
        x = x.expand(-1, 3, -1, -1)
        x = encoder.embeddings.patch_embeddings(torch.stack([x, x], dim=1) if video else x)
        x = placed(x, frames)
        for layer in layers:
            x = layer(x)
        return encoder.layernorm(x)

    return tensors, expected, features


MAE_NAMES = {name: name for name in ("patch_embed.proj", "norm", "decoder_embed", "decoder_norm", "decoder_pred",
                                     "mask_token", "cls_token", "pos_embed", "decoder_pos_embed")}
VIDEOMAE_NAMES = {"patch_embed.proj": "encoder.patch_embed.proj", "norm": "encoder.norm",
                  "decoder_embed": "encoder_to_decoder", "decoder_norm": "decoder.norm", "decoder_pred": "decoder.head",
                  "mask_token": "mask_token"}

SOURCES = {
    "timm ViT": lambda: vit(img_size=224, num_classes=7),
    "timm ViT with LayerScale, mean pooling": lambda: vit(
        img_size=112, in_chans=1, class_token=False, global_pool="avg", init_values=0.1, num_classes=0),
    "MAE": lambda: public("timm", False, "blocks", "decoder_blocks", MAE_NAMES, 3),
    "MAE in transformers": lambda: public(
        "transformers", False, "vit.encoder.layer", "decoder.decoder_layers", transformers_names(False), 3),
    "VideoMAE": lambda: public("timm", True, "encoder.blocks", "decoder.blocks", VIDEOMAE_NAMES, 3),
    "VideoMAE in transformers": lambda: public(
        "transformers", True, "videomae.encoder.layer", "decoder.decoder_layers", transformers_names(True), 3),
    "MAE of transformers 5, in memory": lambda: transformers_5(False, False),
    "MAE of transformers 5, written": lambda: transformers_5(False, True),
    "VideoMAE of transformers 5, in memory": lambda: transformers_5(True, False),
    "VideoMAE of transformers 5, written": lambda: transformers_5(True, True),
}
TARGETS = [("mae", "icd", 1), ("video-mae", "icd", 3), ("lamae", "pretrain", 1), ("video-lamae", "pretrain", 3)]


def fitted(name, tensor, shape):
    """What our model of this shape takes of a tensor; none if it cannot."""
    if name == "patch_embed.proj.weight":
        if tensor.ndim == 5:
            tensor = tensor.sum(2)
        if shape[1] == 1:
            tensor = tensor.sum(1, keepdim=True)
    return tensor if tensor.shape == shape else None


class Runs:
    """Traces of first steps of `echoprep train`."""

    def __init__(self, binary, scratch):
        self.binary, self.scratch, self.count, self.fresh = binary, scratch, 0, {}

    def trace(self, model, task, channels, *options, fails=False):
        data = self.scratch / f"data-{channels}"
        if not data.exists():
            dataset(data, 1, 2, 12, channels)
        self.count += 1
        path = self.scratch / f"trace-{self.count}.safetensors"
        command = [self.binary, "train", "--dataset", data, "--run", self.scratch / f"run-{self.count}", "--model",
                   model, "--task", task, "--epochs", "1", "--views", "2", "--frames", "3", "--batch", "1",
                   "--pictures-every", "0", "--trace", path, *options]
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
        if fails:
            assert done.returncode == 1, done.stderr
            return {}, done.stderr
        assert done.returncode == 0, done.stderr
        with safe_open(path, "pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}
        path.unlink()
        return tensors, done.stderr

    def unchanged(self, *key):
        if key not in self.fresh:
            self.fresh[key] = self.trace(*key)[0]
        return self.fresh[key]


def check(runs, source, model, task, channels):
    tensors, expected, features = SOURCES[source]()
    path = runs.scratch / "weights.safetensors"
    save_file({name: tensor.detach().contiguous() for name, tensor in tensors.items()}, path)
    trace, report = runs.trace(model, task, channels, "--init", path)
    fresh = runs.unchanged(model, task, channels)
    loaded, other_shape = 0, 0
    for name in [n.removeprefix("param.") for n in trace if n.startswith("param.")]:
        found = trace[f"param.{name}"]
        wanted = fitted(name, expected[name].detach(), found.shape) if name in expected else None
        loaded += wanted is not None
        other_shape += wanted is None and name in expected
        wanted = fresh[f"param.{name}"] if wanted is None else wanted
        assert torch.allclose(found, wanted, rtol=1e-6, atol=1e-7), f"{name} is not as it should be"
    all_ours = sum(n.startswith("param.") for n in trace)
    assert f"{loaded} of the model's {all_ours} tensors loaded" in report, report

    def counted(kind):
        line = re.search(rf"  {kind}[^\n]* \((\d+)\): ", report)
        return int(line[1]) if line else 0

    assert counted("left fresh, of another shape") == other_shape, report
    assert counted("left fresh, not in") == all_ours - loaded - other_shape, report
    used = counted("changed to fit")
    left = counted("of no use here") + counted("ignored")
    text = f"{source} to {model} {task} {'rgb' if channels == 3 else 'gray'}: {loaded} of {all_ours} loaded, " \
           f"{used} of them changed, {other_shape} of another shape, {left} of the file's not used"
    if task == "icd" and (channels == 1 or tensors_channels(expected) == 3):
        video = model.startswith("video-")
        with torch.no_grad():
            x = trace["input"]
            z = features(x.flatten(0, 2), x.shape[2] if video else None).flatten(0, 1).mean(0)
            head = {n: trace[f"param.head.{n}"] for n in ("fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias")}
            logits = F.linear(F.gelu(F.linear(z, head["fc1.weight"], head["fc1.bias"])), head["fc2.weight"],
                              head["fc2.bias"])
        off = ((trace["logits"][0] - logits).norm() / logits.norm()).item()
        assert off <= LIMIT, f"{text}: features differ by {off:.1e}"
        text += f", features differ by {off:.1e}"
    print(text, flush=True)


def tensors_channels(expected):
    return expected["patch_embed.proj.weight"].shape[1]


def main(binary):
    torch.manual_seed(1)
    with tempfile.TemporaryDirectory() as scratch:
        runs = Runs(binary, Path(scratch))
        for source in SOURCES:
            for target in TARGETS:
                check(runs, source, *target)
        path = runs.scratch / "weights.safetensors"
        save_file({"conv1.weight": torch.zeros(8, 3, 3, 3)}, path)
        _, message = runs.trace("mae", "icd", 1, "--init", path, fails=True)
        assert "holds no tensor that fits the model" in message, message
        save_file({n: t.detach().contiguous() for n, t in SOURCES["timm ViT"]()[0].items()}, path)
        _, message = runs.trace("mae", "icd", 1, "--init", path, "--init-strict", fails=True)
        assert "does not match the model in full" in message, message
        torch.save({}, path)
        _, message = runs.trace("mae", "icd", 1, "--init", path, fails=True)
        assert "safetensors.torch.save_file" in message, message
        print(f"strange names, --init-strict and a pickle are refused; features may differ by {LIMIT:.0e}")


if __name__ == "__main__":
    main(sys.argv[1])
