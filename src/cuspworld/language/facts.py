"""Text -> facts: what there is, which attribute is whose, how many, what happens to whom, when, and what does not.

No grammar is complete; this one binds by nearness. An attribute belongs to the next thing of its clause, or where none
follows to the one before; what happens belongs to the thing before it, where and how hard to what happens; a negation
reaches to the end of its clause and denies what happens in it, or else the attributes, or else the things; where looks
stand right after it (a chair that is not red falls), these alone. Things that are named one by one, each of another
look (a grey pup, a brown one and a white one), are as many as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from cuspworld.language.counting import COUNTED, happens_to
from cuspworld.language.meanings import Meanings, Token, tokens

_BOUND = ("colour", "size", "quality", "number")  # attributes of things
_LOOSE = ("speed", "side")  # attributes of things, after them too
_RELATIVE = ("which", "who", "that")
_LOOKS = ("colour", "size", "quality")
_ONE = ("a", "an", "one", "another", "一")  # begin what is one thing
_NOT_MORE = re.compile(  # of two that are named one is meant, or is the other later
    r"\b(or|either|than|instead|maybe|perhaps|becom\w+|turns? into|turned into|chang\w+|painted|grows?)\b"
    r"|或|还是|变|也许|可能|比",
    re.IGNORECASE,
)
_NOT_SO = ("non", "不", "不是", "并非")  # deny how a thing looks; `no` and 没有 deny that there is one


@dataclass(frozen=True)
class Fact:
    """`kind`: is, not (denied), pair (two that belong together), not pair, share (all, some), time (s), measure.
    `words`: as it was said."""

    kind: str
    first: Meanings
    second: Meanings = ()
    value: float = 0.0
    words: str = field(default="", compare=False)


@dataclass
class _Thing:
    token: Token
    attributes: list[Token] = field(default_factory=list)
    one: bool = False  # named as one of its kind


@dataclass
class _Clause:
    things: list[_Thing] = field(default_factory=list)
    events: list[tuple[Token, _Thing | None]] = field(default_factory=list)
    loose: list[Token] = field(default_factory=list)
    times: list[Token] = field(default_factory=list)
    plain: list[Token] = field(default_factory=list)
    shares: list[Token] = field(default_factory=list)
    denied_events: list[Token] = field(default_factory=list)
    denied: bool = False


def facts(text: str) -> list[Fact]:
    """The facts that a text tells, each once, in the order of the text."""
    found: dict[Fact, None] = {}
    last: _Thing | None = None  # named last
    topic: _Thing | None = None  # of which there are several, or the last with a colour: `one` is one of these
    subject: _Thing | None = None
    carried: list[Token] = []
    named: list[_Thing] = []
    singles: list[_Thing] = []
    event: Token | None = None
    counts, left = happens_to(tokens(text))
    for part in _clauses(left):
        if part[0].words in _RELATIVE:
            subject = last
        clause, carried = _read(part, topic or last, subject, carried)
        if _both(clause) and _of(clause, last) and len(named) > 1:
            looks = clause.things[0].attributes
            clause.things = [_Thing(thing.token, [*thing.attributes, *looks]) for thing in named[-2:]]
        for fact in _told(clause, event):
            found.setdefault(fact)
        singles += [] if clause.denied else clause.things
        if clause.denied and _of(clause, last):
            continue  # how the thing named last does not look
        named += clause.things
        last = clause.things[-1] if clause.things else last
        for thing in clause.things:
            several = any(token.kind == "number" for token in thing.attributes)
            if several or (thing.attributes and not _several(topic)):
                topic = thing
        subject = next((s for _, s in clause.events if s), clause.things[0] if clause.things else subject)
        event = clause.events[-1][0] if clause.events else event
    if carried and last is not None:
        clause = _Clause(things=[_Thing(last.token, carried)])
        for fact in _told(clause, None):
            found.setdefault(fact)
    elif carried:
        for token in carried:
            found.setdefault(Fact("is", token.meanings, words=token.words))
    for number, token in counts:
        found.pop(Fact("share", ("all",)), None)
        found.setdefault(Fact("share", ("some",), words=f"{token.words} of them"))
        found.setdefault(Fact("pair", number, COUNTED, words=f"{token.words} of them"))
    if not _NOT_MORE.search(text):
        for fact in _one_by_one(singles):
            found.setdefault(fact)
    return list(found)


def _one_by_one(things: Sequence[_Thing]) -> Iterator[Fact]:
    """How many there are of what is named one by one, each of a colour, or of the same in another size, and nowhere
    with a number. Where one may be named twice nothing is said."""
    for meanings in dict.fromkeys(thing.token.meanings for thing in things):
        own = [thing for thing in things if thing.token.meanings == meanings]
        ones = [[_look(one, kind) for kind in ("colour", "size")] for one in own if one.one]
        colours = {colour for colour, _ in ones if colour}
        count = sum(max(1, len({size for other, size in ones if other == colour and size})) for colour in colours)
        again = len([colour for colour, _ in ones if colour]) > count
        if count > 1 and not again and not any(token.kind == "number" for thing in own for token in thing.attributes):
            yield Fact("pair", (str(count),), meanings, words=f"{count} {own[0].token.words}")


def _look(thing: _Thing, kind: str) -> tuple[Meanings, ...]:
    return tuple(sorted(token.meanings for token in thing.attributes if token.kind == kind))


def _of(clause: _Clause, last: _Thing | None) -> bool:
    """Whether a clause only says more of the thing named last."""
    return last is not None and [thing.token for thing in clause.things] == [last.token]


def _both(clause: _Clause) -> bool:
    return any(token.words == "both" for token in clause.shares)


def _several(thing: _Thing | None) -> bool:
    return thing is not None and any(token.kind == "number" and token.value > 1 for token in thing.attributes)


def _clauses(found: list[Token]) -> Iterator[list[Token]]:
    part: list[Token] = []
    relative = False  # a clause of a thing has begun, and nothing of it was read
    for place, token in enumerate(found):
        around = found[place - 1 : place] + found[place + 1 : place + 2]
        if token.words == "and" and all(other.kind in ("colour", "size") for other in around):
            continue  # a big and blue one
        if token.kind in ("border", "not"):
            if part:
                yield from _not_so(part, relative)
                relative = part[0].words in _RELATIVE and not any(t.kind in ("event", "thing") for t in part)
            part = [token] if token.kind == "not" or token.words in _RELATIVE else []  # what it denies comes after it
        else:
            part.append(token)
    if part:
        yield from _not_so(part, relative)


def _not_so(part: list[Token], relative: bool) -> Iterator[list[Token]]:
    """A clause that begins with a negation of looks, or of what happens to a thing (that nobody pushes,
    没有人推的), and goes on with what the thing does: two clauses."""
    events = [place for place, token in enumerate(part) if token.kind == "event"]
    if part[0].kind == "not" and events:
        rest = part[events[0] + 1 :]
        goes_on = [token.kind for token in rest if token.kind != "empty"][:1]
        said = bool(rest) and rest[0].words == "的" and goes_on == ["thing"]
        either = any(token.words in ("or", "nor") for token in rest)
        if said or (relative and goes_on == ["event"] and not either):
            split = next(k for k in range(events[0] + 1, len(part)) if part[k].kind != "empty")
            if part[split].words != part[events[0]].words:  # not two meanings of one phrase
                yield from (part[:split], part[split:])
                return
    end = 1
    while end < len(part) and part[end].kind in (*_LOOKS, "empty", "article"):
        end += 1
    looks = part[0].kind == "not" and any(token.kind in _LOOKS for token in part[:end])
    after = part[end].kind if looks and end < len(part) else ""
    if after == "event":
        yield from (part[:end], part[end:])
    elif after == "thing" and part[0].words.lower() in _NOT_SO:
        yield from (part[: end + 1], part[end:])
    else:
        yield part


def _read(
    part: list[Token], last: _Thing | None, subject: _Thing | None, carried: list[Token]
) -> tuple[_Clause, list[Token]]:
    """A clause, and the attributes that it leaves to a thing yet to come."""
    clause = _Clause()
    pending, opened, one = list(carried), False, False
    chinese = any(not token.words.isascii() for token in part)
    here: _Thing | None = None
    described = subject if part[0].words in _RELATIVE and not carried else None  # a ball that is red
    for place, token in enumerate(part):
        following = part[place + 1].kind if place + 1 < len(part) else ""
        kind = token.kind
        if kind == "word" and opened and following not in ("thing", "word", *_BOUND):
            kind = "thing"  # an unknown word at the end of a phrase that an article or an attribute opened
        if kind == "border":
            continue
        if kind == "not":
            clause.denied = True
        elif kind == "article":
            if here is not None and pending:
                here.attributes += pending
                pending = []
            opened, one = True, token.words.lower() in _ONE
        elif kind in ("thing", "pronoun"):
            before = here if here and not _several(last) else last
            of = token if kind == "thing" else before.token if before else None
            if of is None:
                continue
            if kind == "pronoun":
                of = replace(of, kind="pronoun")
            here = _Thing(of, pending, one)
            clause.things.append(here)
            pending, opened, one = [], False, False
        elif kind in _BOUND or kind in _LOOSE:
            pending.append(token)
            opened = opened or kind in _BOUND
            if kind == "side":
                clause.loose.append(token)
        elif kind == "strength":
            clause.loose.append(token)
        elif kind == "share":
            clause.shares.append(token)
        elif kind == "denied":
            clause.denied_events.append(token)
        elif kind == "event":
            if pending and here is not None and not opened and not chinese:
                here.attributes += pending
                pending = []
            elif pending and described:
                clause.things.append(_Thing(described.token, [*described.attributes, *pending]))
                pending = []
            clause.events.append((token, here or subject))
        elif kind in ("time", "measure"):
            clause.times.append(token)
        elif kind == "word":
            clause.plain.append(token)
        else:
            opened = False
    if pending and here is not None:
        here.attributes += pending
        pending = []
    elif pending and described and not clause.denied:
        clause.things.append(_Thing(described.token, [*described.attributes, *pending]))
        pending = []
    elif pending and last is not None and (clause.denied or chinese or _both(clause)):
        clause.things.append(_Thing(last.token, pending))
        pending = []
    elif pending and clause.events and last is not None and all(token.kind in _LOOSE for token in pending):
        subject = subject or last
        clause.things.append(_Thing(subject.token, [*subject.attributes, *pending]))
        pending = []
    return clause, pending


def _told(clause: _Clause, event_before: Token | None) -> Iterator[Fact]:
    denied_events = clause.denied and bool(clause.events)
    for thing in clause.things:
        name = thing.token
        described = [token for token in thing.attributes if token.kind in (*_BOUND, *_LOOSE)]
        if clause.denied and not clause.events:
            for token in described:
                yield Fact("not pair", token.meanings, name.meanings, words=f"no {token.words} {name.words}")
            if not any(other.attributes for other in clause.things) and name.kind == "thing":
                yield Fact("not", name.meanings, words=f"no {name.words}")
            continue
        yield Fact("is", name.meanings, words=name.words)
        for token in described:
            if token.kind != "number":
                yield Fact("is", token.meanings, words=token.words)
            yield Fact("pair", token.meanings, name.meanings, words=f"{token.words} {name.words}")
        for k, token in enumerate(described):
            for other in described[:k]:
                if "number" not in (token.kind, other.kind) and token.kind != other.kind:
                    yield _pair(token, other, f"{other.words} {token.words} {name.words}")
    for place, (event, subject) in enumerate(clause.events):
        if denied_events:
            if (event.meanings and place == len(clause.events) - 1) or not _same_phrase(clause, place):
                yield Fact("not", event.meanings, words=f"not {event.words}")
            continue
        yield Fact("is", event.meanings, words=event.words)
        if event.meanings == COUNTED and subject is not None and _all_of(subject) and not clause.shares:
            yield Fact("share", ("all",), words=f"all {subject.token.words}")
        for token in [*(subject.attributes if subject else []), *clause.loose]:
            if token.kind in ("colour", "side", "strength"):
                yield _pair(token, event, f"{token.words} {event.words}")
    if clause.denied and not clause.events and not clause.things and not clause.times:
        for token in clause.plain:
            yield Fact("not", token.meanings, words=f"not {token.words}")
    for token in clause.denied_events:
        yield Fact("not", token.meanings, words=token.words)
    for token in [a for thing in clause.things for a in thing.attributes if a.kind == "quality"]:
        for side in clause.loose:
            yield _pair(token, side, f"{token.words} {side.words}")
    if not clause.denied:
        for token in clause.shares:
            yield Fact("share", token.meanings, words=token.words)
        for token in clause.loose:
            yield Fact("is", token.meanings, words=token.words)
        for token in clause.plain:
            yield Fact("is", token.meanings, words=token.words)
    when = clause.events[-1][0] if clause.events else event_before
    for token in clause.times:
        if token.kind == "measure":
            yield Fact("measure", token.meanings, value=token.value, words=token.words)
        elif when is not None:
            yield Fact("time", when.meanings, value=token.value, words=f"{when.words} at {token.words}")


def _all_of(thing: _Thing) -> bool:
    """Whether all of a thing that there are several of is meant: the flames, not two flames."""
    words = thing.token.words
    plural = words.isascii() and words.endswith("s") and thing.token.kind != "pronoun"
    return plural and not any(token.kind in ("number", "share") for token in thing.attributes)


def _same_phrase(clause: _Clause, place: int) -> bool:
    """Whether the event and the next are two meanings of one phrase, of which a negation denies the last."""
    return place + 1 < len(clause.events) and clause.events[place][0].words == clause.events[place + 1][0].words


def _pair(first: Token, second: Token, words: str) -> Fact:
    a, b = sorted((first.meanings, second.meanings))
    return Fact("pair", a, b, words=words)
