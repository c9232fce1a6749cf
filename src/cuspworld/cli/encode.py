"""cusp encode."""

from pathlib import Path
from typing import Annotated

import typer


def encode(
    library: Annotated[Path, typer.Argument(help="A library that `cusp record` or `cusp ingest` wrote.")],
    codec: Annotated[
        str, typer.Option(help="A codec: worlds (in the package), a folder, or a name on the hub.")
    ] = "worlds",
    prompts: Annotated[
        str | None, typer.Option(help="A folder with a prompt encoder, as a model's language/: embed captions too.")
    ] = None,
    workers: Annotated[str, typer.Option(help="Processes, or ray for a Ray cluster.")] = "1",
    index: Annotated[bool, typer.Option("--index", help="Make an index for searching by scene code.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Fill a library's columns of latents, scene codes and text embeddings, once.

    If it is interrupted, give the same command again: it goes on. Clips that are encoded by this codec are left alone;
    latents of another codec are replaced.

    Examples:

      cusp encode worlds.lance

      cusp encode worlds.lance --codec runs/first/model/codec --prompts runs/first/model/language --workers 2
    """
    import dataclasses

    from cuspworld.cli.say import plain, say, say_json
    from cuspworld.codec.codec import Codec
    from cuspworld.curation.encoding import embedder
    from cuspworld.curation.encoding import encode as fill
    from cuspworld.language.loading import load_prompt_encoder
    from cuspworld.library.library import Library
    from cuspworld.progress import progress_bar

    opened = Library.open(library)
    texts = None if prompts is None else embedder(load_prompt_encoder(prompts))
    with progress_bar(f"encoding {plain(library)}", "clips", shown=True) as move:
        done = fill(opened, Codec.from_pretrained(codec), texts=texts, workers=workers, progress=move)
    if index:
        opened.index_vectors("scene_code")
    if as_json:
        say_json({**dataclasses.asdict(done), "clips": len(opened), "path": str(opened.path)})
        return
    say(f"{plain(opened.path)}: {done.encoded} clips encoded, {done.present} were before; codec {done.codec}")
