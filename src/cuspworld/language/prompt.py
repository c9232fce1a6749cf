"""Prompt -> embedding. The default learns its words from a library's captions and needs no download and no network."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from cuspworld.models import load_module, save_module

_WORD = re.compile(r"[\u3400-\u9fff]|[^\W_\u3400-\u9fff]+")  # a Chinese character, or a run of letters and digits
_PADDING, _UNKNOWN = 0, 1
_COMMON = frozenset(
    (
        "a",
        "an",
        "the",
        "is",
        "are",
        "it",
        "its",
        "and",
        "of",
        "on",
        "in",
        "to",
        "with",
        "at",
        "by",
        "for",
        "from",
        "into",
    )
)
LONGEST_PROMPT = 2_000  # characters that are read; what comes after cannot change the few dozen tokens


def split_words(text: str) -> list[str]:
    """Lower-case words; each Chinese character is a word."""
    return _WORD.findall(unicodedata.normalize("NFKC", text[:LONGEST_PROMPT]).lower())


@dataclass(frozen=True)
class PromptConfig:
    words: tuple[str, ...] = ()  # the vocabulary, most frequent first
    width: int = 128
    length: int = 32  # tokens that are read
    depth: int = field(default=2, metadata={"most": 256})
    heads: int = 4
    topics: tuple[str, ...] = field(default=())  # what the model was taught, for people


def learn_words(captions: Iterable[str], most: int = 4096, at_least: int = 3) -> tuple[str, ...]:
    """The words of a library's captions, most frequent first (ties in alphabetical order)."""
    counts = Counter(word for caption in captions for word in split_words(caption))
    ranked = sorted((item for item in counts.items() if item[1] >= at_least), key=lambda item: (-item[1], item[0]))
    return tuple(word for word, _ in ranked[:most])


class PromptEncoder(nn.Module):
    """Word embeddings and a small transformer, trained with the flow. An unknown word is replaced by the taught word
    that it is spelled like, if there is one. The empty prompt is the unconditional one of classifier-free guidance."""

    def __init__(self, config: PromptConfig):
        super().__init__()
        self.config = config
        self.index = {word: 2 + i for i, word in enumerate(config.words)}
        self.embedding = nn.Embedding(2 + len(config.words), config.width, padding_idx=_PADDING)
        self.place = nn.Parameter(torch.randn(config.length, config.width) * 0.02)
        self.start = nn.Parameter(torch.randn(config.width) * 0.02)  # stands first, so that no prompt is empty
        layer = nn.TransformerEncoderLayer(
            config.width, config.heads, 4 * config.width, dropout=0.0, batch_first=True, norm_first=True
        )
        self.layers = nn.TransformerEncoder(layer, config.depth, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(config.width)

    @property
    def width(self) -> int:
        return self.config.width

    @property
    def topics(self) -> tuple[str, ...]:
        return self.config.topics

    def tokens(self, prompts: list[str]) -> Int[Tensor, "b l"]:
        """Word indices, padded to the longest prompt of the batch (at most `length`)."""
        rows = [[self._word(w) for w in split_words(p)[: self.config.length - 1]] for p in prompts]
        longest = max(1, *(len(row) for row in rows)) if rows else 1
        return torch.tensor([row + [_PADDING] * (longest - len(row)) for row in rows])

    def forward(self, tokens: Int[Tensor, "b l"]) -> tuple[Float[Tensor, "b m w"], Bool[Tensor, "b m"]]:
        """Embeddings of the start mark and the words, and which of them are real."""
        x = self.embedding(tokens)
        x = torch.cat([self.start.expand(len(tokens), 1, -1), x], dim=1)
        mask = torch.cat([tokens.new_ones(len(tokens), 1), tokens], dim=1) != _PADDING
        x = x + self.place[: x.shape[1]]
        x = self.layers(x, src_key_padding_mask=~mask)
        return self.norm(x) * mask[..., None], mask

    def encode(self, prompts: list[str]) -> tuple[Float[Tensor, "b m w"], Bool[Tensor, "b m"]]:
        return self(self.tokens(prompts).to(self.place.device))

    def save_pretrained(self, path: str | Path, dtype: torch.dtype = torch.float32) -> None:
        """Write config.json, which holds the vocabulary, and model.safetensors."""
        save_module(path, "PromptEncoder", self, self.config, dtype)

    @classmethod
    def from_pretrained(cls, path: str | Path) -> PromptEncoder:
        """Load a folder that `save_pretrained` wrote."""
        return load_module(path, "PromptEncoder", cls, PromptConfig)

    def _word(self, word: str) -> int:
        if word in self.index:
            return self.index[word]
        close = get_close_matches(word, self.config.words, n=1, cutoff=0.8) if len(word) > 3 else []
        return self.index[close[0]] if close else _UNKNOWN

    def unknown_words(self, prompt: str) -> list[str]:
        """The words of the prompt that the model was never taught."""
        return [word for word in split_words(prompt) if self._word(word) == _UNKNOWN]

    def warning(self, prompt: str) -> str | None:
        """What to tell a person about a prompt that the model was not taught, or None."""
        words = split_words(prompt)
        if not words:
            return "the prompt has no words: the model makes any clip that it knows. " + self._knows()
        unknown = self.unknown_words(prompt)
        content = [w for w in words if self._word(w) not in self._common]
        if not content or len(unknown) > 0.5 * len(content):
            named = ", ".join(unknown[:5]) or "no word that tells the worlds apart"
            return f"the model was never taught this prompt (unknown: {named}). {self._knows()}"
        if len(words) > self.config.length - 1:
            return f"only the first {self.config.length - 1} words of the prompt are read"
        return None

    def _knows(self) -> str:
        return "It knows: " + "; ".join(self.config.topics) if self.config.topics else ""

    @property
    def _common(self) -> set[int]:
        """Function words of English that say nothing about a scene, where they are in the vocabulary."""
        return {self.index[word] for word in _COMMON if word in self.index}
