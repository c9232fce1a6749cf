"""The docs page lists the checks as they are."""

from pathlib import Path

from cuspworld.audit.laws.page import with_list

PAGE = Path(__file__).resolve().parents[3] / "docs" / "audit_laws.md"


def test_the_page_says_what_the_checks_say() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert with_list(text) == text, "run: python -m cuspworld.audit.laws.page docs/audit_laws.md"
