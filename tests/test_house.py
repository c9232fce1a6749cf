"""The house has a direction: a room imports only rooms that stand before it in docs/house.md."""

import ast
import re
from pathlib import Path

import cuspworld

SOURCE = Path(cuspworld.__file__).parent
PAGE = Path(__file__).parent.parent / "docs" / "house.md"


def rooms() -> dict[str, int]:
    """Each room's row in the page's table."""
    rows = re.findall(r"^\| (`.+?) \|", PAGE.read_text(), re.MULTILINE)
    return {name.rstrip("/"): index for index, row in enumerate(rows) for name in re.findall(r"`([\w/]+)`", row)}


def imported(file: Path) -> set[str]:
    """Every module of this package that a file imports, anywhere in it but for type checkers."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "cuspworld":
            names = node.module.split(".")[1:]
            found |= {names[0]} if names else {alias.name for alias in node.names}
        if isinstance(node, ast.Import):
            found |= {a.name.split(".")[1] for a in node.names if a.name.startswith("cuspworld.")}
    return found


def test_every_folder_is_a_room_on_the_page():
    folders = {p.parent.name for p in SOURCE.glob("*/__init__.py")}
    assert folders <= set(rooms()), folders - set(rooms())


def test_a_room_imports_only_rooms_before_it():
    order = rooms()
    wrong = []
    for file in sorted(SOURCE.rglob("*.py")):
        parts = file.relative_to(SOURCE).parts
        room = parts[0].removesuffix(".py")
        if room not in order:
            continue  # the foundations (errors, files, checks) and the package's lazy front door
        wrong += [f"{'/'.join(parts)} imports {n}" for n in imported(file) if n in order and order[n] > order[room]]
    assert not wrong, wrong


def test_the_foundations_import_no_room():
    foundations = [p for p in SOURCE.glob("*.py") if p.stem not in rooms() and p.stem not in ("__init__", "__main__")]
    assert foundations
    folders = {p.parent.name for p in SOURCE.glob("*/__init__.py")}
    for file in foundations:
        assert not imported(file) & folders, file.name
