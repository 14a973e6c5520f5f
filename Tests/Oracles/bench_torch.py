"""The peer of `echobench train`: the same step of the same model in PyTorch, one for each line on stdin.

usage: python Tests/Oracles/bench_torch.py '{"model": "lamae", "outputs": 0, …}' [--threads 4] [--precision bf16]
       [--studies 1] [--compile] [--device cuda]

Prints "ready" and its version after a first step that is not timed, then for each line the seconds of one step and the peak of
memory in bytes, on a card of what it reserves there, else of what is resident. Attention is PyTorch's own scaled_dot_product_attention; only kept patches are embedded.
"""

import argparse
import json
import resource
import sys
import time

import model as oracle
import torch
from torch.nn import functional as F


class Attention(oracle.Attention):
    def forward(self, x):
        batch, tokens, width = x.shape
        q, k, v = self.qkv(x).reshape(batch, tokens, 3, self.heads, -1).permute(2, 0, 3, 1, 4).unbind(0)
        y = F.scaled_dot_product_attention(q, k, v)
        return self.proj(y.transpose(1, 2).reshape(batch, tokens, width))


class Model(oracle.Model):
    """The oracle's model in F32, with its tables made once and its patches embedded as rows."""

    def __init__(self, c):
        super().__init__(c)
        for module in self.modules():
            if isinstance(module, oracle.Attention):
                module.__class__ = Attention
        for name, width in (("dim", c["dim"]), ("decoder", c["decoder_dim"])):
            self.register_buffer(f"space_{name}", oracle.space_table(self.side, width).float())
            self.register_buffer(f"time_{name}", oracle.sine_cosine(range(c["frames"]), width).float())

    def encode(self, x, keep):
        b, v, t = x.shape[:3]
        p, side = self.c["patch"], self.side
        patches = x.unflatten(5, (side, p)).unflatten(4, (side, p)).permute(0, 1, 2, 4, 6, 3, 5, 7).flatten(5, 7)
        patches = patches.flatten(3, 4)
        if keep is None:
            space = self.space_dim
        else:
            patches = patches.gather(3, keep[..., None].expand(*keep.shape, patches.shape[-1]))
            space = self.space_dim[keep]
        projection = self.patch_embed["proj"]
        tokens = F.linear(patches, projection.weight.flatten(1), projection.bias) + space
        if self.video:
            tokens = tokens + self.time_dim[:, None]
        kept = tokens.shape[3]
        tokens = tokens.flatten(0, 1).flatten(1, 2) if self.video else tokens.flatten(0, 2)
        for block in self.blocks:
            tokens = block(tokens)
        return self.norm(tokens).reshape(b, v, t, kept, -1)

    def attend(self, z, keep=None):
        if not self.video:
            z = z + self.time_dim[:, None]
        z = z.flatten(1, 3)
        if keep is not None:
            z = z.gather(1, keep[..., None].expand(*keep.shape, z.shape[-1]))
        for block in self.latent_blocks:
            z = block(z)
        return self.latent_norm(z)

    def pretrain_loss(self, x, keep, keep_latent):
        b, v, t = x.shape[:3]
        n = self.side**2
        z = self.encode(x, keep)
        slot = (torch.arange(v * t).reshape(1, v, t, 1) * n + keep).flatten(1)
        if self.latent:
            z, slot = self.attend(z, keep_latent), slot.gather(1, keep_latent)
        else:
            z = z.flatten(1, 3)
        z = self.decoder_embed(z)
        width = z.shape[-1]
        y = self.mask_token.to(z.dtype).expand(b, v * t * n, width)
        y = y.scatter(1, slot[..., None].expand(*slot.shape, width), z).reshape(b, v, t, n, width)
        y = y + self.space_decoder + self.time_decoder[:, None]
        y = y.flatten(0, 1).flatten(1, 2) if self.video else y.flatten(0, 2)
        for block in self.decoder_blocks:
            y = block(y)
        prediction = self.decoder_pred(self.decoder_norm(y)).reshape(b, v, t, n, -1)
        masked = torch.ones(b, v, t, n).scatter(3, keep, 0.0)
        error = ((prediction.float() - self.patchify(x)) ** 2).mean(-1)
        return ((error * masked).sum(-1) / masked.sum(-1)).mean()

    def finetune_loss(self, x, target):
        z = self.encode(x, None)
        z = self.attend(z) if self.latent else z.flatten(1, 3)
        logits = self.head["fc2"](F.gelu(self.head["fc1"](z.mean(1))))
        return F.binary_cross_entropy_with_logits(logits.float(), target)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("configuration", type=json.loads)
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--studies", type=int, default=1)
    parser.add_argument("--precision", choices=["f32", "bf16"], default="f32")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    torch.set_default_device(options.device)
    on_card = options.device.startswith("cuda")
    # The race is run by the paper's models: without what goes beyond them.
    c = {"latent_queries": 0, "latent_masking": "drop"} | options.configuration
    c["task"] = "icd" if c["outputs"] else "pretrain"
    model = Model(c)
    shape = (options.studies, c["views"], c["frames"])
    x = torch.rand(*shape, c["channels"], c["image"], c["image"]) * 2 - 1
    n, kept = model.side**2, c.get("kept", 0)
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=0.05, fused=on_card or None)
    pretrain, finetune = model.pretrain_loss, model.finetune_loss
    if options.compile:
        pretrain, finetune = torch.compile(pretrain), torch.compile(finetune)

    def step():
        with torch.autocast(options.device.split(":")[0], torch.bfloat16, enabled=options.precision == "bf16"):
            if c["task"] == "pretrain":
                frames = (*shape[:2], 1) if model.video else shape
                keep = torch.rand(*frames, n).argsort(-1)[..., :kept].expand(*shape, kept)
                tokens = c["views"] * c["frames"] * kept
                keep_latent = torch.rand(options.studies, tokens).argsort(-1)[:, : tokens * 3 // 4]
                loss = pretrain(x, keep, keep_latent)
            else:
                loss = finetune(x, torch.ones(options.studies, c["outputs"]))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad()
        return loss.item()

    step()
    print("ready", torch.__version__, flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        step()
        seconds = time.perf_counter() - start
        resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        print(seconds, torch.cuda.max_memory_reserved() if on_card else resident, flush=True)


if __name__ == "__main__":
    main()
