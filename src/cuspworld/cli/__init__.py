"""The command `cusp`. One file a group of verbs; each verb parses, calls one function, prints.

A verb's file is imported only when the verb is used, so that `cusp --help` is quick: the table below carries each
verb's one-line help, and the verb's own file carries the rest.
"""

import importlib
import io
import os
import signal
import sys

# Before torch is loaded: threads that spin while another process has their core make a second of work take ten.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# verb -> (module of the verb, one line of help). The module has a typer-ready function of the verb's name.
VERBS: dict[str, tuple[str, str]] = {
    "generate": ("cuspworld.cli.generate", "Generate a video from a prompt, an image or a video."),
    "audit": ("cuspworld.cli.audit", "Is this video physically possible? Findings with time, place and law."),
    "exam": ("cuspworld.cli.exam", "Did this model learn the law? Tables with their floor and reference rows."),
    "explore": ("cuspworld.cli.explore", "Which experiments would teach it? Simulations chosen by what was seen."),
    "worlds": ("cuspworld.cli.record", "List the first-principles worlds."),
    "record": ("cuspworld.cli.record", "Record clips of a world: one file, or many into a library."),
    "ingest": ("cuspworld.cli.ingest", "Take a folder of videos and captions into a library."),
    "library": ("cuspworld.cli.library", "Look into a library: a page, facts; take clips out."),
    "encode": ("cuspworld.cli.encode", "Fill a library's latents, scene codes and text embeddings, once."),
    "recaption": ("cuspworld.cli.recaption", "Give poor captions of a library rich ones: lent, or asked of a model."),
    "manifold": ("cuspworld.cli.manifold", "Report a library's manifold: dimension, branches, clips near a fold."),
    "export": ("cuspworld.cli.export", "Write a library as mp4 files, WebDataset or LeRobot."),
    "train": ("cuspworld.cli.train", "Train codec and transport on a library, or what actions cause."),
    "join": ("cuspworld.cli.join", "Join models that were trained on one codec: one model that draws what each draws."),
    "show": ("cuspworld.cli.show", "Make a contact sheet (PNG) of a video."),
    "info": ("cuspworld.cli.show", "Say what a model, a library or a video file holds."),
    "folds": ("cuspworld.cli.folds", "Draw where a model's worlds fold: branches and the passages between them."),
    "map": ("cuspworld.cli.folds", "Draw a model's manifold of states, and walks across its folds."),
    "fold": ("cuspworld.cli.fold", "Solve optimal transport to any array of points; find its branches; draw its map."),
    "studio": ("cuspworld.cli.studio", "Open the studio: make, play and judge worlds on a page."),
    "figure": ("cuspworld.cli.figure", "Make one of the project's figures: seahorse, digits."),
}


def _help() -> str:
    rows = "\n".join(f"  {verb:<10} {line}" for verb, (_, line) in VERBS.items())
    return (
        "Usage: cusp VERB [ARGUMENTS]\n\n"
        "CuspWorld: the open world simulator that knows where its world folds.\n\n"
        f"Verbs:\n{rows}\n\n"
        "Examples:\n"
        '  cusp generate "a glass of orange juice tips over" -o juice.mp4\n'
        "  cusp audit juice.mp4\n"
        "  cusp VERB --help\n"
    )


def main(arguments: list[str] | None = None) -> None:
    """Run `cusp`. Exit codes: 0 done, 1 a check that was asked for failed, 2 bad input, 3 done but something was left
    out, 130 stopped by Ctrl-C, 143 by SIGTERM."""
    arguments = sys.argv[1:] if arguments is None else arguments
    for stream in (sys.stdout, sys.stderr):  # what the terminal's encoding lacks is spelled
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    if not arguments or arguments[0] in ("-h", "--help"):
        print(_help())
        sys.exit(0)
    from cuspworld.cli.say import plain, say

    verb, rest = arguments[0], arguments[1:]
    if verb == "--version":
        from cuspworld import __version__

        print(__version__)
        sys.exit(0)
    if verb not in VERBS:
        import difflib

        near = difflib.get_close_matches(verb, VERBS, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        say(f"error: no verb {verb!r}{hint} Verbs: {', '.join(VERBS)}", error=True)
        sys.exit(2)
    from cuspworld.errors import CuspError

    ended: list[int] = []

    def end(number: int, frame: object) -> None:
        """As after Ctrl-C, what was begun is saved or cleared."""
        ended.append(number)
        raise KeyboardInterrupt

    try:
        signal.signal(signal.SIGTERM, end)
        import typer

        app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
        app.command()(getattr(importlib.import_module(VERBS[verb][0]), verb))
        app(rest, prog_name=f"cusp {verb}", standalone_mode=True)
    except CuspError as error:
        say(f"error: {plain(error)}", error=True)
        sys.exit(2)
    except (KeyboardInterrupt, SystemExit) as error:
        if not ended and isinstance(error, SystemExit) and error.code != 130:
            raise
        print("terminated" if ended else "stopped", file=sys.stderr)
        sys.exit(143 if ended else 130)
