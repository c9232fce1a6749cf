"""The jobs of Library: browse, search by text and by a clip, play one, correct its caption, mark for training."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from cuspworld.checks import whole
from cuspworld.clip import Clip
from cuspworld.errors import CuspError
from cuspworld.studio.worker import Job, uploaded

PAGE = 24  # clips at once
NEAR = 200  # clips that are like another
LONGEST = 4000  # characters of a caption
GIVEN = 10.0  # seconds of an uploaded clip that others are to be like
_NAMES = ("key", "caption", "source", "split", "fps", "time", "height", "width", "world", "twin", "branch")


def library_of(job: Job) -> Any:
    """The studio's library as it is now: other runs add to it."""
    from cuspworld.library.library import Library

    if job.settings.library is None:
        raise CuspError("the studio was started without a library: cusp studio --library worlds.lance")
    return Library.open(job.settings.library)


def shelf(job: Job) -> None:
    """Says "shelf": whether there is a library, its name, facts, and what it can be searched by."""
    if job.settings.library is None:
        job.say("shelf", name=None)
        return
    library = library_of(job)
    facts = library.statistics()
    columns = facts.pop("columns")
    coded = "scene_code" in columns and not len(library.where("scene_code is null"))
    job.say("shelf", name=library.path.name, facts=facts, codes=coded)


def browse(
    job: Job, text: str = "", like: str | Path | None = None, where: str = "", marked: bool = False, first: int = 0
) -> None:
    """Says "found" (how many), then "card" for each of a page of them from `first` on: its facts, and as bytes frames
    side by side in a JPEG. `text`: the captions that tell it, best first; `like`: a clip's key or an uploaded
    video, whose first seconds are looked at; the nearest first. `where`: SQL on the columns."""
    from cuspworld.library.pages.page import FRAMES, strip_bytes
    from cuspworld.library.table import MARKED

    library = library_of(job)
    columns = library.summary()["columns"]
    condition = " and ".join([f"({where})"] * bool(where.strip()) + [MARKED] * marked)
    if marked and MARKED not in columns:
        condition = "false"
    keys = library.column("key")
    wanted = set(library.where(condition).column("key")) if condition else set(keys)
    order: list[tuple[str, float | None]]
    if like is not None:
        near = like_file(job, library, like) if isinstance(like, Path) else library.like(like, min(len(keys), NEAR))
        order = [(match.key, match.distance) for match in near if match.key in wanted]
    elif text.strip():
        order = [(keys[place], score) for place, score in told(job, library, text) if keys[place] in wanted]
    else:
        order = [(key, None) for key in keys if key in wanted]
    places = {key: place for place, key in enumerate(keys)}
    shown = order[whole("first", first, 0, 10**9) :][:PAGE]
    job.say("found", count=len(order), first=first, all=len(keys), frames=FRAMES)
    names = [*_NAMES, *([MARKED] if MARKED in columns else [])]
    rows = library[:].read([places[key] for key, _ in shown], names)
    clips = library[:].without_truth()
    for (key, value), row in zip(shown, rows, strict=True):
        job.check()
        facts = {name: row[name] for name in _NAMES} | {"marked": bool(row.get(MARKED)), "value": value}
        try:
            job.say("card", strip_bytes(clips[places[key]]), **facts)
        except CuspError as error:  # its file is gone
            job.say("card", broken=str(error), **facts)


def like_file(job: Job, library: Any, file: Path) -> list[Any]:
    """The clips nearest to a video, as large and as fast as most of the library's are, by its scene code."""
    from cuspworld.curation.encoding import scene_vector

    looks = Counter(zip(*(library.column(name) for name in ("height", "width", "fps")), strict=True))
    height, width, fps = max(looks, key=lambda look: looks[look])
    clip = Clip.read(uploaded("like", file), seconds=GIVEN, size=(height, width), fps=fps)
    return library.search(scene_vector(library, codec(job), clip), min(len(library), NEAR), column="scene_code")


def codec(job: Job) -> Any:
    from cuspworld.codec.codec import Codec

    return job.kept("codec", lambda: Codec.from_pretrained("worlds"))


def told(job: Job, library: Any, text: str) -> list[tuple[int, float]]:
    """(place, share of the text that its caption tells) of the clips that tell some of it, best first; where the text
    says nothing that captions are understood to tell, of those that have it word for word."""
    from cuspworld.language.matching import Matcher

    captions = tuple(library.column("caption"))
    known: dict[str, Any] = job.kept("captions", dict)
    if known.get("of") != captions:
        known.update(of=captions, matcher=Matcher(captions))
    match = known["matcher"](text)
    if match.told and match.known:
        found = [(place, float(score)) for place, score in enumerate(match.scores) if score > 0]
        return sorted(found, key=lambda pair: (-pair[1], pair[0]))
    words = text.casefold().strip()
    if (warning := match.warning()) is not None:
        job.say("warning", text=warning)
    return [(place, 1.0) for place, caption in enumerate(captions) if words in caption.casefold()]


def clip(job: Job, key: str) -> None:
    """Says "clip": the file of one clip, and what is known of it."""
    library = library_of(job)
    place = _place(library, key)
    found = library[place]
    found.write(job.folder / "clip.mp4")
    truth = found.truth
    job.say(
        "clip", file="clip.mp4", key=key, caption=found.caption, seconds=found.seconds, frames=len(found),
        fps=found.fps, size=found.size, made=dict(found.made), facts={} if truth is None else truth.facts(),
        actions=[] if truth is None or truth.action is None else list(truth.action.dtype.names or ()),
    )  # fmt: skip


def correct(job: Job, key: str, caption: str) -> None:
    """Gives a clip another caption. Says "corrected"."""
    if len(caption) > LONGEST:
        raise CuspError(f"a caption has at most {LONGEST} characters: got {len(caption)}")
    library_of(job).correct(key, caption)
    job.say("corrected", key=key, caption=caption.strip())


def mark(job: Job, keys: list[str], marked: bool = True) -> None:
    """Marks clips for training, or unmarks them. Says "marked"."""
    library = library_of(job)
    library.mark([str(key) for key in keys], bool(marked))
    job.say("marked", keys=keys, marked=bool(marked), count=library.statistics()["marked"])


def encode(job: Job) -> None:
    """Gives every clip its scene code, by which clips like one are found. Says "progress" and "encoded"."""
    from cuspworld.curation.encoding import encode as fill

    def move(done: int, count: int) -> None:
        job.check()
        job.say("progress", done=done, count=count)

    done = fill(library_of(job), codec(job), progress=move)
    job.say("encoded", encoded=done.encoded, present=done.present)


def _place(library: Any, key: str) -> int:
    try:
        return library.column("key").index(key)
    except ValueError:
        raise CuspError("this clip is not in the library any more: search again") from None
