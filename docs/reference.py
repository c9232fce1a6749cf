"""Draws docs/reference.md, the public names with their signatures and docstrings, from the source alone.

    python docs/reference.py

Nothing is imported, so that the page needs no more than Python. It is drawn whenever the site is (`make docs`) and not
kept: the docstrings are its source.
"""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

HERE = Path(__file__).parent
SOURCE = HERE.parent / "src" / "cuspworld"
# what it is called, the file, the class or function in it, and where its methods come from besides
PUBLIC = (
    ("Clip", "clip.py", "Clip", ()),
    ("Truth", "truth.py", "Truth", ()),
    ("Simulator", "simulator/simulator.py", "Simulator", ()),
    ("Simulator's options", "simulator/options.py", "Options", ()),
    ("Brenier", "transport/brenier.py", "Brenier", (
        ("transport/clusterer.py", "Clusterer"), ("transport/queries.py", "Queries"),
    )),
    ("worlds.names", "worlds/registry.py", "names", ()),
    ("worlds.make", "worlds/registry.py", "make", ()),
    ("worlds.describe", "worlds/registry.py", "describe", ()),
    ("worlds.register", "worlds/registry.py", "register", ()),
    ("World", "worlds/world.py", "World", (("worlds/environment.py", "Environment"),)),
    ("Library", "library/library.py", "Library", (("library/table.py", "Table"),)),
    ("Selection", "library/selection.py", "Selection", ()),
    ("audit", "audit/run.py", "audit_clip", ()),
    ("audit.Report", "audit/report.py", "Report", ()),
    ("audit.Finding", "audit/finding.py", "Finding", ()),
    ("audit.register", "audit/laws/__init__.py", "register", ()),
    ("examine", "exam/examine.py", "examine", ()),
    ("exam.Transcript", "exam/transcript.py", "Transcript", ()),
    ("exam.beside", "exam/beside.py", "beside", ()),
    ("explore.explore", "explore/search.py", "explore", ()),
    ("explore.Experiments", "explore/experiments.py", "Experiments", ()),
    ("Codec", "codec/codec.py", "Codec", ()),
    ("JEPA", "dynamics/jepa.py", "JEPA", ()),
    ("dynamics.LearnedWorld", "dynamics/learned_world.py", "LearnedWorld", ()),
    ("dynamics.HybridWorld", "dynamics/hybrid_world.py", "HybridWorld", ()),
    ("dynamics.SideBySide", "dynamics/side_by_side.py", "SideBySide", ()),
    ("dynamics.ErrorMap", "dynamics/error_map.py", "ErrorMap", ()),
    ("dynamics.CEM", "dynamics/planners.py", "CEM", ()),
    ("dynamics.MPPI", "dynamics/planners.py", "MPPI", ()),
    ("dynamics.Gradient", "dynamics/planners.py", "Gradient", ()),
    ("dynamics.BranchGraph", "dynamics/branch_graph.py", "BranchGraph", ()),
    ("training.train_dynamics", "training/dynamics.py", "train_dynamics", ()),
    ("training.train", "training/run.py", "train", ()),
)  # fmt: skip
Node = ast.FunctionDef | ast.ClassDef


def find(file: str, name: str) -> Node | None:
    nodes = ast.parse((SOURCE / file).read_text()).body
    return next((n for n in nodes if isinstance(n, ast.FunctionDef | ast.ClassDef) and n.name == name), None)


def signature(function: ast.FunctionDef, name: str) -> str:
    arguments = ast.unparse(function.args)
    arguments = re.sub(r"^(self|cls)(, )?", "", arguments)
    returns = f" -> {ast.unparse(function.returns)}" if function.returns else ""
    return f"{name}({arguments}){returns}"


def text_of(node: Node) -> str:
    """The docstring as it stands; lines of a list stay lines."""
    return inspect.cleandoc(ast.get_docstring(node) or "")


def methods(node: ast.ClassDef) -> list[ast.FunctionDef]:
    """The public methods and properties; of overloads only the last, which has the docstring."""
    named = {n.name: n for n in node.body if isinstance(n, ast.FunctionDef)}
    return [n for n in named.values() if (not n.name.startswith("_") or n.name == "__call__") and ast.get_docstring(n)]


def entry(title: str, file: str, name: str, others: tuple[tuple[str, str], ...]) -> str:
    node = find(file, name)
    if node is None:
        raise SystemExit(f"{file} has no {name}: mend PUBLIC")
    lines = [f"## {title}", "", f"`cuspworld/{file}`", ""]
    if isinstance(node, ast.FunctionDef):
        return "\n".join([*lines, "```", signature(node, title), "```", "", text_of(node), ""])
    lines += [text_of(node), ""]
    fields = [ast.unparse(n) for n in node.body if isinstance(n, ast.AnnAssign)]
    if shown := [field for field in fields if not field.startswith("_")]:
        lines += ["```", *shown, "```", ""]
    seen: set[str] = set()
    for part in (node, *(find(*other) for other in others)):
        for method in methods(part) if isinstance(part, ast.ClassDef) else ():
            if method.name in seen:
                continue
            seen.add(method.name)
            kinds = " ".join(ast.unparse(decorator) for decorator in method.decorator_list)
            name = "" if method.name == "__call__" else f".{method.name}"
            owner = title if "classmethod" in kinds else title[:1].lower() + title[1:]
            shown = f"{owner}{name}" if "property" in kinds else signature(method, f"{owner}{name}")
            lines += ["```", shown, "```", "", text_of(method), ""]
    return "\n".join(lines)


def drawn() -> str:
    head = (
        "# Reference\n\nThe public names, drawn from their docstrings by `python docs/reference.py`. "
        "`CuspError` (a `ValueError`) is raised for bad input and says what to do next.\n\n"
    )
    return head + "\n".join(entry(*public) for public in PUBLIC)


if __name__ == "__main__":
    (HERE / "reference.md").write_text(drawn())
