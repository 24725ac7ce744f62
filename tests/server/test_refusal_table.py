"""The table of bad inputs in the documentation is what a server answers."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.server import test_rest
from tests.server.conftest import Running
from tests.server.test_rest import AMBIGUOUS, BAD_BODIES, COERCED, PATHS, SIZES, exchange, one, sized, status_of

plain = test_rest.plain


TABLE = Path(__file__).parents[2] / "docs/server-refusals.md"
TABLE_HEAD = """# Every bad input tried, and what it got

Written by `tests/server/test_refusal_table.py` (with `--update-golden`) from a server's answers, and held to them.

A request that reads well and that the model's own operators refuse gets 400 as well: "the model refused these inputs:
their shapes or values do not fit its operators". onnxruntime says the same of a value that does not fit (an index
that is out of range) and of a model that is wrong for every input, so the server cannot tell whose mistake it is. A
5xx would count a caller's input as an outage, and have balancers try it again elsewhere. The counters tell: such a
request is in `aiinfra_requests_failed_total`, one that is refused before it reaches the model is not. The watch after
a pull and the gates of waves read that.

| tried | status | answer |
|---|---|---|
"""


def cell(value: Any) -> str:
    text = value if isinstance(value, str) else repr(value)
    text = text if len(text) <= 90 else f"{text[:60]} ... ({len(text)} letters)"
    return text.replace("|", "\\|").replace("\n", " ")


def answers(plain: Running) -> Iterator[tuple[str, int, str]]:
    """What was tried, the status, the text."""
    for name, (body, _, _) in BAD_BODIES.items():
        status, answer = plain.infer(body)
        yield name, status, re.sub("(not JSON): .*", r"\1", answer["error"])
    for datatype, data in COERCED:
        status, answer = plain.infer(one(data, datatype), datatype.lower())
        yield f"{datatype}: `{json.dumps(data[0])}`", status, answer["error"]
    for raw, size, _ in SIZES:
        status, answer = sized(plain, raw, size)
        yield f"binary_data_size `{json.dumps(size)}` before {len(raw)} bytes", status, answer["error"]
    for request in AMBIGUOUS:
        answer = exchange(plain.port, request)
        yield f"`{cell(request)}`", status_of(answer), json.loads(answer.partition(b"\r\n\r\n")[2])["error"]
    for method, path, _ in PATHS:
        status, _, answer = plain.request(method, path)
        yield f"`{method} {cell(path)}`", status, answer["error"]


def test_the_documented_table_is_what_is_answered(plain: Running, update_golden: bool) -> None:
    rows = [f"| {cell(tried)} | {status} | {cell(answer)} |\n" for tried, status, answer in answers(plain)]
    table = TABLE_HEAD + "".join(rows)
    if update_golden:
        TABLE.write_text(table, encoding="utf-8")
    assert TABLE.read_text(encoding="utf-8") == table
