"""Times of a language model's answer: until its first token, and for each token after.

First token: 2 operations a parameter a token of the prompt, over the cards' rate and the share of it that a prompt
reaches. Each token after: the weights and what the requests under way keep in the KV cache are read once, at the share
of the memory bandwidth that streaming reaches; every layer adds its kernels' and all-reduces' own time; and what
crosses the link between cards. No published result of ours holds such times, so they prove nothing: aims on them stay
unproven. What the same formulas say of throughput is above every published row (a bound must be), which a test checks.
"""

from dataclasses import dataclass

from aiinfra.estimate.assumptions import assumption
from aiinfra.estimate.language import Language
from aiinfra.estimate.value import Value, exact, of_assumption

PROOF = "measure it with the engine on that hardware, at the declared prompt and answer: vllm bench serve"
"""What would settle an aim on a language model's latency."""
_USABLE = 0.84
_RESERVED = 2.3 * 2**30
"""Bytes a card's runtime keeps (KAITO's constants, as in ``language``)."""


@dataclass(frozen=True, slots=True)
class Cards:
    """The cards that hold one copy of a model."""

    count: int
    rate: Value
    """Operations/s of one."""
    bandwidth: Value
    """Bytes/s of one to its memory."""
    memory: float
    """Bytes of one."""
    link: float
    """Bytes/s between them, one way."""


def at_once(model: Language, cards: Cards, width: float) -> int:
    """Requests whose keys and values fit beside the weights, each half answered; 0 where not one does."""
    weights = model.parameters * width
    free = cards.count * (_USABLE * cards.memory - _RESERVED) - 1.07 * weights
    each = (model.prompt + model.answer / 2) * model.kv_bytes(max(width, 1.0))
    return max(int(free / each), 0)


def first_token(model: Language, cards: Cards) -> Value:
    """Seconds until the first token of a request that nothing else delays."""
    work = 2 * model.parameters * model.prompt
    reached = cards.rate * of_assumption(assumption("prefill-share")) * float(cards.count)
    return (exact(work, "s") / reached + _layers(model)).unit_as("s") + _crossing(model, cards, model.prompt)


def next_token(model: Language, cards: Cards, width: float, requests: int = 1) -> Value:
    """Seconds of each token after the first, ``requests`` being answered together."""
    held = requests * (model.prompt + model.answer / 2) * model.kv_bytes(max(width, 1.0))
    read = (model.parameters * width + held) / cards.count
    streamed = exact(read, "s") / (cards.bandwidth * of_assumption(assumption("memory-share")))
    return (streamed + _layers(model)).unit_as("s") + _crossing(model, cards, requests)


def answer(model: Language, cards: Cards, width: float) -> Value:
    """Seconds of a whole answer, alone."""
    return first_token(model, cards) + next_token(model, cards, width) * float(max(model.answer - 1, 1))


def most(model: Language, cards: Cards, width: float) -> float:
    """Answered tokens/s that one copy cannot pass: what memory holds, at full bandwidth and full rate."""
    requests = at_once(model, cards, width)
    if not requests or not cards.bandwidth.known or not cards.rate.known:
        return 0.0
    held = requests * (model.prompt + model.answer / 2) * model.kv_bytes(max(width, 1.0))
    step = (model.parameters * width + held) / (cards.count * cards.bandwidth.bounds[2])
    compute = model.operations / (cards.count * cards.rate.bounds[2])
    return 1 / max(step / requests, compute)


def _layers(model: Language) -> Value:
    return of_assumption(assumption("layer-time"), "s") * float(model.layers)


def _crossing(model: Language, cards: Cards, tokens: int) -> Value:
    """Two ring all-reduces a layer of the hidden state of ``tokens`` in two bytes."""
    if cards.count == 1:
        return exact(0.0, "s")
    data = tokens * model.hidden * 2 * 2 * (cards.count - 1) / cards.count
    return exact(2 * model.layers * data / cards.link, "s")
