"""What a prompt tells one after the other."""

import pytest

from cuspworld.language.turns import turns


@pytest.mark.parametrize(
    ("prompt", "parts"),
    [
        ("a glass stands, then it is pushed", ["a glass stands", "it is pushed"]),
        ("A glass stands. Then: it tips over; then a hand comes.", ["A glass stands", "it tips over", "a hand comes."]),
        ("a glass stands and then tips over", ["a glass stands", "tips over"]),
        ("杯子立着，然后被推倒。", ["杯子立着", "被推倒。"]),
        ("a ball that is heavier than the other", ["a ball that is heavier than the other"]),
        ("the authentic glass", ["the authentic glass"]),
        ("if it falls then it spills", ["if it falls then it spills"]),
        ("then", ["then"]),
        (", then ", [", then "]),
        ("", [""]),
    ],
)
def test_only_a_then_that_begins_a_clause_parts(prompt, parts):
    assert turns(prompt) == parts
