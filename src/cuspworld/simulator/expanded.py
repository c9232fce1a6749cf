"""What is drawn instead of a prompt: its full description, the model's own, a person's or another model's."""

from __future__ import annotations

from typing import Any, Protocol

from cuspworld.errors import CuspError
from cuspworld.simulator.options import Options, settled


class Expands(Protocol):
    def expand(self, prompt: str, seed: int = 0) -> str: ...


def expanded(simulator: Expands, prompt: str, options: Options) -> tuple[str, Options, dict[str, Any]]:
    """The text that is drawn, the options without `prompt_expansion`, and what a clip keeps of it: the prompt as it
    was asked, and the expansion; nothing where none is wanted."""
    own = settled(options)
    wish = own.pop("prompt_expansion", None)
    if wish is None or wish is False:
        return prompt, own, {}
    if wish is True:
        text = simulator.expand(prompt, own.get("seed", 0))
    elif isinstance(wish, str):
        text = wish
    elif callable(wish):
        text = wish(prompt)
    else:
        raise CuspError(f"prompt_expansion must be True, a text or a function: got {type(wish).__name__}")
    if not isinstance(text, str):
        raise CuspError(f"prompt_expansion must give a text: its function gave {type(text).__name__}")
    return text, own, {"prompt": prompt, "expansion": text}
