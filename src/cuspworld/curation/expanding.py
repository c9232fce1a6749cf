"""Prompt expansion by a larger model behind an OpenAI-compatible address, as Sora's prompts are expanded.

What the model answers is kept only if it says all that the prompt says (`language.expansion.agrees`): a count, a
colour, an order, a negation or an outcome that it changed is asked for again, and then the prompt stays as it was.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

from cuspworld.curation.endpoint import Endpoint
from cuspworld.errors import CuspError, CuspWarning
from cuspworld.language.expansion import agrees

SHOWN = 6  # captions that tell the model how the clips are described
TRIES = 2
_QUESTION = """Rewrite a short prompt for a video generator as one full description, at most 60 words, in the prompt's
language and in the manner of these descriptions:
{examples}
Keep every number, colour, size, side, order, negation and outcome of the prompt, use its own words for them, and add no
other thing. Answer with the description only.
Prompt: {prompt}"""


@dataclass(frozen=True)
class AskedExpansion:
    """A function for `prompt_expansion=`: prompt -> description. `captions`: of the model's clips, the first few are
    shown to the language model. Raises CuspError where the address gives no answer."""

    endpoint: Endpoint
    captions: Sequence[str] = ()

    def __call__(self, prompt: str) -> str:
        if not prompt.strip():
            raise CuspError("there is no prompt to expand: say what should happen")
        examples = "\n".join(f"- {caption}" for caption in self.captions[:SHOWN])
        for _ in range(TRIES):
            answer = self.endpoint.ask(_QUESTION.format(examples=examples, prompt=prompt)).text
            if agrees(answer, prompt):
                return answer
        note = f"{self.endpoint.model} does not keep to the prompt ({answer[:100]!r}): it stays as it is"
        warnings.warn(note, CuspWarning, stacklevel=2)
        return prompt
