"""A language model on one box: how many cards a copy needs, what it answers, and how long a request takes."""

from aiinfra.estimate.assumptions import assumption
from aiinfra.estimate.box import Box, fitted_on
from aiinfra.estimate.efficiency import language_share
from aiinfra.estimate.language import FABRIC_BYTES, PCIE_BYTES, Language
from aiinfra.estimate.language_time import Cards, answer, at_once, first_token, most, next_token
from aiinfra.estimate.value import Value, exact, of_assumption, of_figure, unknown, within
from aiinfra.estimate.work import WIDTH


def speed(box: Box, model: Language, dtype: str) -> dict[str, Value]:
    """throughput (answers/s of the box), memory_needed of a card, and the times of one request that runs alone."""
    width, rate = WIDTH[dtype], box.rate(dtype)
    memory = box.memory or of_figure(box.part.memory, f"memory of {box.part.title}")
    lost = [*rate.drivers] if not rate.known else [*memory.drivers] if not memory.known else []
    count = None if lost else model.cards(memory.bounds[1] * 1e9, width, box.count)
    if not lost and count is None:
        lost = [f"{model.name} does not fit {box.count} x {box.part.title}"]
    needed = exact(model.needed(width, count or box.count) / 1e9, "GB")
    if count is None:
        gone = {"latency": "s", "first_token": "s", "next_token": "s", "throughput": "/s", "at_once": "requests"}
        return {name: unknown(unit, *lost) for name, unit in gone.items()} | {"memory_needed": needed}
    cards = Cards(count, rate, box.bandwidth, memory.bounds[1] * 1e9, link_of(box))
    tokens = _rate(box, model, cards, width)
    copies = box.count // count
    return {
        "throughput": (tokens / float(model.answer)).unit_as("/s"),
        "memory_needed": needed,
        "latency": answer(model, cards, width),
        "first_token": first_token(model, cards),
        "next_token": next_token(model, cards, width),
        "at_once": exact(float(at_once(model, cards, width) * copies), "requests"),
    }


def link_of(box: Box) -> float:
    """Bytes/s between the cards of a box, one way."""
    return PCIE_BYTES if box.part.interconnect == "pcie" else FABRIC_BYTES


def _rate(box: Box, model: Language, cards: Cards, width: float) -> Value:
    """Answered tokens/s of the box: the fitted share, never more than memory and its bandwidth allow."""
    peak = cards.rate.bounds[1]
    share = language_share(box.part, peak, model.parameters, width)
    seconds = model.operations / (peak * share.value) / cards.count + model.link_seconds(cards.count, cards.link)
    found = within(box.count / cards.count / seconds, share.factor, "tokens/s", fitted_on(box.part, "language"))
    found = found * of_assumption(assumption("served-share"))
    bound = roof(box.count, model, cards, width)
    if not bound or bound >= found.bounds[2]:
        return found
    low, value, high = (min(edge, bound) for edge in found.bounds)
    why = "bound by the requests that fit in memory at once, and by reading it"
    return Value(low, value, high, found.unit, (*found.drivers, why), found.sources)


def roof(count: int, model: Language, cards: Cards, width: float) -> float:
    """Answered tokens/s that ``count`` cards cannot pass, however many of them hold one copy; 0: unknown."""
    found, each = 0.0, cards.count
    while each <= count:
        one = Cards(each, cards.rate, cards.bandwidth, cards.memory, cards.link)
        found = max(found, most(model, one, width) * (count // each))
        each *= 2
    return found
