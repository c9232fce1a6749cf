"""The house has a direction: a room imports only rooms before it in docs/house.md; no two files import each other."""

import ast
import re
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import cuspworld

SOURCE = Path(cuspworld.__file__).parent
PAGE = Path(__file__).parent.parent / "docs" / "house.md"
DOORS = ("__init__", "__main__")  # of the package itself: they open on to every room


def rooms() -> dict[str, int]:
    """Each room's row in the page's table."""
    rows = re.findall(r"^\| (`.+?) \|", PAGE.read_text(), re.MULTILINE)
    return {name.rstrip("/"): index for index, row in enumerate(rows) for name in re.findall(r"`([\w/]+)`", row)}


def name_of(file: Path) -> str:
    """`worlds.juice.world` for src/cuspworld/worlds/juice/world.py; a folder's `__init__` has the folder's name."""
    return ".".join(file.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")


FILES = {name_of(file): file for file in sorted(SOURCE.rglob("*.py")) if name_of(file) not in DOORS}


def imported(name: str) -> set[str]:
    """Every file of this package that a file imports, anywhere in it: inside functions and for type checkers too."""
    found = set()
    for node in ast.walk(ast.parse(FILES[name].read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name}: imports are absolute here"
            found |= {str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)}
    return {file.removeprefix("cuspworld.") for file in found if file.startswith("cuspworld.")} & set(FILES) - {name}


def test_every_file_and_folder_stands_on_the_page():
    listed = set(re.findall(r"`([\w/]+?)/?`", PAGE.read_text()))
    folders = {f.parent.relative_to(SOURCE).as_posix() for f in SOURCE.rglob("*.py") if f.parent != SOURCE}
    wanted = folders | {f.stem for f in SOURCE.glob("*.py")} - set(DOORS)
    assert not wanted - listed, wanted - listed


def test_what_the_page_lists_exists():
    assert set(rooms()) <= {name.split(".")[0] for name in FILES}


def test_a_room_imports_only_rooms_before_it():
    """The foundations stand first, so they import no room."""
    order = rooms()
    wrong = [
        f"{name} imports {other}"
        for name in FILES
        for other in imported(name)
        if order[other.split(".")[0]] > order[name.split(".")[0]]
    ]
    assert not wrong, wrong


def test_no_circle_of_files():
    graph = {name: imported(name) for name in FILES}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))
