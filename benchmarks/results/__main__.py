"""Draw docs/benchmarks.md from benchmarks/results/*.json: `python -m benchmarks.results`."""

from __future__ import annotations

import ast
import json
from typing import Any

from benchmarks.results import FOLDER, REPOSITORY, cell

PAGE = REPOSITORY / "docs" / "benchmarks.md"
HEAD = """# Benchmarks

What runs measured, drawn by `python -m benchmarks.results` from `benchmarks/results/*.json` (a test holds the two
together). Each was written by its command with `--save`; the commit is the one that was measured (a plus: with files
not yet committed). Seconds are of that machine on that day, shared with other work; ratios are what a script promises.
"""


def section(result: dict[str, Any]) -> str:
    """One benchmark: what its script says it asks, where and when it was measured, and its rows as a table."""
    name, machine = result["benchmark"], result["machine"]
    script = REPOSITORY / next(word for word in result["command"].split() if word.endswith(".py"))
    said = (ast.get_docstring(ast.parse(script.read_text())) or "").split("\n\n")[0].replace("\n", " ")
    columns = list(dict.fromkeys(key for row in result["rows"] for key in row))
    versions = "".join(f", {k} {machine[k]}" for k in ("numpy", "numba", "torch") if k in machine)
    where = (
        f"{machine['processor']}, {machine['cores']} cores, {machine['system']}, Python {machine['python']}" + versions
    )
    lines = [
        f"## {name.replace('_', ' ').capitalize()}",
        "",
        said,
        "",
        f"`{result['command']}` at commit {result['commit']}, {result['date']}: {where}.",
        "",
        "| " + " | ".join(columns) + " |",
        "|" + "---|" * len(columns),
        *("| " + " | ".join(cell(row.get(c)) for c in columns) + " |" for row in result["rows"]),
        "",
    ]
    return "\n".join(lines)


def drawn() -> str:
    """The page as the results on disk have it."""
    return "\n".join([HEAD, *(section(json.loads(path.read_text())) for path in sorted(FOLDER.glob("*.json")))])


if __name__ == "__main__":
    PAGE.write_text(drawn())
    print(PAGE.relative_to(REPOSITORY))
