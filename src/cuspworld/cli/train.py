"""cusp train."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cuspworld.cli.parse import parse_size

if TYPE_CHECKING:
    from cuspworld.library import Library
    from cuspworld.library.selection import Selection

Steps = Annotated[int | None, typer.Option(min=1, help="Instead of the preset's number.")]


def train(
    library: Annotated[
        Path, typer.Argument(help="A library, or a folder of videos, which is taken into one beside the run first.")
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The run's folder; the model comes to be in its model/.")
    ],
    preset: Annotated[
        str, typer.Option(help="tiny (minutes), expert (one kind, with --codec: an hour), small, base (a GPU).")
    ] = "small",
    codec: Annotated[
        str | None, typer.Option(help="One that is trained already: a folder, or worlds, the package's.")
    ] = None,
    size: Annotated[str, typer.Option(help="How kept files are seen: pixels a side, or HEIGHTxWIDTH.")] = "64",
    fps: Annotated[float, typer.Option(help="How kept files are seen: frames a second.")] = 10.0,
    seed: int = 0,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run in the folder, to the same weights.")
    ] = False,
    codec_steps: Steps = None,
    transport_steps: Steps = None,
    batch: Annotated[int | None, typer.Option(min=1, help="Clips a step, of all processes together.")] = None,
    where: Annotated[str, typer.Option(help="Teach only clips for which this SQL holds, as marked.")] = "",
    prompt_encoder: Annotated[
        str | None, typer.Option(help="A transformers text encoder instead of the embedded one.")
    ] = None,
    actions: Annotated[
        bool, typer.Option("--actions", help="Paths tell what was done in each frame: clips with actions.")
    ] = False,
    dynamics: Annotated[
        bool, typer.Option("--dynamics", help="Instead: what actions cause (a JEPA), from clips with actions.")
    ] = False,
    dynamics_steps: Steps = None,
    device: Annotated[str, typer.Option(help="cpu, cuda or cuda:N.")] = "cpu",
    bf16: Annotated[
        bool | None, typer.Option("--bf16/--fp32", help="Default: bf16 where it is measured to help.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Train codec and transport on a library, or on a folder of videos.

    The run reads the library as it is when it begins: what is added or removed meanwhile is not seen, not even after
    --resume. From a folder, OUTPUT/library.lance is made as `cusp ingest --size SIZE --fps FPS` would.

    With --dynamics, the library's clips teach instead what actions cause: record them with --actions random.

    Examples:

      cusp train videos/ -o runs/mine --preset tiny

      cusp train worlds.lance -o runs/first --preset tiny

      cusp train worlds.lance -o runs/first --preset tiny --resume

      cusp train worlds.lance -o runs/mine --preset expert --codec worlds

      cusp train candles.lance -o runs/breaths --preset expert --codec worlds --actions

      cusp train collision.lance -o runs/kicks --dynamics

      cusp train worlds.lance -o runs/chosen --preset tiny --where marked

      accelerate launch --num_processes 2 -m cuspworld train worlds.lance -o runs/two --preset small
    """
    import dataclasses
    import shlex

    import torch

    from cuspworld.cli.say import plain, say, say_json
    from cuspworld.codec.codec import Codec
    from cuspworld.errors import CuspError
    from cuspworld.training.presets import preset as find_preset
    from cuspworld.training.run import train as run
    from cuspworld.training.run import with_steps

    if device != "cpu" and not torch.cuda.is_available():
        raise CuspError(f"device {device!r}: this machine has no CUDA device; take cpu")
    if dynamics:
        from cuspworld.library import Library as Opened

        _train_dynamics(Opened.open(library), where, output, dynamics_steps, batch, seed, resume, device, as_json)
        return
    if dynamics_steps is not None:
        raise CuspError("--dynamics-steps goes with --dynamics")
    chosen = with_steps(find_preset(preset), codec_steps, transport_steps, batch)
    chosen = dataclasses.replace(chosen, actions=actions)
    opened = _opened(library, output, size, fps, resume)
    view = (parse_size(size), fps)
    taught = _split(opened, "train", where).seen_at(*view)
    result = run(
        taught,
        chosen,
        output,
        kinds=[world or library.stem for world in taught.column("world")],
        codec=None if codec is None else Codec.from_pretrained(codec),
        held_out=_split(opened, "test", where).seen_at(*view),
        topics=opened.topics(),
        prompt_encoder=prompt_encoder,
        seed=seed,
        resume=resume,
        device=device,
        bfloat16=bf16,
    )
    if as_json:
        say_json(dataclasses.asdict(result))
        return
    say(f"codec: {result.psnr_before:.1f} dB before, {result.psnr_after:.1f} dB after (PSNR of held-out clips)")
    prompt, model = shlex.quote(plain(chosen_prompt(opened))), shlex.quote(plain(result.model))
    say(f"model: {plain(result.model)}\ntry:   cusp generate {prompt} --model {model} -o out.mp4")


def _opened(place: Path, output: Path, size: str, fps: float, resume: bool) -> Library:
    """The library that a run is taught, at the version that it began with."""
    import hashlib

    from cuspworld.cli.addition import tell_problems
    from cuspworld.library import Library
    from cuspworld.library.places import open_place
    from cuspworld.progress import progress_bar

    if (place / "_versions").is_dir() or not place.exists():
        library = Library.open(place)
    else:
        open_place(str(place))  # before a run is made for nothing
        output.mkdir(parents=True, exist_ok=True)
        library = Library.open_or_create(output / "library.lance")
        if not (resume and len(library)):
            with progress_bar(f"reading {place}", "files", shown=True) as progress:
                addition = library.ingest(place, size=parse_size(size), fps=fps, progress=progress)
            tell_problems(addition)
    name = f"run-{hashlib.sha256(str(output.resolve()).encode()).hexdigest()[:12]}"
    return library.pin(name, anew=not resume)


def _train_dynamics(
    library: Library,
    where: str,
    output: Path,
    steps: int | None,
    batch: int | None,
    seed: int,
    resume: bool,
    device: str,
    as_json: bool,
) -> None:
    import dataclasses

    from cuspworld.cli.say import plain, say, say_json
    from cuspworld.training.dynamics import DynamicsPreset, train_dynamics

    preset = DynamicsPreset()
    phase = dataclasses.replace(preset.phase, steps=steps or preset.phase.steps, batch=batch or preset.phase.batch)
    assert preset.readout is not None and preset.predictor is not None
    readout = dataclasses.replace(preset.readout, steps=min(phase.steps, preset.readout.steps), batch=phase.batch)
    predictor = dataclasses.replace(preset.predictor, steps=2 * phase.steps)
    result = train_dynamics(
        _split(library, "train", where),
        output,
        dataclasses.replace(preset, phase=phase, readout=readout, predictor=predictor),
        held_out=_split(library, "test", where),
        seed=seed,
        resume=resume,
        device=device,
    )
    if as_json:
        say_json(dataclasses.asdict(result))
        return
    errors = ", ".join(f"{ahead}: {error:.2f}" for ahead, error in result.errors.items())
    say(f"RankMe of the representation: {result.rank:.1f} of {result.width}")
    say(f"error by steps ahead, as a share of 'nothing changes' (held-out clips): {errors}")
    say(f"model: {plain(result.model)}")


def _split(library: Library, name: str, where: str) -> Selection:
    """The clips of a split that shall teach or judge."""
    from cuspworld.errors import CuspError

    if not where:
        return library.split(name)
    found = library.where(f"split = '{name}' and ({where})")
    if name == "train" and not len(found):
        raise CuspError(f"no clip of the train split fulfils --where {where!r}: mark, record or ingest some")
    return found


def chosen_prompt(library: Library) -> str:
    """A caption of the library, as an example."""
    return library[0].caption or "a prompt"
