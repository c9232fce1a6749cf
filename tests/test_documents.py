"""Every Python example of the README and the docs runs as it stands, in a folder of its own."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

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


def test_commands_named_on_the_pages_exist():
    """Scripts in benchmarks/ and recipes/, and verbs of `cusp`, that a page names."""
    from cuspworld.cli import VERBS

    for page in PAGES:
        text = page.read_text()
        scripts = set(re.findall(r"\b(?:benchmarks|recipes)/\w+\.py", text))
        assert not [s for s in scripts if not (REPOSITORY / s).is_file()], page
        verbs = set(re.findall(r"^(?:\$ )?cusp (\w+)", text, re.MULTILINE))
        assert verbs <= set(VERBS), (page, verbs - set(VERBS))
