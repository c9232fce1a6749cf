"""What the rooms say to a person of the studio is there in Chinese: a sentence that is new or changed needs its line in
texts/rooms.zh.json, or it is shown in English."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import cuspworld
from cuspworld.audit.laws import checks
from cuspworld.laws import Law

PACKAGE = Path(cuspworld.__file__).parent
TABLE = json.loads((PACKAGE / "studio" / "texts" / "rooms.zh.json").read_text())
FORMS = [re.compile("^" + re.sub(r"\\\{\w+\\\}", ".+?", re.escape(key)) + "$", re.S) for key in TABLE]
SILENT = {"Check", "progress_bar"}  # what these are given is for the docs page and the terminal
NAMES = {check.name for check in checks()} | {"latent predictor"}


def missing(said: Iterator[str]) -> list[str]:
    return [one for one in said if not any(form.match(one) for form in FORMS)]


def template(node: ast.AST) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "X" for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def sentences(file: Path) -> Iterator[str]:
    """Strings of several words, but those that no reader of a report sees."""
    tree, unseen = ast.parse(file.read_text()), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef) and node.body:
            unseen.update(ast.walk(node.body[0]) if isinstance(node.body[0], ast.Expr) else ())
        elif isinstance(node, ast.Raise | ast.Subscript) or (
            isinstance(node, ast.Call) and ast.unparse(node.func) in SILENT
        ):
            unseen.update(ast.walk(node))
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "Need":
            unseen.update(ast.walk(node.args[0]))
        elif isinstance(node, ast.JoinedStr):
            unseen.update(node.values)
    for node in ast.walk(tree):
        if node not in unseen and " " in template(node).strip() and template(node) not in NAMES:
            yield template(node)


AUDIT = [
    *(file for file in (PACKAGE / "audit" / "laws").rglob("*.py") if file.name != "page.py"),
    *(PACKAGE / "audit" / "observations").glob("*.py"),
    *(PACKAGE / "audit" / name for name in ("judges/twins.py", "judges/interface.py", "run.py", "streaming.py")),
    *(PACKAGE / "audit" / name for name in ("elsewhere.py", "evidence/scene.py")),
]


def test_the_sentences_of_the_audit():
    found = [one for file in AUDIT for one in sentences(file)]
    assert len(found) > 200 and not missing(iter(found)), missing(iter(found))
    assert not missing(law.broken for law in Law)


def test_the_errors_of_the_studio():
    raised = [
        template(node.exc.args[0])
        for file in (PACKAGE / "studio").glob("*.py")
        if file.stem not in ("serve", "settings")  # which the terminal shows
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args
    ]
    assert len(raised) > 15 and not missing(iter(raised)), missing(iter(raised))


@pytest.mark.parametrize("name", ["default", "oracle"])
def test_the_tables_of_an_exam(name):
    transcript = json.loads((PACKAGE / "exam" / "transcripts" / f"{name}.json").read_text())
    said = list(transcript["notes"])
    for part in transcript["parts"]:
        said += [part["title"], *part["notes"]]
        for table in part["tables"]:
            said += [table["title"], table["about"], *(column for column in table["columns"] if len(column) > 1)]
            said += [cell for row in table["rows"] for cell in row.values() if isinstance(cell, str) and len(cell) > 1]
    assert len(said) > 100 and not missing(iter(said)), missing(iter(said))


def test_every_place_of_a_translation_is_one_of_its_sentence():
    for english, chinese in TABLE.items():
        assert set(re.findall(r"\{\w+\}", chinese)) == set(re.findall(r"\{\w+\}", english)), english
        assert re.search(r"[\u3400-\u9fff]", chinese), english
