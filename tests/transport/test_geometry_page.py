"""The snippets of docs/geometry.md run, in order, and what they assert holds."""

import re
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "geometry.md"


def test_the_snippets_run():
    text = PAGE.read_text(encoding="utf-8")
    snippets = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    assert len(snippets) == 4
    names: dict = {}
    for snippet in snippets:
        exec(compile(snippet, str(PAGE), "exec"), names)
    for picture in re.findall(r"\]\((pictures/\S+)\)", text):
        assert (PAGE.parent / picture).is_file()
