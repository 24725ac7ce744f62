"""Model facts as a person reads them."""

from collections.abc import Iterable, Iterator

from aiinfra.model.facts import ModelFacts, TensorFacts
from aiinfra.model.work import OperatorWork

_SHOWN = 12


def lines(facts: ModelFacts) -> Iterator[str]:
    """The facts, a line each; figures that cannot be told say ``unknown``."""
    yield f"model       {facts.file}, {size(facts.size)}, {facts.digest}"
    for item in facts.external:
        yield f"data        {item.path}, {size(item.size)}, {item.digest}"
    opsets = ", ".join(f"{domain} {version}" for domain, version in facts.opsets.items())
    yield f"written by  {facts.producer or 'unknown'}; operator sets {opsets}"
    yield from _tensors("input", facts.inputs)
    yield from _tensors("output", facts.outputs)
    stored = f" ({size(facts.parameter_bytes)})" if facts.parameter_bytes is not None else ""
    yield f"parameters  {facts.parameters:,}{stored}"
    work = facts.work
    counted = f"{amount(work.counted_macs, 'MAC')}, {amount(work.counted_flops, 'FLOP')}"
    told = f"{counted} a run" if work.macs is not None else f"unknown; at least {counted} a run"
    yield f"work        {told}{_given(work.inputs)}"
    yield f"memory      {size(work.bytes)} moved, {size(work.peak_activation_bytes)} of activations at most"
    yield ""
    yield from profile(work.profile)


def _tensors(side: str, values: Iterable[TensorFacts]) -> Iterator[str]:
    for value in values:
        shape = "unknown shape" if value.shape is None else str(list(value.shape))
        yield f"{side:<11} {value.name}  {value.dtype or value.onnx_type}  {shape}"


def _given(inputs: dict[str, tuple[int, ...]]) -> str:
    return f" with {', '.join(f'{name} {list(shape)}' for name, shape in inputs.items())}" if inputs else ""


def profile(items: Iterable[OperatorWork]) -> Iterator[str]:
    """A table of the kinds of operator with the most work."""
    rows = list(items)
    if not rows:
        return
    shown = rows[:_SHOWN]
    table = [("operator", "type", "count", "MAC", "FLOP", "moved")]
    table += [
        (item.op, item.dtype or "-", str(item.count), amount(item.macs), amount(item.flops), size(item.bytes))
        for item in shown
    ]
    widths = [max(len(row[column]) for row in table) for column in range(6)]
    for row in table:
        left = "  ".join(cell.ljust(width) for cell, width in zip(row[:2], widths[:2], strict=True))
        right = "  ".join(cell.rjust(width) for cell, width in zip(row[2:], widths[2:], strict=True))
        yield f"{left}  {right}"
    if len(rows) > _SHOWN:
        rest = sum(item.count for item in rows[_SHOWN:])
        yield f"and {rest} operators of {len(rows) - _SHOWN} more kinds"


def amount(value: int | None, unit: str = "") -> str:
    """``1.23 GMAC``; ``unknown`` for None."""
    if value is None:
        return "unknown"
    number, prefix = float(value), ""
    for step in ("k", "M", "G", "T", "P"):
        if number < 999.5:
            break
        number, prefix = number / 1000, step
    return f"{number:.3g} {prefix}{unit}".rstrip()


def size(value: int | None) -> str:
    """``1.2 MiB``; ``unknown`` for None."""
    if value is None:
        return "unknown"
    number = float(value)
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if number < 1023.5 or unit == "TiB":
            return f"{number:.0f} {unit}" if unit == "B" or number >= 100 else f"{number:.3g} {unit}"
        number /= 1024
    raise AssertionError("unreachable")
