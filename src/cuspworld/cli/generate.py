"""cusp generate."""

from pathlib import Path
from typing import Annotated, Any

import typer


def generate(
    prompt: Annotated[
        str | None, typer.Argument(help="What should happen; may be left out with --image or --video.")
    ] = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="mp4, webm, gif, png (a contact sheet) or jpg (one frame).")
    ] = ...,  # type: ignore[assignment]
    model: Annotated[str, typer.Option(help="A model folder; default is the one in the package.")] = "default",
    seconds: Annotated[float | None, typer.Option(help="How long; 2 by default.")] = None,
    num_frames: Annotated[int | None, typer.Option(help="Instead of --seconds; 1 with a .png is a still.")] = None,
    size: Annotated[str | None, typer.Option(help="Pixels a side, or HEIGHTxWIDTH; default the model's own.")] = None,
    fps: Annotated[float | None, typer.Option(help="Frames a second; default the model's own.")] = None,
    seed: int = 0,
    steps: Annotated[int | None, typer.Option(help="Steps of the sampler (num_inference_steps).")] = None,
    guidance: Annotated[float | None, typer.Option(help="Classifier-free guidance scale; 1 is none.")] = None,
    sketch_guidance: Annotated[
        float | None, typer.Option(help="Along a path, from what melts; default the world's own, 1 is none.")
    ] = None,
    action_guidance: Annotated[
        float | None, typer.Option(help="Along a path that tells what is done, to what that causes; the same.")
    ] = None,
    negative_prompt: Annotated[str | None, typer.Option(help="What guidance leads away from.")] = None,
    sampler: Annotated[str | None, typer.Option(help="euler, heun or adams_bashforth.")] = None,
    transport: Annotated[str, typer.Option(help="brenier, with a path drawn first, or flow, without.")] = "brenier",
    critical: Annotated[str | None, typer.Option(help="seek or avoid passages between branches.")] = None,
    image: Annotated[Path | None, typer.Option(help="The first frame.")] = None,
    video: Annotated[Path | None, typer.Option(help="A video to go on from; the result begins with it.")] = None,
    after: Annotated[
        Path | None, typer.Option(help="A video that comes after; with --video, both are connected.")
    ] = None,
    expand: Annotated[
        bool,
        typer.Option(
            "--expand/--no-expand", help="First describe the prompt in full, in the words of the model's captions."
        ),
    ] = False,
    expansion: Annotated[
        str | None, typer.Option(help="Draw this text instead: what --expand said, edited by you.")
    ] = None,
    expand_at: Annotated[
        str | None, typer.Option(help="Let a language model expand: an OpenAI-compatible address, up to /v1.")
    ] = None,
    expand_model: Annotated[str, typer.Option(help="The language model's name at that address.")] = "default",
    candidates: Annotated[int, typer.Option(help="Make so many, a long clip's at each chunk; keep the best.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Generate a video from a prompt, an image or a video. The file keeps prompt, expansion, seed and model.

    `cusp info` tells them.

    Examples:

      cusp generate "a glass of orange juice is pushed hard and tips over" -o juice.mp4

      cusp generate "four puppies romp over the grass" -o puppies.mp4 --seconds 60 --seed 3 --size 96x128

      cusp generate "two balls collide" -o still.jpg

      cusp generate "red juice spills" --expand -o spills.mp4

      cusp generate --image still.jpg -o on.mp4
    """
    import time
    import warnings

    from cuspworld.cli.parse import parse_size
    from cuspworld.cli.say import plain, say, say_json
    from cuspworld.errors import CuspError, CuspWarning
    from cuspworld.simulator.simulator import Simulator
    from cuspworld.simulator.ways import said_of
    from cuspworld.video.files import check_output, write_stream

    check_output(output)
    if prompt is None and image is None and video is None:
        raise CuspError('say what should happen, as in cusp generate "two balls collide", or give --image or --video')
    text = prompt or ""
    options: dict[str, Any] = {
        "size": None if size is None else parse_size(size), "fps": fps, "num_inference_steps": steps,
        "guidance_scale": guidance, "sketch_guidance_scale": sketch_guidance,
        "action_guidance_scale": action_guidance, "negative_prompt": negative_prompt, "sampler": sampler,
        "image": image, "video": video, "after": after, "seed": seed, "transport": transport, "critical": critical,
    }  # fmt: skip
    if output.suffix.lower() in (".jpg", ".jpeg") and seconds is None and num_frames is None:
        num_frames = 1
    if num_frames is not None:
        options["num_frames"] = num_frames
    if seconds is not None:
        options["seconds"] = seconds
    if sum((expand, expansion is not None, expand_at is not None)) > 1:
        raise CuspError("give one of --expand, --expansion and --expand-at")
    simulator = Simulator.from_pretrained(model)
    asked = text
    started = time.perf_counter()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", CuspWarning)
        if expand or expand_at is not None or expansion is not None:
            text = expansion if expansion is not None else _told_in_full(simulator, text, seed, expand_at, expand_model)
            if not as_json:
                say(f"expanded: {plain(text)}")
        told_in_full = {"prompt": asked, "expansion": text} if text != asked or expand else {}
        facts: dict[str, Any] = {}  # of whole clips that were compared it knows at once which was kept
        chunks = simulator.stream(text, candidates=candidates, facts=facts, **options)
        made = {**simulator.made(text, **options), **facts, **told_in_full}
        if candidates > 1 and "seed" not in facts:
            made["candidates"] = candidates
        write_stream(output, chunks, fps or simulator.config.fps, caption=text, made=made)
    took = time.perf_counter() - started
    told = [str(w.message) for w in caught if issubclass(w.category, CuspWarning)]
    note = next((message for message in told if message.startswith("kept ")), said_of(facts))
    told = [message for message in told if message != note]
    if as_json:
        said = {"output": str(output), "took_seconds": took, "warnings": told, "note": note}
        say_json({**said, "expansion": told_in_full.get("expansion")})
        return
    for message in dict.fromkeys(told):
        say(f"warning: {plain(message)}", error=True)
    if note:
        say(note)
    say(f"{plain(output)} ({took:.1f} s to make)")


def _told_in_full(simulator: Any, prompt: str, seed: int, address: str | None, model: str) -> str:
    """The prompt as the model's own captions or a language model describe it."""
    if address is None:
        return str(simulator.expand(prompt, seed))
    from cuspworld.curation.endpoint import Endpoint
    from cuspworld.curation.expanding import AskedExpansion

    captions = [texts[0] for kind in simulator.kinds for texts in kind.captions[:2]]
    return AskedExpansion(Endpoint(address, model), captions)(prompt)
