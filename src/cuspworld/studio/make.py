"""The jobs of Make: what the model knows, a prompt told in full, and clips made frame by frame with their audit."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from cuspworld.audit.pages.page import write_page
from cuspworld.audit.report import Report
from cuspworld.audit.run import audit_clip
from cuspworld.checks import image_size, number, whole
from cuspworld.clip import Clip
from cuspworld.detectors import names
from cuspworld.errors import CuspError
from cuspworld.simulator.choosing import ranked, read
from cuspworld.simulator.simulator import Simulator
from cuspworld.studio.worker import Job, uploaded
from cuspworld.video.contact_sheet import write_contact_sheet

LONGEST, LARGEST, STEPS, CANDIDATES = 60.0, 512, 100, 8  # seconds, pixels a side
GIVEN = 10.0  # seconds of a video that a clip goes on from


def simulator_of(job: Job) -> Simulator:
    """The studio's model, loaded once a worker."""
    return job.kept("simulator", lambda: Simulator.from_pretrained(job.settings.model))


def warm(job: Job) -> None:
    """Load the model and what reads prompts, and draw a few frames that nobody sees: what is compiled and loaded by the
    first ones (seconds) is there when a person asks."""
    simulator = simulator_of(job)
    simulator.expand("a", 0)
    next(simulator.stream("a", seconds=0.1, num_inference_steps=1))


def about(job: Job) -> None:
    """Says "about": what the model is and knows, and the bounds of what may be asked."""
    simulator = simulator_of(job)
    config = simulator.config
    job.say(
        "about", topics=list(simulator.topics), paths=bool(simulator.kinds), fps=config.fps, size=config.height,
        steps=config.path_inference_steps if simulator.kinds else config.num_inference_steps,
        longest=LONGEST, largest=LARGEST, most_steps=STEPS, candidates=CANDIDATES, given=GIVEN,
    )  # fmt: skip


def expand(job: Job, prompt: str, seed: int = 0) -> None:
    """Says "expansion": the prompt in the words of the model's captions."""
    job.say("expansion", text=simulator_of(job).expand(prompt, seed))


def make(
    job: Job,
    prompt: str = "",
    expansion: str | bool | None = None,
    seconds: float = 2.0,
    size: int | None = None,
    seed: int = 0,
    steps: int | None = None,
    critical: str | None = None,
    candidates: int = 1,
    image: Path | None = None,
    video: Path | None = None,
) -> None:
    """Makes `candidates` clips of the seeds from `seed` on; of a clip longer than a chunk, whose world has a detector,
    one, of which each chunk is the best of so many (`simulator.ways`). Says "expansion" where the prompt is to be told
    in full, "candidate" as each clip begins, "picture" for each of its frames, "step" within a chunk, and "clip" with
    its path and its audit; last "order", the best first (`simulator.choosing`)."""
    if not prompt and image is None and video is None:
        raise CuspError("say what should happen, or give an image or a video to go on from")
    given: dict[str, Any] = {} if image is None else {"image": uploaded("image", image)}
    if video is not None:
        simulator = simulator_of(job)
        own = simulator.config.height, simulator.config.width
        given["video"] = Clip.read(uploaded("video", video), seconds=GIVEN, size=own, fps=simulator.config.fps)
    options: dict[str, Any] = {
        "seconds": number("seconds", seconds, 0.1, LONGEST), "critical": critical, "prompt_expansion": expansion,
        "size": None if size is None else image_size(size, 16, LARGEST),
        "num_inference_steps": None if steps is None else whole("steps", steps, 1, STEPS), **given,
    }  # fmt: skip
    seed = whole("seed", seed, 0, 2**53 - CANDIDATES)  # more no page can say exactly
    if expansion is True and prompt:
        options["prompt_expansion"] = text = simulator_of(job).expand(prompt, seed)
        job.say("expansion", text=text)
    count = whole("candidates", candidates, 1, CANDIDATES)
    ways = count if count > 1 and _by_chunk(simulator_of(job), prompt, {**options, "seed": seed}) else 1
    candidates_read = []
    for index in range(count if ways == 1 else 1):
        clip = _made(job, index, prompt, {**options, "seed": seed + index}, ways)
        report = audit_clip(clip, name=prompt[:80] or "clip")
        job.check()
        _give(job, index, clip, report, _begin(simulator_of(job), given.get("video")))
        candidates_read.append(replace(read(clip, report, index), clip=clip[:1]))  # of long ones only the first frame
    job.say("order", candidates=[one.seed for one in ranked(clip.caption, candidates_read)])


def _by_chunk(simulator: Simulator, prompt: str, options: dict[str, Any]) -> bool:
    """Whether several candidates are several chunks, each time, and not several clips. Of which world the clip is says
    the path of its first chunk, drawn in one step."""
    asked = simulator.made(prompt, **options).get("expansion", prompt)
    frames = round(options["seconds"] * simulator.config.fps)
    if not simulator.kinds or frames <= simulator.config.window or len(simulator.parts(asked)) > 1:
        return False
    facts: dict[str, Any] = {}
    chunks = simulator.stream(prompt, facts=facts, **{**options, "num_inference_steps": 1})
    for _ in islice(chunks, 2 if "video" in options else 1):  # the first chunk after what is given
        pass
    return facts.get("kind") in names()


def _begin(simulator: Simulator, before: Clip | None) -> float:
    """When the path of a clip begins that goes on from another: with what the first chunk was told of that one."""
    context = (simulator.config.context - 1) * simulator.codec.temporal_stride + 1
    if before is None:
        return 0.0
    return (len(before) - (context if len(before) >= context else 1)) / simulator.config.fps


def _made(job: Job, index: int, prompt: str, options: dict[str, Any], ways: int) -> Clip:
    """One clip, each chunk the best of so many `ways`; its frames are shown as they are made."""
    simulator = simulator_of(job)
    rate = simulator.config.fps
    total = round(options["seconds"] * rate) + (len(options["video"]) if "video" in options else 0)
    job.say("candidate", index=index, seed=options["seed"], frames=total, fps=rate, ways=ways)

    def on_step(model: Any, step: int, time: float, latents: dict[str, Any]) -> None:
        job.check()
        job.say("step", index=index, step=step + 1)

    facts: dict[str, Any] = {}
    chunks = []
    for chunk in simulator.stream(prompt, candidates=ways, facts=facts, callback_on_step_end=on_step, **options):
        job.check()
        for frame in chunk:
            job.picture(frame, index=index)
        chunks.append(chunk)
    made = simulator.made(prompt, **options)
    return Clip(np.concatenate(chunks), rate, made.get("expansion", prompt), made={**made, **facts})


def _give(job: Job, index: int, clip: Clip, report: Report, begin: float) -> None:
    """The clip, its contact sheet and its audit's page as files of the run, and what they say. `begin`: seconds at
    which its path begins, whose steps are `step` seconds long."""
    files = {name: job.folder / f"{name}-{index}{suffix}" for name, suffix in
             (("clip", ".mp4"), ("sheet", ".png"), ("audit", ".html"))}  # fmt: skip
    clip.write(files["clip"])
    write_contact_sheet(files["sheet"], [clip.frames], clip.fps, caption=clip.caption)
    write_page(report, files["audit"], clip)
    job.say(
        "clip", index=index, files={name: path.name for name, path in files.items()}, made=dict(clip.made),
        report=report.to_dict(), caption=clip.caption, begin=begin,
        step=simulator_of(job).config.token_frames / clip.fps,
    )  # fmt: skip
