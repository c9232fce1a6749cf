"""cusp recaption."""

from pathlib import Path
from typing import Annotated

import typer


def recaption(
    library: Annotated[Path, typer.Argument(help="A library; for lending, one that `cusp encode` has filled.")],
    good: Annotated[
        str | None, typer.Option(help="SQL on the columns: the well-captioned clips. Default: those that tell much.")
    ] = None,
    least: Annotated[float, typer.Option(min=0, max=1, help="Lend no caption that is less sure than this.")] = 0.0,
    address: Annotated[
        str | None, typer.Option(help="Ask a vision-language model instead: an OpenAI-compatible address, up to /v1.")
    ] = None,
    model: Annotated[str, typer.Option(help="The model's name at the address.")] = "default",
    rate: Annotated[float, typer.Option(help="Requests a minute at most.")] = 60.0,
    price: Annotated[tuple[float, float], typer.Option(help="Of a million tokens, in and out: the cost is shown.")] = (
        0.0,
        0.0,
    ),
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Give poor captions rich ones. The old caption is kept in caption_before; caption_source says where the new one
    came from.

    Without --address, the nearest well-captioned clips lend theirs, never across a fold. With it, a model is asked; a
    key is read from OPENAI_API_KEY. If it is interrupted, give the same command again. Exit code 3: some clips got no
    answer.

    Examples:

      cusp recaption worlds.lance --good "source like 'described/%'"

      cusp recaption real.lance --address http://localhost:11434/v1 --model qwen3-vl
    """
    import dataclasses

    from cuspworld.cli.say import plain, say, say_json
    from cuspworld.curation.endpoint import Endpoint
    from cuspworld.curation.recaptioning import ask_captions, lend_captions, well_captioned
    from cuspworld.library.library import Library
    from cuspworld.progress import progress_bar

    opened = Library.open(library)
    rich = well_captioned(opened, good)
    if address is None:
        done = lend_captions(opened, rich, least)
    else:
        endpoint = Endpoint(address, model, rate)
        with progress_bar(f"asking {plain(model)}", "clips", shown=True) as move:
            done = ask_captions(opened, rich, endpoint, progress=move)
    cost = (done.tokens_in * price[0] + done.tokens_out * price[1]) / 1e6
    if as_json:
        say_json(
            {**dataclasses.asdict(done), "well_captioned": int(rich.sum()), "cost": cost, "path": str(opened.path)}
        )
    else:
        for key, why in done.problems[:20]:
            say(f"no answer for {plain(key)}: {plain(why)}", error=True)
        used = f"; {done.tokens_in} tokens in, {done.tokens_out} out, cost {cost:.4f}" if address else ""
        told = f"{int(rich.sum())} well-captioned clips, {done.changed} with a new caption, {done.kept} poor ones left"
        say(f"{plain(opened.path)}: {told}{used}")
    if done.problems:
        raise typer.Exit(3)
