"""cusp train."""

from pathlib import Path
from typing import Annotated

import typer

Steps = Annotated[int | None, typer.Option(min=1, help="Instead of the preset's number.")]


def train(
    library: Annotated[Path, typer.Argument(help="A library that `cusp record` or `cusp ingest` wrote.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The run's folder; the model comes to be in its model/.")
    ],
    preset: Annotated[
        str, typer.Option(help="tiny (minutes), expert (one kind, with --codec: an hour), small, base (a GPU).")
    ] = "small",
    codec: Annotated[
        str | None, typer.Option(help="One that is trained already: a folder, or worlds, the package's.")
    ] = None,
    seed: int = 0,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run in the folder, to the same weights.")
    ] = False,
    codec_steps: Steps = None,
    transport_steps: Steps = None,
    batch: Annotated[int | None, typer.Option(min=1, help="Clips a step, of all processes together.")] = None,
    prompt_encoder: Annotated[
        str | None, typer.Option(help="A transformers text encoder instead of the embedded one.")
    ] = None,
    device: Annotated[str, typer.Option(help="cpu, cuda or cuda:N.")] = "cpu",
    bf16: Annotated[
        bool | None, typer.Option("--bf16/--fp32", help="Default: bf16 where it is measured to help.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Train codec and transport on a library.

    Examples:

      cusp train worlds.lance -o runs/first --preset tiny

      cusp train worlds.lance -o runs/first --preset tiny --resume

      cusp train worlds.lance -o runs/mine --preset expert --codec worlds

      accelerate launch --num_processes 2 -m cuspworld train worlds.lance -o runs/two --preset small
    """
    import dataclasses
    import shlex

    import torch

    from cuspworld.cli.say import plain, say, say_json
    from cuspworld.codec.codec import Codec
    from cuspworld.errors import CuspError
    from cuspworld.library import Library
    from cuspworld.training.presets import preset as find_preset
    from cuspworld.training.run import train as run
    from cuspworld.training.run import with_steps

    if device != "cpu" and not torch.cuda.is_available():
        raise CuspError(f"device {device!r}: this machine has no CUDA device; take cpu")
    chosen = with_steps(find_preset(preset), codec_steps, transport_steps, batch)
    opened = Library.open(library)
    taught = opened.split("train")
    result = run(
        taught,
        chosen,
        output,
        kinds=[world or library.stem for world in taught.column("world")],
        codec=None if codec is None else Codec.from_pretrained(codec),
        held_out=opened.split("test"),
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


def chosen_prompt(library) -> str:  # type: ignore[no-untyped-def]
    """A caption of the library, as an example."""
    return library[0].caption or "a prompt"
