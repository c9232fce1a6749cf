"""cusp manifold."""

from pathlib import Path
from typing import Annotated

import typer


def manifold(
    library: Annotated[Path, typer.Argument(help="A library that `cusp encode` has filled.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The page, one HTML file.")] = Path("manifold.html"),
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Report a library's manifold: dimension with intervals, branches, boundary, the clips near a fold. Clips of one
    world are one manifold; of no world, all.

    Examples:

      cusp manifold worlds.lance -o manifold.html
    """
    import dataclasses

    from cuspworld.cli.say import plain, say, say_json
    from cuspworld.curation.encoding import Latents
    from cuspworld.curation.manifold import manifold_of
    from cuspworld.curation.manifold_page import manifold_page
    from cuspworld.files import written_whole
    from cuspworld.library.library import Library

    opened = Library.open(library)
    latents, keys = Latents(opened), opened.column("key")
    worlds = [world or "" for world in opened.column("world")]
    of = {name: [clip for clip, world in enumerate(worlds) if world == name] for name in sorted(set(worlds))}
    found = [manifold_of(name, [latents[clip] for clip in clips]) for name, clips in of.items() if len(clips) > 1]
    members = [clips for clips in of.values() if len(clips) > 1]
    page = manifold_page(found, lambda m, c: opened[members[m][c]], [[keys[c] for c in clips] for clips in members])
    with written_whole(output) as aside:
        aside.write_text(page, encoding="utf-8")
    rows = [
        {
            "kind": one.name or "all clips",
            "dimension": [dataclasses.asdict(d) for d in one.dimensions],
            "branches": [dataclasses.asdict(b) for b in one.branches],
            "boundary_steps": int(one.boundary.sum()),
            "singular_facets": one.singular,
            "share_near": one.share_near,
            "near": [keys[clips[c]] for c in one.near],
        }
        for one, clips in zip(found, members, strict=True)
    ]
    if as_json:
        say_json({"output": str(output), "manifolds": rows})
        return
    for one in found:
        estimates = ", ".join(f"{d.estimator} {d.value:.3g} ({d.low:.3g} to {d.high:.3g})" for d in one.dimensions)
        sizes = ", ".join(f"{b.steps} steps of {b.clips} clips" for b in one.branches)
        say(f"{plain(one.name or 'all clips')}: dimension {estimates or 'of too few steps'}")
        say(f"  {len(one.branches)} branches: {sizes}")
        say(f"  {100 * one.share_near:.1f} % of the clips pass one of {one.singular} singular facets")
    say(plain(output))
