"""Where a file can be changed, and to what: six kinds of small faults, found in the syntax tree, spliced into the text.

A boundary (`<` to `<=`) is not moved: on measured floats that is nearly always the same program.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FLIPPED = {
    ast.Lt: ast.Gt, ast.Gt: ast.Lt, ast.LtE: ast.GtE, ast.GtE: ast.LtE, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
SWAPPED = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult}
OTHER = {ast.And: ast.Or, ast.Or: ast.And}
RETURNS = {  # what a function says that it returns -> what it returns instead, of the same type
    "bool": "not ({})", "int": "({}) + 1", "float": "2 * ({})", "np.ndarray": "-({})", "Tensor": "-({})",
    "list": "({})[:-1]", "str": "({})[:-1]",
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """One change of one place: the lines that it stands on, and the text before and after."""

    file: str  # relative to the repository
    function: str  # the function around it; "" at the level of the module or of a class
    line: int
    kind: str
    before: str
    after: str
    start: int  # bytes of the file
    end: int

    def applied(self, source: bytes) -> bytes:
        return source[: self.start] + self.after.encode() + source[self.end :]


def _text(node: ast.AST) -> bool:
    """A literal text: `folder / "name"` and `"a" + b` are no arithmetic."""
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _does_something(node: ast.AST) -> bool:
    """A call for its effect, or an assignment to an item: it can be left out, and every name still has a value."""
    if isinstance(node, ast.Assign):
        return all(isinstance(target, ast.Subscript) for target in node.targets)
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)


def _instead(node: ast.AST, returns: str) -> Iterator[tuple[str, str]]:
    """(kind, new text) of each change of a node. `returns` is the annotation of the function around it."""
    new = copy.deepcopy(node)
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in FLIPPED:
        new.ops = [FLIPPED[type(node.ops[0])]()]
        yield "comparison", f"({ast.unparse(new)})"
    elif isinstance(node, ast.BinOp) and type(node.op) in SWAPPED and not (_text(node.left) or _text(node.right)):
        new.op = SWAPPED[type(node.op)]()
        yield "arithmetic", f"({ast.unparse(new)})"
    elif isinstance(node, ast.BoolOp):
        new.op = OTHER[type(node.op)]()
        yield "branch", f"({ast.unparse(new)})"
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
        small = isinstance(node.value, int) and node.value < 10  # an index, a count
        yield "constant", repr(node.value + 1 if small else 2 * node.value or 1.0)
    elif isinstance(node, ast.AugAssign | ast.Raise | ast.Continue | ast.Break) or _does_something(node):
        yield "statement", "pass"
    elif isinstance(node, ast.Return) and node.value is not None:
        kind = "float" if returns.startswith("Float[") else returns.split("[")[0]
        if kind in RETURNS:
            yield "return", "return " + RETURNS[kind].format(ast.unparse(node.value))
        elif returns.endswith("| None") and not (isinstance(node.value, ast.Constant) and node.value.value is None):
            yield "return", "return None"


def _parts(node: ast.AST) -> Iterator[ast.AST]:
    """The children that may be changed: no annotations, decorators, texts, messages of errors, imports."""
    if isinstance(node, ast.Raise | ast.JoinedStr | ast.Import | ast.ImportFrom | ast.Assert):
        return
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        return
    for name, value in ast.iter_fields(node):
        if name not in ("annotation", "returns", "decorator_list"):
            yield from (v for v in (value if isinstance(value, list) else [value]) if isinstance(v, ast.AST))


def mutants(file: Path, root: Path) -> list[Mutant]:
    """Every mutant of a file, in the order of its text."""
    source = file.read_bytes()
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    found = []

    def add(node: ast.AST, function: str, kind: str, after: str) -> None:
        start = starts[node.lineno - 1] + node.col_offset
        end = starts[node.end_lineno - 1] + node.end_col_offset
        before = source[start:end].decode()
        place = file.relative_to(root).as_posix()
        found.append(Mutant(place, function, node.lineno, kind, before, after, start, end))

    def visit(node: ast.AST, function: str, returns: str) -> None:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            function, returns = node.name, ast.unparse(node.returns) if node.returns else ""
        for kind, after in _instead(node, returns):
            add(node, function, kind, after)
        if isinstance(node, ast.If | ast.IfExp):
            add(node.test, function, "branch", f"not ({ast.unparse(node.test)})")
        for part in _parts(node):
            visit(part, function, returns)

    visit(ast.parse(source), "", "")
    return found
