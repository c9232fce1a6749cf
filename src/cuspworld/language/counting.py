"""How many of several something happens to: "blows out two of four candles", "three go out", 吹灭了一支.

Such a number says nothing of how many there are, and is taken out of the text before that is read.
"""

from __future__ import annotations

from collections.abc import Sequence

from cuspworld.language.meanings import Meanings, Token

COUNTED = ("extinguish",)  # what may happen to some of the things, or to all
_FILLS = ("empty", "article")
_ONE = ("one", "一")
_CLASSIFIERS = ("支", "根", "个", "朵", "只", "团")


def happens_to(found: Sequence[Token]) -> tuple[list[tuple[Meanings, Token]], list[Token]]:
    """The numbers of a text's tokens that say to how many things something happens, and the tokens without them."""
    counts, left = [], []
    for begin, end in _clauses(found):
        part = list(found[begin:end])
        happens = any(token.kind == "event" and token.meanings == COUNTED for token in part)
        denied = any(token.kind == "not" for token in part)
        for place, token in enumerate(part):
            if happens and not denied and (number := _number(token)) and _of_several(part, place):
                counts.append((number, token))
            else:
                left.append(token)
    return counts, left


def _clauses(found: Sequence[Token]) -> list[tuple[int, int]]:
    """First and last but one of the tokens of each clause, its border with it."""
    ends = [k + 1 for k, token in enumerate(found) if token.kind == "border"]
    return list(zip([0, *ends], [*ends, len(found)], strict=True))


def _number(token: Token) -> Meanings:
    if token.words.lower() in _ONE:
        return ("1",)
    return token.meanings if token.kind == "number" else ()


def _of_several(part: Sequence[Token], place: int) -> bool:
    """Whether a number of a clause is a share of what there is: two of four, two of them, or with no thing of its
    own before or after what happens."""
    before = [token for token in part[:place] if token.kind != "article"]
    if before and before[-1].words.lower() == "of":
        return False  # of so many
    after = [token for token in part[place + 1 :] if token.kind != "article"]
    among = next((k for k, token in enumerate(after[:2]) if token.words.lower() == "of"), None)
    if among is not None and (among == 0 or after[0].kind == "thing"):  # two of four candles, two candles of four
        return any(token.kind in ("number", "thing", "pronoun", "share") for token in after[among + 1 :])
    rest = [token for token in after if token.kind not in _FILLS and token.words not in _CLASSIFIERS]
    if not rest or rest[0].kind == "border":  # 吹灭了一支, 吹灭了四支中的一支
        before = [token for token in before if token.kind not in _FILLS]
        chosen = any(token.words == "中" for token in part[:place])
        return chosen or (bool(before) and before[-1].kind == "event" and before[-1].meanings == COUNTED)
    return rest[0].kind == "event" and rest[0].meanings == COUNTED
