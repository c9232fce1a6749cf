"""Every Python example of the README and the docs runs as it stands, in a folder of its own."""

import importlib
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import typer

from cuspworld.cli import VERBS

REPOSITORY = Path(__file__).parent.parent
PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]


def examples(page: Path) -> str:
    """The page's Python blocks, one after the other: a later one may use what an earlier one made."""
    return "\n".join(re.findall(r"^```python\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL))


@pytest.mark.parametrize("page", [p for p in PAGES if examples(p)], ids=lambda p: str(p.relative_to(REPOSITORY)))
def test_the_examples_of_a_page_run(page, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", examples(page)],
        cwd=tmp_path,
        env={**os.environ, "MPLBACKEND": "agg"},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(REPOSITORY)))
def test_links_to_files_lead_somewhere(page):
    links = re.findall(r"\]\((?!https?://|#)([^)#]+)", page.read_text())
    missing = [link for link in links if not (page.parent / link).exists()]
    assert not missing, missing


def test_scripts_named_on_the_pages_exist():
    for page in PAGES:
        scripts = set(re.findall(r"\b(?:benchmarks|recipes)/\w+\.py", page.read_text()))
        assert not [s for s in scripts if not (REPOSITORY / s).is_file()], page


def test_commands_of_the_pages_are_taken_as_they_stand():
    """Every verb, argument and option of every command, up to where its work would begin."""
    for page in PAGES:
        for line in "\n".join(shell(page)).replace("\\\n", " ").splitlines():
            if line.startswith("cusp "):
                taken(line, page.name)


def taken(line: str, said_by: str) -> None:
    verb, *rest = shlex.split(line)[1:]
    assert verb in VERBS, f"{said_by}: {line}"
    app = typer.Typer(add_completion=False)
    app.command()(getattr(importlib.import_module(VERBS[verb][0]), verb))
    try:
        typer.main.get_command(app).make_context(verb, rest)
    except Exception as error:
        raise AssertionError(f"{said_by}: {line}: {error}") from error


def test_the_site_has_every_page_in_reading_order_and_asks_nobody_for_fonts():
    site = tomllib.loads((REPOSITORY / "zensical.toml").read_text())["project"]

    def pages(entries: list) -> list[str]:
        return [page for e in entries for v in e.values() for page in (pages(v) if isinstance(v, list) else [v])]

    listed = pages(site["nav"])
    there = {page.relative_to(REPOSITORY / "docs").as_posix() for page in (REPOSITORY / "docs").rglob("*.md")}
    assert listed[0] == "index.md" and len(listed) == len(set(listed))
    assert set(listed) == there | {"reference.md"}
    assert site["theme"]["font"] is False


def test_a_link_on_the_site_leads_to_the_site():
    """What lies outside docs/ has no page there; its path is said instead."""
    docs = REPOSITORY / "docs"
    for page in docs.rglob("*.md"):
        for link in re.findall(r"\]\(([^)#: ]+)", page.read_text()):
            assert (page.parent / link).resolve().is_relative_to(docs.resolve()), f"{page.name}: {link}"


def test_the_first_page_has_a_picture_and_the_first_command():
    for page in (REPOSITORY / "README.md", REPOSITORY / "docs" / "index.md"):
        text = page.read_text()
        assert re.search(r"!\[.+\]\(.+\.png\)", text) and "make demo" in text and "source .venv/bin/activate" in text


def test_the_reference_is_drawn_from_the_public_names():
    import cuspworld

    command = [sys.executable, "-c", "import reference; print(reference.drawn())"]
    page = subprocess.run(command, cwd=REPOSITORY / "docs", capture_output=True, text=True, check=True).stdout
    for name in {*cuspworld.__all__} - {"__version__"}:
        assert re.search(rf"^## {name}", page, re.MULTILINE), name
    assert "Clip.read(path: str | Path" in page and page.count("```") % 2 == 0


def test_the_site_is_built_without_the_test_extras():
    rule = (REPOSITORY / "Makefile").read_text().partition("\ndocs: ")[2].partition("\n\n")[0]
    assert "$(DEV)" not in rule and "[dev]" not in rule and "reference.py" in rule


def last_of_the_demo() -> list[str]:
    """The commands that the demo prints at its end."""
    rule = (REPOSITORY / "Makefile").read_text().partition("\ndemo: ")[2].partition("\n\n")[0]
    said = re.findall(r"@echo ['\"](.*)['\"]$", rule, re.MULTILINE)
    return [line.strip() for line in said if line.startswith("  ")]


def test_what_the_demo_prints_last_are_commands_as_they_stand():
    """They run after `source .venv/bin/activate`, which the demo says first."""
    activate, *commands = last_of_the_demo()
    assert activate == "source .venv/bin/activate" and len(commands) >= 2
    for command in commands:
        taken(command, "make demo")


@pytest.mark.long
def test_what_the_demo_prints_last_runs(tmp_path):
    (tmp_path / "out").mkdir()  # by the demo
    for command in last_of_the_demo()[1:]:
        words = [sys.executable, "-m", "cuspworld", *shlex.split(command)[1:]]
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, f"{command}: {done.stderr[-2000:]}"


def shell(page: Path) -> list[str]:
    """The lines of a page's blocks of commands, without their comments."""
    blocks = re.findall(r"^```(?:bash|sh|console)?\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)
    return [line.partition(" #")[0].strip() for block in blocks for line in block.splitlines()]


def test_the_command_line_has_its_page():
    told = (REPOSITORY / "docs" / "cli.md").read_text()
    assert [verb for verb in VERBS if f"| `cusp {verb}" not in told] == []


@pytest.mark.parametrize("page", [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").rglob("*.md"))], ids=str)
def test_no_command_needs_a_file_that_nobody_has(page):
    """What a command reads was written by one before it on the page; in CAPITALS stands what is the reader's own."""
    made = set(re.findall(r'"([a-z_]+\.\w+)"', page.read_text()))  # by Python, on the same page
    for line in shell(page):
        if not line.startswith("cusp "):
            continue
        words = shlex.split(line)
        outputs = {words[k + 1] for k in range(len(words) - 1) if words[k] in ("-o", "--output", "--html")}
        needed = [w for w in words[2:] if re.fullmatch(r"[a-z_]+\.(mp4|png|jpg|lance|npy|npz|csv)", w)]
        assert {*needed} - outputs <= made, f"{line}: nobody has {sorted({*needed} - outputs - made)}"
        made |= outputs
