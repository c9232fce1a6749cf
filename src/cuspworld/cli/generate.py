"""cusp generate."""

from pathlib import Path
from typing import Annotated, Any

import typer


def generate(
    prompt: Annotated[str, typer.Argument(help="What should happen.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="mp4, webm, gif, or png (a contact sheet).")],
    model: Annotated[str, typer.Option(help="A model folder; default is the one in the package.")] = "default",
    seconds: float = 2.0,
    size: Annotated[int | None, typer.Option(help="Pixels a side; default the model's own.")] = None,
    fps: Annotated[float | None, typer.Option(help="Frames a second; default the model's own.")] = None,
    seed: int = 0,
    steps: Annotated[int | None, typer.Option(help="Steps of the sampler (num_inference_steps).")] = None,
    guidance: Annotated[float | None, typer.Option(help="Classifier-free guidance scale; 1 is none.")] = None,
    sampler: Annotated[str | None, typer.Option(help="euler, heun or adams_bashforth.")] = None,
    image: Annotated[Path | None, typer.Option(help="The first frame.")] = None,
    video: Annotated[Path | None, typer.Option(help="A video to go on from; the result begins with it.")] = None,
    candidates: Annotated[int, typer.Option(help="Make so many, keep what the audit finds most possible.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Generate a video from a prompt, an image or a video.

    Examples:

      cusp generate "a glass of orange juice is pushed hard and tips over" -o juice.mp4

      cusp generate "four puppies romp over the grass" -o puppies.mp4 --seconds 60 --seed 3

      cusp generate "two balls collide" --video start.mp4 -o on.mp4
    """
    import json
    import sys
    import time
    import warnings

    from cuspworld.errors import CuspWarning
    from cuspworld.simulator.simulator import Simulator
    from cuspworld.video.files import check_output, write_stream

    check_output(output)
    simulator = Simulator.from_pretrained(model)
    options: dict[str, Any] = {
        "seconds": seconds, "size": size, "fps": fps, "num_inference_steps": steps, "guidance_scale": guidance,
        "sampler": sampler, "image": image, "video": video,
    }  # fmt: skip
    rate = fps or simulator.config.fps
    note = ""
    started = time.perf_counter()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", CuspWarning)
        if candidates == 1:
            write_stream(output, simulator.stream(prompt, seed=seed, **options), rate)
        else:
            ranked = simulator.best_of(prompt, candidates, seed=seed, **options)
            clip, report, kept = ranked[0]
            note = f"kept seed {kept} of {candidates}: the audit's score {report.score:.2f}"
            clip.write(output)
    took = time.perf_counter() - started
    told = [str(w.message) for w in caught if issubclass(w.category, CuspWarning)]
    if as_json:
        print(json.dumps({"output": str(output), "took_seconds": took, "warnings": told, "note": note}))
        return
    for message in dict.fromkeys(told):
        print(f"warning: {message}", file=sys.stderr)
    if note:
        print(note)
    print(f"{output} ({took:.1f} s to make)")
