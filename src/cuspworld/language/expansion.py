"""Prompt expansion: a short prompt becomes a description as rich as the captions that the model was taught.

As Sora does it with a language model, here with the library's own captions, so that nothing is invented: a clip that
the prompt asks for lends its caption. Nothing is lent by a clip that contradicts the prompt, and what the caption
leaves out stays in the prompt's own words.
"""

from __future__ import annotations

import random
import re

from cuspworld.language.matching import Matcher

_CHINESE = re.compile(r"[\u3400-\u9fff]")
LOOKED_AT = 8  # matching clips whose captions are compared


def expand(prompt: str, matcher: Matcher, seed: int = 0) -> str:
    """The prompt as a full description, in its language; the prompt itself where no clip shows all that it says.

    Same prompt, same library, same seed: same description; another seed may lend what the prompt leaves open (a colour,
    a time) from another clip.
    """
    match = matcher(prompt)
    if match.warning() is not None:
        return prompt
    drawn = random.Random(seed).sample(match.clips.tolist(), min(LOOKED_AT, len(match.clips)))
    chinese = bool(_CHINESE.search(prompt))
    texts = [text for clip in drawn for text in matcher.wordings[clip] if bool(_CHINESE.search(text)) == chinese]
    texts = [text for text in dict.fromkeys(texts) if len(text) > len(prompt)]
    if not texts:
        return prompt
    alone = Matcher(texts)(prompt)
    caption = texts[int(alone.clips[0])]
    if alone.warning() is None:
        return caption
    stop = "" if prompt.rstrip()[-1:] in ".!?。！？" else "。" if chinese else "."
    return f"{prompt.rstrip()}{stop}{'' if chinese else ' '}{caption}"


def agrees(text: str, prompt: str) -> bool:
    """Whether a description says all that the prompt says: counts, colours, order, negations, outcome, its own words
    (as `Matcher` reads them). What somebody else made of a prompt is checked by it."""
    match = Matcher([text])(prompt)
    return not match.told or match.warning() is None
