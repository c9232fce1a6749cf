"""The flow transformer: spacetime tokens, text and time -> velocity. The Sora recipe (DiT, Peebles & Xie 2023).

Text tokens stand in front of the video tokens in one self-attention; only video tokens carry a place, by 3-D rotary
positions (Su et al. 2021, one share of each head for time, row and column). Time enters by one shared modulation with a
learned offset a block (adaLN-single, Chen et al. 2023). Frames that are known enter clean and marked, wherever they
stand: a token of several frames has a mark for each. Rotary positions say how far tokens lie from each other; with
`places` each is also told where in the picture it lies, without which no token knows the left from the right but by
its distance from the text. A path, the codes of the steps of the clip to come (`CodePath`), is added to the tokens of
its steps and to the modulation.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int, Real
from torch import Tensor, nn

from cuspworld.errors import CuspError
from cuspworld.models import ADAPTER, load_module, save_module

FORMATS = "formats.safetensors"  # what is added for formats beside the own one, where that would not be as good by it
SHORT = 1024  # tokens
PREDICTS = ("velocity", "data")
PLACE_WAVES = (0.25, 0.5, 1.0, 2.0, 4.0)  # over a picture's width
LEAST_LEFT = 0.05  # of 1 - time, by which a predicted clip becomes a velocity


@dataclass(frozen=True)
class TransformerConfig:
    token_channels: int = 64  # patch * patch * latent channels
    width: int = 320
    depth: int = field(default=8, metadata={"most": 256})
    heads: int = 5
    text_width: int = 128  # of the prompt encoder's output
    rotary_base: float = 100.0  # clips are tens of latents long, not thousands of words
    frames: int = 1  # latent frames a token
    code_width: int = field(default=0, metadata={"least": 0})  # numbers of a step's code; 0: no paths
    code_kinds: int = 1  # kinds of clips, each with codes of its own
    by_steps: bool = False  # taught to go on from any number of whole steps: a window is made step by step
    predicts: str = "velocity"  # or "data": a token of more numbers than `width` has noise that no velocity can follow
    sketch: int = field(default=0, metadata={"least": 0})  # numbers of a token of `SceneCode.sketch`; 0: codes alone
    places: bool = False  # tokens are told where in the picture they lie, beside how far from each other
    formats: tuple[str, ...] = ()  # beside the model's own, that it was taught: "64x96@10", height x width @ rate


@dataclass(frozen=True)
class CodePath:
    """The codes of a clip's steps, of which kind they are, how much noise was added to them (`noise`, in units of the
    codes' spread), and whether there are any (a row without is the flow alone). `sketch`: what they show, in tokens."""

    codes: Float[Tensor, "b s k"]
    kind: Int[Tensor, " b"]
    noise: Float[Tensor, " b"]
    given: Bool[Tensor, " b"]
    sketch: Float[Tensor, "b n e"] | None = None

    def expand(self, batch: int) -> CodePath:
        """The one row of this path as often as the batch has rows."""
        parts = (self.codes, self.kind, self.noise, self.given) + (() if self.sketch is None else (self.sketch,))
        return CodePath(*(part.expand(batch, *part.shape[1:]) for part in parts))


def rotary(positions: Real[Tensor, "b n 3"], head: int, base: float) -> tuple[Tensor, Tensor]:
    """cos and sin (b, 1, n, head/2): the head's pairs are shared out to time, row and column."""
    pairs = head // 2
    spatial = pairs // 3
    shares = (pairs - 2 * spatial, spatial, spatial)
    angles = []
    for axis, share in enumerate(shares):
        frequency = base ** (-torch.arange(share, device=positions.device) / share)
        angles.append(positions[..., axis, None] * frequency)
    angle = torch.cat(angles, dim=-1)[:, None]
    return angle.cos(), angle.sin()


def rotate(x: Float[Tensor, "b heads n c"], cos: Tensor, sin: Tensor) -> Float[Tensor, "b heads n c"]:
    first, second = x.chunk(2, dim=-1)
    return torch.cat([first * cos - second * sin, first * sin + second * cos], dim=-1).to(x.dtype)


def time_embedding(time: Float[Tensor, " b"], channels: int) -> Float[Tensor, "b channels"]:
    """Sinusoids of 1000 t, as in DiT."""
    frequency = torch.exp(-math.log(10_000) * torch.arange(channels // 2, device=time.device) / (channels // 2))
    angle = 1000 * time[:, None] * frequency
    return torch.cat([angle.cos(), angle.sin()], dim=-1)


def attention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Float[Tensor, "b heads n c"]:
    """Scaled dot-product attention. For short sequences on a CPU by plain products: in bfloat16 the backward pass of
    torch's own costs 2.7 times that of float32."""
    if q.device.type != "cpu" or q.shape[2] > SHORT:
        return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    scores = q @ k.mT * q.shape[-1] ** -0.5
    if mask is not None:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
    return scores.softmax(dim=-1).to(v.dtype) @ v


def place_features(positions: Int[Tensor, "b n 3"]) -> Float[Tensor, "b n f"]:
    """Sinusoids of row and column, from -1/2 to 1/2 across the square in the middle of the picture, whatever its
    size."""
    places = positions[..., 1:].float()
    last = places.amax(dim=1, keepdim=True)
    places = (places - last / 2) / last.amin(dim=-1, keepdim=True).clamp_min(1)
    angle = (2 * math.pi * places[..., None] * torch.tensor(PLACE_WAVES, device=places.device)).flatten(2)
    return torch.cat([angle.sin(), angle.cos()], dim=-1)


class Block(nn.Module):
    """Attention and MLP, each shifted, scaled and gated by time and text."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.norm = nn.LayerNorm(width, elementwise_affine=False)
        self.qkv = nn.Linear(width, 3 * width)
        self.query_norm = nn.RMSNorm(width // heads, elementwise_affine=False)
        self.key_norm = nn.RMSNorm(width // heads, elementwise_affine=False)
        self.out = nn.Linear(width, width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(approximate="tanh"), nn.Linear(4 * width, width))
        self.offset = nn.Parameter(torch.zeros(6, width))

    def attend(self, x: Tensor, cos: Tensor, sin: Tensor, mask: Tensor | None) -> Tensor:
        q, k, v = self.qkv(x).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)  # each (b, heads, n, c)
        q, k = rotate(self.query_norm(q), cos, sin), rotate(self.key_norm(k), cos, sin)
        return self.out(attention(q, k, v.to(q.dtype), mask).transpose(1, 2).flatten(2))

    def forward(
        self,
        x: Float[Tensor, "b n c"],
        modulation: Float[Tensor, "b 6 c"],
        cos: Tensor,
        sin: Tensor,
        mask: Tensor | None,
    ) -> Float[Tensor, "b n c"]:
        shift1, scale1, gate1, shift2, scale2, gate2 = (modulation + self.offset)[:, :, None].unbind(1)  # (b, 1, c)
        x = x + gate1 * self.attend(self.norm(x) * (1 + scale1) + shift1, cos, sin, mask)
        return x + gate2 * self.mlp(self.norm(x) * (1 + scale2) + shift2)


class FlowTransformer(nn.Module):
    """velocity = model(tokens, positions, known, time, text, text_mask, mask).

    A velocity is data - noise, so a network that predicts it must carry all the noise of a token through its width,
    which it cannot where the token has more numbers; what it loses stays in the clip as grain. Told to predict the
    data, which lies in few dimensions, it has no such task (Li & He 2025, arXiv:2511.13720); the loss stays that of
    the velocity.
    """

    def __init__(self, config: TransformerConfig):
        super().__init__()
        self.config = config
        width = config.width
        if width % (2 * config.heads):  # a head's channels turn in pairs
            raise CuspError(f"width must be a multiple of twice the heads: got {width} for {config.heads} heads")
        if config.predicts not in PREDICTS:
            raise CuspError(f"predicts must be {' or '.join(PREDICTS)}: got {config.predicts!r}")
        self.tokens_in = nn.Linear(config.token_channels, width)
        self.known = nn.Parameter(torch.zeros(width) if config.frames == 1 else torch.zeros(config.frames, width))
        self.text_in = nn.Linear(config.text_width, width)
        self.text_pool = nn.Linear(config.text_width, width)
        self.time_in = nn.Sequential(nn.Linear(256, width), nn.SiLU(), nn.Linear(width, width))
        if config.places:
            features = 4 * len(PLACE_WAVES)
            self.place_in = nn.Sequential(nn.Linear(features, width), nn.SiLU(), nn.Linear(width, width))
        if config.code_width:
            self.kinds = nn.Embedding(config.code_kinds, width)
            self.code_in = nn.Linear(config.code_width + 1, width)
            self.code_out = nn.Sequential(nn.SiLU(), nn.Linear(width, width))
            self.code_pool = nn.Linear(width, width)
            self.no_code = nn.Parameter(torch.zeros(width))
        if config.sketch:
            self.sketch_in = nn.Linear(config.sketch, width)
        self.modulation = nn.Linear(width, 6 * width)
        self.blocks = nn.ModuleList([Block(width, config.heads) for _ in range(config.depth)])
        self.final_modulation = nn.Linear(width, 2 * width)
        self.norm = nn.LayerNorm(width, elementwise_affine=False)
        self.tokens_out = nn.Linear(width, config.token_channels)
        for layer in (self.modulation, self.final_modulation, self.tokens_out):
            nn.init.zeros_(layer.weight)  # each block starts as the identity and the first velocity is 0
            nn.init.zeros_(layer.bias)

    def forward(
        self,
        tokens: Float[Tensor, "b n p"],
        positions: Int[Tensor, "b n 3"],
        known: Bool[Tensor, "b n *f"],
        time: Float[Tensor, " b"],
        text: Float[Tensor, "b l w"],
        text_mask: Bool[Tensor, "b l"],
        mask: Bool[Tensor, "b n"] | None = None,
        path: CodePath | None = None,
        scale: Float[Tensor, "b 3"] | None = None,
    ) -> Float[Tensor, "b n p"]:
        """`known` marks clean frames, of a token or of each of its `frames`; `mask` is False on padding; `time` in
        [0, 1], 1 is data; `path` tells the codes of the steps that the tokens' times count; `scale`: what a token's
        time, row and column are worth, where its clip is of another rate or size than was usual (None: 1)."""
        length = text.shape[1]
        marks = known.view(*known.shape[:2], -1).to(self.known.dtype)
        x = self.tokens_in(tokens) + marks @ self.known.view(-1, self.config.width)  # (b, n, width)
        if self.config.places:
            x = x + self.place_in(place_features(positions))
        weight = text_mask[..., None].to(text.dtype)
        pooled = (text * weight).sum(1) / weight.sum(1).clamp(min=1)
        condition = self.time_in(time_embedding(time, 256)) + self.text_pool(pooled)
        if self.config.code_width:
            steps, whole = self._codes(path, len(tokens))
            index = positions[..., 0].clamp(max=steps.shape[1] - 1)
            x = x + steps.gather(1, index[..., None].expand(-1, -1, steps.shape[-1]))
            condition = condition + whole
        if self.config.sketch and path is not None and path.sketch is not None:
            x = x + self.sketch_in(path.sketch) * path.given[:, None, None]
        x = torch.cat([self.text_in(text), x], dim=1)  # (b, l + n, width)
        places = torch.cat([positions.new_zeros(len(positions), length, 3), positions], dim=1)
        if scale is not None:
            places = places * scale[:, None]
        cos, sin = rotary(places, self.config.width // self.config.heads, self.config.rotary_base)
        attention = None
        if mask is not None or not bool(text_mask.all()):
            video = mask if mask is not None else known.new_ones(known.shape[:2])
            attention = torch.cat([text_mask, video], dim=1)[:, None, None]  # (b, 1, 1, l + n)
        condition = F.silu(condition)
        modulation = self.modulation(condition).unflatten(-1, (6, -1))
        for block in self.blocks:
            x = block(x, modulation, cos, sin, attention)
        shift, scale = self.final_modulation(condition)[:, None].chunk(2, dim=-1)
        found = self.tokens_out(self.norm(x[:, length:]) * (1 + scale) + shift)
        if self.config.predicts == "velocity":
            return found
        left = (1 - time).clamp_min(LEAST_LEFT)[:, None, None]
        return (found.float() - tokens) / left

    def _codes(self, path: CodePath | None, batch: int) -> tuple[Float[Tensor, "b s w"], Float[Tensor, "b w"]]:
        """What a path adds to the tokens of each step, and to the modulation."""
        if path is None:
            steps = self.no_code.expand(batch, 1, -1)
        else:
            noise = path.noise[:, None, None].expand(-1, path.codes.shape[1], 1)
            read = self.code_in(torch.cat([path.codes, noise], dim=-1)) + self.kinds(path.kind)[:, None]
            steps = torch.where(path.given[:, None, None], self.code_out(read), self.no_code)
        return steps, self.code_pool(steps.mean(dim=1))

    def save_pretrained(self, path: str | Path, dtype: torch.dtype = torch.float32) -> None:
        """Write config.json and model.safetensors."""
        save_module(path, "FlowTransformer", self, self.config, dtype)

    @classmethod
    def from_pretrained(
        cls, path: str | Path, formats: bool = False, base: Mapping[str, Tensor] | None = None
    ) -> FlowTransformer:
        """Load a folder that `save_pretrained` wrote; `formats`: as it draws formats beside its own, where those are
        kept apart (`FORMATS`); `base`: the weights that its adapter goes on from (`models.load_module`)."""
        beside = (ADAPTER, FORMATS) if formats else (ADAPTER,)
        return load_module(path, "FlowTransformer", cls, TransformerConfig, beside, base)
