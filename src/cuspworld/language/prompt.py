"""Prompt -> embedding. The default learns its words from a library's captions and needs no download and no network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from cuspworld.errors import CuspError
from cuspworld.language.distinctive import Distinctive
from cuspworld.language.words import COMMON, NUMBER, is_number, split_words, stem, value_of
from cuspworld.models import load_module, save_module

_PADDING, _UNKNOWN = 0, 1
_PERIODS = tuple(0.6 * 1.9**k for k in range(12))  # of the waves that tell 0.7 s from 0.8 s, and 300 from 400


@dataclass(frozen=True)
class PromptConfig:
    """Version 1 has absolute places, no numbers and one token a word; version 2 what `PromptEncoder` says."""

    words: tuple[str, ...] = ()  # the vocabulary, most frequent first
    width: int = 128
    length: int = 32  # words that are read
    depth: int = field(default=2, metadata={"most": 256})
    heads: int = 4
    topics: tuple[str, ...] = field(default=())  # what the model was taught, for people
    version: int = field(default=1, metadata={"most": 2})  # folders from before versions say none
    outputs: int = 16  # tokens that version 2 gives
    distinctive: tuple[str, ...] = field(default=())  # words and pairs that each of them is told of; version 2 alone


class PromptEncoder(nn.Module):
    """Word embeddings and a small transformer, trained with the flow; a caption of a hundred words then becomes
    `outputs` tokens, so that it costs the flow no more than one of sixteen: each is the mean of one stretch of
    neighbouring words and a learned query that reads all of them.

    A word's place enters by rotary positions (what stands beside what binds the same anywhere in a text), a number also
    by its value; what a text says that others do not is told to each of the tokens (`distinctive.py`). An unknown word
    is read as "some word", and `warning` names it. The empty prompt is the unconditional one of classifier-free
    guidance.
    """

    def __init__(self, config: PromptConfig):
        super().__init__()
        self.config = config
        width, heads = config.width, config.heads
        if width % (heads if config.version == 1 else 2 * heads):  # of version 2 a head's channels turn in pairs
            raise CuspError(f"width must be a multiple of twice the heads: got {width} for {heads} heads")
        self.index = {word: 2 + i for i, word in enumerate(config.words)}
        self.embedding = nn.Embedding(2 + len(config.words), width, padding_idx=_PADDING)
        self.start = nn.Parameter(nn.init.normal_(torch.empty(width), std=0.02))  # no prompt is empty
        if config.version == 1:
            self.place = nn.Parameter(nn.init.normal_(torch.empty(config.length, width), std=0.02))
            layer = nn.TransformerEncoderLayer(width, heads, 4 * width, 0.0, batch_first=True, norm_first=True)
            self.layers = nn.TransformerEncoder(layer, config.depth, enable_nested_tensor=False)
        else:
            self.value = nn.Linear(2 * len(_PERIODS), width)
            self.blocks = nn.ModuleList([Block(width, heads) for _ in range(config.depth)])
            self.words_norm = nn.LayerNorm(width)
            self.queries = nn.Parameter(nn.init.normal_(torch.empty(config.outputs, width), std=0.5))
            self.reader = Block(width, heads)
            self.distinctive = Distinctive(config.distinctive, width) if config.distinctive else None
        self.norm = nn.LayerNorm(width)

    @property
    def width(self) -> int:
        return self.config.width

    @property
    def topics(self) -> tuple[str, ...]:
        return self.config.topics

    def words_of(self, prompt: str) -> list[str]:
        """The words that are read."""
        words = split_words(prompt)
        if self.config.version == 1:
            words = [part for word in words for part in word.split(".")]
        return words[: self.config.length - 1]

    def tokens(self, prompts: list[str]) -> tuple[Int[Tensor, "b l"], Float[Tensor, "b l"]]:
        """Word indices, padded to the longest prompt of the batch (at most `length`), and the numbers that words say,
        NaN where they say none."""
        rows = [self.words_of(prompt) for prompt in prompts]
        longest = max([1, *map(len, rows)])
        indices = torch.full((len(rows), longest), _PADDING)
        values = torch.full((len(rows), longest), torch.nan)
        for row, words in enumerate(rows):
            for place, word in enumerate(words):
                indices[row, place] = self._index(word)
                value = value_of(word)
                values[row, place] = torch.nan if value is None else value
        return indices, values

    def forward(
        self, tokens: Int[Tensor, "b l"], values: Float[Tensor, "b l"], told: Float[Tensor, "b w"] | None = None
    ) -> tuple[Float[Tensor, "b m w"], Bool[Tensor, "b m"]]:
        """Embeddings of what was read, and which of them are real: m is 1 + l in version 1, `outputs` in version 2.
        `told`: what the texts say that others do not."""
        x = self.embedding(tokens)  # (b, l, w)
        if self.config.version == 2:
            said = ~values.isnan()
            x = x + said[..., None] * self.value(_waves(values.nan_to_num()))
        x = torch.cat([self.start.expand(len(tokens), 1, -1), x], dim=1)  # (b, 1 + l, w)
        mask = torch.cat([tokens.new_ones(len(tokens), 1), tokens], dim=1) != _PADDING
        if self.config.version == 1:
            x = self.layers(x + self.place[: x.shape[1]], src_key_padding_mask=~mask)
            return self.norm(x) * mask[..., None], mask
        turn = _rotation(x.shape[1], x.shape[2] // self.config.heads, x.device)
        for block in self.blocks:
            x = block(x, x, mask, turn)
        x = self.words_norm(x)
        x = self.reader(self.queries + _stretches(x, mask, self.config.outputs), x, mask, None)  # (b, outputs, w)
        if told is not None:
            x = self.norm(x) + told[:, None]
        return self.norm(x), mask.new_ones(x.shape[:2])

    def encode(self, prompts: list[str]) -> tuple[Float[Tensor, "b m w"], Bool[Tensor, "b m"]]:
        tokens, values = self.tokens(prompts)
        known = None if self.config.version == 1 else self.distinctive
        told = None if known is None else known(prompts)
        return self(tokens.to(self.start.device), values.to(self.start.device), told)

    def save_pretrained(self, path: str | Path, dtype: torch.dtype = torch.float32) -> None:
        """Write config.json, which holds the vocabulary, and model.safetensors."""
        save_module(path, "PromptEncoder", self, self.config, dtype)

    @classmethod
    def from_pretrained(cls, path: str | Path, base: Mapping[str, Tensor] | None = None) -> PromptEncoder:
        """Load a folder that `save_pretrained` wrote; `base`: the weights that its adapter goes on from
        (`models.load_module`)."""
        return load_module(path, "PromptEncoder", cls, PromptConfig, base=base)

    def _index(self, word: str) -> int:
        """The word's own, or that of another inflection of it."""
        if is_number(word):
            word = NUMBER
        if word in self.index:
            return self.index[word]
        return self.index.get(self._by_stem().get(stem(word), ""), _UNKNOWN)

    def _by_stem(self) -> dict[str, str]:
        """Stem -> its most frequent taught word."""
        if not hasattr(self, "_stems"):
            self._stems = {stem(word): word for word in reversed(self.config.words)}
        return self._stems

    def unknown_words(self, prompt: str) -> list[str]:
        """The words of the prompt that tell about a scene and that the model was never taught, each once."""
        words = dict.fromkeys(split_words(prompt))
        return [word for word in words if word not in COMMON and self._index(word) == _UNKNOWN]

    def warning(self, prompt: str) -> str | None:
        """What to tell a person about a prompt that the model was not taught, or None. Every unknown word is named."""
        words = split_words(prompt)
        if not words:
            return "the prompt has no words: the model makes any clip that it knows. " + self._knows()
        content = [word for word in words if word not in COMMON]
        unknown = self.unknown_words(prompt)
        if not content or len(unknown) > 0.5 * len(set(content)):
            named = ", ".join(unknown) or "no word that tells the worlds apart"
            return f"the model was never taught this prompt (unknown: {named}). {self._knows()}"
        said = []
        if unknown:
            said.append(f"the model was never taught {', '.join(unknown)}: it reads the rest. {self._knows()}")
        if len(words) > self.config.length - 1:
            said.append(f"only the first {self.config.length - 1} words of the prompt are read")
        return "; ".join(said) or None

    def _knows(self) -> str:
        return "It knows: " + "; ".join(self.config.topics) if self.config.topics else ""


class Block(nn.Module):
    """Attention of `x` to `source` and an MLP, both after a norm (`source` comes normed where it is not `x`)."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.norm, self.mlp_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.query, self.key_value, self.out = (nn.Linear(width, n * width) for n in (1, 2, 1))
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(approximate="tanh"), nn.Linear(4 * width, width))

    def forward(
        self,
        x: Float[Tensor, "b n w"],
        source: Float[Tensor, "b l w"],
        mask: Bool[Tensor, "b l"],
        turn: tuple[Tensor, Tensor] | None,
    ) -> Float[Tensor, "b n w"]:
        normed = self.norm(x)
        source = normed if source is x else source
        q = self.query(normed).unflatten(-1, (self.heads, -1)).transpose(1, 2)  # (b, heads, n, c)
        k, v = self.key_value(source).unflatten(-1, (2, self.heads, -1)).permute(2, 0, 3, 1, 4)  # (b, heads, l, c) each
        if turn is not None:
            q, k = _turned(q, turn), _turned(k, turn)
        read = F.scaled_dot_product_attention(q, k, v, attn_mask=mask[:, None, None])
        x = x + self.out(read.transpose(1, 2).flatten(2))
        return x + self.mlp(self.mlp_norm(x))


def _stretches(x: Float[Tensor, "b l w"], mask: Bool[Tensor, "b l"], count: int) -> Float[Tensor, "b c w"]:
    """The means of `count` stretches of words, as even as can be. A text with fewer words: each is one, the rest 0."""
    length = mask.sum(1, keepdim=True).clamp(min=count)
    of = torch.arange(x.shape[1], device=x.device) * count // length  # (b, l): the stretch of each word
    within = (F.one_hot(of.clamp(max=count - 1), count) * mask[..., None]).to(x.dtype)  # (b, l, count)
    return within.transpose(1, 2) @ x / within.sum(1).clamp(min=1)[..., None]


def _waves(values: Float[Tensor, "b l"]) -> Float[Tensor, "b l c"]:
    angle = values[..., None] * (2 * torch.pi / torch.tensor(_PERIODS, device=values.device))
    return torch.cat([angle.cos(), angle.sin()], dim=-1)


def _rotation(length: int, channels: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """cos and sin (length, channels / 2) of rotary positions (Su et al. 2021): from one word to a text apart."""
    frequency = 200.0 ** (-torch.arange(channels // 2, device=device) / (channels // 2))
    angle = torch.arange(length, device=device)[:, None] * frequency
    return angle.cos(), angle.sin()


def _turned(x: Float[Tensor, "b h n c"], turn: tuple[Tensor, Tensor]) -> Float[Tensor, "b h n c"]:
    (first, second), (cos, sin) = x.chunk(2, dim=-1), turn
    return torch.cat([first * cos - second * sin, first * sin + second * cos], dim=-1).to(x.dtype)
