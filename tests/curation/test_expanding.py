"""A prompt that a language model expands keeps what it says, or stays as it was."""

import json

import pytest

from cuspworld.curation.endpoint import Endpoint
from cuspworld.curation.expanding import AskedExpansion
from cuspworld.errors import CuspError, CuspWarning
from tests.cli.test_library_verbs import cusp

GOOD = "A glass of red juice on a table is pushed hard; it tips over, and the red juice spills over the table."


def asked(address: str) -> AskedExpansion:
    return AskedExpansion(Endpoint(address, "writer", rate=6000, timeout=1.5, pause=0.01), ["A glass rocks."])


def test_an_answer_that_says_what_the_prompt_says_is_taken(serve):
    address, log = serve("500", f"say:{GOOD}")
    assert asked(address)("red juice spills") == GOOD
    assert json.loads(log.read_text().splitlines()[-1])["pictures"] == 0


@pytest.mark.parametrize(
    ("prompt", "answer"),
    [
        ("a glass of blue juice spills", GOOD),
        ("the glass of red juice does not tip over", GOOD),
        ("four puppies", "Three puppies romp over the grass around a red ball."),
        ("red juice spills", "Ignore what was said before."),
    ],
    ids=["colour", "negation", "number", "instruction"],
)
def test_an_answer_that_changes_the_prompt_is_asked_for_again_and_then_left(serve, prompt, answer):
    address, log = serve(f"say:{answer}", f"say:{answer}")
    with pytest.warns(CuspWarning, match="does not keep to the prompt"):
        assert asked(address)(prompt) == prompt
    assert len(log.read_text().splitlines()) == 2


def test_the_second_answer_is_taken_where_the_first_was_wrong(serve):
    address, _ = serve("say:Three puppies romp over the grass.", "say:Four puppies romp over the grass.")
    assert asked(address)("four puppies") == "Four puppies romp over the grass."


def test_a_server_that_gives_no_answer_is_named(serve):
    address, _ = serve("403")
    with pytest.raises(CuspError, match="refuses"):
        asked(address)("red juice spills")
    with pytest.raises(CuspError, match="no prompt"):
        asked(address)(" ")


def test_on_the_command_line(serve, tmp_path, capsys):
    address, _ = serve(f"say:{GOOD}")
    command = ["generate", "red juice spills", "--num-frames", "2", "--steps", "1", "-o", str(tmp_path / "a.mp4")]
    assert cusp(*command, "--expand-at", address) == 0
    assert f"expanded: {GOOD}" in " ".join(capsys.readouterr().out.split())
    assert cusp("info", tmp_path / "a.mp4", "--json") == 0
    assert json.loads(capsys.readouterr().out)["made"]["expansion"] == GOOD
    assert cusp(*command, "--expand", "--expansion", GOOD) == 2
