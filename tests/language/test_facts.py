"""Facts: what a text says of which thing, in two languages, whatever its words."""

import pytest

from cuspworld.language.facts import facts


def pairs(text: str) -> set[frozenset[str]]:
    return {frozenset((*fact.first, *fact.second)) for fact in facts(text) if fact.kind == "pair"}


def of(kind: str, text: str) -> set[str]:
    return {name for fact in facts(text) if fact.kind == kind for name in fact.first}


@pytest.mark.parametrize(
    "text",
    [
        "A slow red ball meets a fast blue one.",
        "A red ball rolling slowly hits a blue ball rolling fast.",
        "Rolling slowly, a red ball meets a blue ball that rolls quickly.",
        "缓慢滚动的红球遇上快速滚动的蓝球。",
        "一个红球滚得很慢，一个蓝球滚得很快",
    ],
)
def test_an_attribute_stays_with_its_thing(text):
    found = pairs(text)
    assert {frozenset(("red", "slow")), frozenset(("blue", "fast"))} <= found
    assert not {frozenset(("red", "fast")), frozenset(("blue", "slow"))} & found


@pytest.mark.parametrize(
    ("text", "denied", "told"),
    [
        ("A glass of juice is NOT pushed.", {"push"}, {"glass", "juice"}),
        ("The glass isn't pushed and stands.", {"push"}, {"glass", "stand"}),
        ("Pushed hard, it does not tip or spill.", {"overturn", "spill"}, {"push"}),
        ("Nobody blows at the candles.", {"blow"}, set()),
        ("The breath is too weak to put it out.", set(), {"blow"}),
        ("没有人吹蜡烛", {"blow"}, set()),
        ("杯子被推了，没有倒，也没有洒", {"overturn", "spill"}, {"push", "glass"}),
        ("No glass, a ball.", {"glass"}, {"ball"}),
        ("Both ships stay afloat.", {"overturn"}, {"ship"}),
    ],
)
def test_a_negation_denies_what_its_clause_says(text, denied, told):
    assert denied <= of("not", text) and told <= of("is", text)
    assert not denied & of("is", text)


@pytest.mark.parametrize(
    ("text", "thing", "looks"),
    [
        ("A chair that is not red falls over.", "chair", {"red"}),
        ("A chair that isn't red falls over.", "chair", {"red"}),
        ("A chair, not red, falls over.", "chair", {"red"}),
        ("A non-red chair falls over.", "chair", {"red"}),
        ("A chair that is neither red nor big falls over.", "chair", {"red", "big"}),
        ("不是红色的椅子翻倒", "chair", {"red"}),
        ("一把并非红色的椅子翻倒了", "chair", {"red"}),
        ("一把不红的椅子翻倒了", "chair", {"red"}),
    ],
)
def test_a_negation_of_looks_denies_nothing_else(text, thing, looks):
    denied = {fact.first[0] for fact in facts(text) if fact.kind == "not pair" and fact.second == (thing,)}
    assert denied == looks and of("not", text) == set()
    assert {"chair", "overturn"} <= of("is", text) and not pairs(text) and not looks & of("is", text)


@pytest.mark.parametrize(
    ("text", "denied"),
    [
        ("A glass that nobody pushes tips over.", {"push"}),
        ("A glass that is not pushed falls over.", {"push"}),
        ("没有人推的杯子翻倒了", {"push"}),
        ("A glass that does not tip or spill.", {"overturn", "spill"}),
    ],
)
def test_what_does_not_happen_to_a_thing_is_not_what_it_does(text, denied):
    told = of("is", text) & {"overturn", "push", "spill"}
    assert of("not", text) - {"fall"} == denied and told == {"overturn"} - denied


def test_both_are_the_two_named_last():
    found = pairs("A big ball and a small one, both red, collide.")
    assert {frozenset(("red", "big")), frozenset(("red", "small"))} <= found


@pytest.mark.parametrize("text", ["No red chair falls over.", "没有红色的椅子翻倒"])
def test_what_no_thing_of_a_colour_does_is_not_told(text):
    assert of("not", text) == {"overturn"} and "overturn" not in of("is", text)


def test_numbers_belong_to_things_and_times_to_what_happens():
    for text in ("Three puppies and 2 balls", "三只小狗和两个球"):
        assert {frozenset(("3", "puppy")), frozenset(("2", "ball"))} <= pairs(text)
    for text in ("Push at 0.5 s, tipping at 0.7 s.", "第0.5秒推动，第0.7秒开始倾倒。"):
        times = {(fact.first[0], fact.value) for fact in facts(text) if fact.kind == "time"}
        assert times == {("push", 0.5), ("overturn", 0.7)}


def test_one_and_the_others_are_the_things_that_are_several():
    text = "Four puppies chase a red ball on a meadow: a brown one, a white one and two grey ones, none of them black."
    found = pairs(text)
    assert {frozenset((coat, "puppy")) for coat in ("brown", "white", "grey")} <= found
    assert frozenset(("brown", "ball")) not in found
    assert [fact for fact in facts(text) if fact.kind == "not pair" and fact.first == ("black",)]


def test_no_text_breaks_it():
    for text in (
        "",
        "🎻🎻",
        "not not not",
        "one one one",
        "，，，",
        "a " * 5000,
        "12.5.3 7 s s s",
        "的的的没有",
        "which that who",
    ):
        assert isinstance(facts(text), list)


@pytest.mark.parametrize(
    "text", ["A small ball that is red hits a big blue ball.", "A big blue ball meets a small ball which is red."]
)
def test_what_is_told_of_a_thing_after_it_is_its_own(text):
    found = pairs(text)
    assert {frozenset(("red", "small")), frozenset(("big", "blue"))} <= found
    assert not {frozenset(("red", "big")), frozenset(("small", "blue"))} & found


@pytest.mark.parametrize(
    "text,out,share",
    [
        ("Four green candles burn on a cake; the flames lean and stand up again.", "not", set()),
        ("A face blows at two candles, but the breath is too weak to put a flame out.", "not", set()),
        ("Two candles burn on a cake and nothing else.", None, set()),
        ("Two candles burn on.", "not", set()),
        ("A face blows at three candles. The flames lean over, go out, and smoke rises.", "is", {"all"}),
        ("Four candles burn on a cake; someone blows. One goes out, the others burn on.", "both", {"some"}),
        ("Two candles go out.", "is", set()),
    ],
)
def test_what_goes_out_and_how_many(text, out, share):
    found = facts(text)
    said = {fact.kind for fact in found if fact.first == ("extinguish",) and fact.kind in ("is", "not")}
    assert said == {None: set(), "both": {"is", "not"}}.get(out, {out})
    assert {fact.first[0] for fact in found if fact.kind == "share"} == share


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("A grey pup, a brown one and a white one play.", ("3", "puppy")),
        ("一只灰狗、一只棕狗和一只白狗", ("3", "puppy")),
        ("A red ball hits a blue ball. The red ball stops.", ("2", "ball")),
        ("A big red ball meets a small red one.", ("2", "ball")),
        ("Four puppies: a grey one, a brown one.", ("4", "puppy")),  # a number that is told is the number
        ("A red chair tips over; the red chair lies.", None),  # one chair twice
        ("A black pup that is not a white pup.", None),
        ("A puppy chases a ball.", None),
        ("A red ball, a big one, rolls into a blue ball.", ("2", "ball")),
        ("A chair, a green one, a small one, falls.", None),
        ("A white puppy becomes a brown puppy.", None),
        ("Either a red ball or a blue one.", None),
        ("一个红球还是一个蓝球？", None),
        ("A red ball instead of a blue ball.", None),
        ("A red ball, a blue ball and another blue one.", None),  # three, or two: not told
    ],
)
def test_what_is_named_one_by_one_is_counted(text, number):
    told = [fact.first + fact.second for fact in facts(text) if fact.kind == "pair" and fact.first[0].isdigit()]
    assert told == ([] if number is None else [number])


def test_what_is_too_firm_to_break_does_not_break():
    for text in (
        "A rabbit jumps into a wall of snow, but the snow is too firm to break.",
        "The bank holds.",
        "the wall holds",
    ):
        assert "crumble" not in of("is", text) and "resist" in of("is", text), text
    assert "crumble" in of("not", "The snow is too firm to break.")
