"""Runs the walk-through and writes it down: `python tools/walkthrough/walk.py [--out docs/walkthrough.md]`.

Every command runs in a shell, in a folder that is gone afterwards; every output is what came back. Without ``--out`` it
prints. Exit code 1 where a command does not end as the story says.
"""

import argparse
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from walkthrough.story import STORY, Step

ROOT = Path(__file__).resolve().parent.parent.parent
PORTS = (810, 820)
"""What the ports of the story begin with: 8101 to 8103 and 8201 to 8203."""
_NEXT = "\x01"
"""Between the outputs of two commands."""
HEAD = """\
# A release's way to three sites, and back

Three laboratories, each a folder with a server of its own, on one machine: a good release, a bad one that golden inputs
catch, a subtly bad one that the gate stops, a cut link, a rollback. Below is what one run of
`python tools/walkthrough/walk.py` typed and what came back; `CHECKOUT` is this repository's folder. Digests and
signatures differ from run to run, since the key does.
"""


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(description="Run the walk-through.")
    parser.add_argument("--out", type=Path, help="Markdown file to write.")
    out = parser.parse_args().out
    with tempfile.TemporaryDirectory(prefix="aiinfra-walk-") as folder:
        text = walk(Path(folder))
    if out:
        out.write_text(text, encoding="utf-8")
    else:
        print(text)
    return 0


def walk(folder: Path, story: Sequence[Step] = STORY) -> str:
    """The story, or its beginning, as Markdown, run in ``folder``.

    Raises:
        RuntimeError: a command ended otherwise than the story says.
    """
    tools = folder / ".bin"
    tools.mkdir()
    for name, words in (("aiinfra", "-W ignore -m aiinfra"), ("python", "")):
        shim = tools / name
        shim.write_text(f'#!/bin/sh\nexec "{sys.executable}" {words} "$@"\n', encoding="utf-8")
        shim.chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{tools}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "CHECKOUT": str(ROOT),
        "COLUMNS": "110",
        "NO_COLOR": "1",
    }
    ports = {f"{base}{n}": str(_free()) for base in PORTS for n in (1, 2, 3)}
    servers: list[subprocess.Popen[bytes]] = []
    parts = [HEAD]
    try:
        for step in story:
            here = folder if step is STORY[0] else folder / "lab"
            parts.append(told(step, _typed(step, here, environment, ports, servers)))
    except RuntimeError:
        print("\n".join(parts), file=sys.stderr)
        raise
    finally:
        for server in servers:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait(30)
    return "\n".join(parts)


def _free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def commands(step: Step) -> list[str]:
    """What is typed, one by one: a line that begins with a program's name begins a command."""
    return re.split(r"\n(?=(?:aiinfra|cat|cp|curl|ls|mv|openssl|python|sed) )", step.command)


def _typed(
    step: Step, here: Path, environment: dict[str, str], ports: dict[str, str], servers: list[subprocess.Popen[bytes]]
) -> list[str]:
    """What came back of each command."""
    typed = "\nprintf '\\001'\n".join(commands(step))
    for name, real in ports.items():
        typed = typed.replace(name, real)
    if step.server:
        shell = ["bash", "-c", f"exec {typed.removesuffix(' &')}"]
        servers.append(subprocess.Popen(shell, cwd=here, env=environment, start_new_session=True))
        return [""]
    ran = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", typed],
        cwd=here,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=300,
        check=False,
    )
    said = ran.stdout.decode("utf-8", "replace")
    for name, real in ports.items():
        said = said.replace(real, name)
    if ran.returncode != step.code:
        raise RuntimeError(f"exit code {ran.returncode}, not {step.code}:\n{step.command}\n{said}")
    return said.replace(str(ROOT), "CHECKOUT").replace(str(here), ".").split(_NEXT)


def told(step: Step, said: list[str]) -> str:
    """A step as Markdown."""
    paragraphs = [
        part if part.startswith("#") else textwrap.fill(part, 126) for part in step.text.split("\n\n") if part
    ]
    lines = ["```console"]
    for command, output in zip(commands(step), said, strict=True):
        lines += [f"$ {command}", *([output.strip()] if output.strip() else [])]
    lines += [f"(exit code {step.code})"] if step.code else []
    return "\n\n".join([*paragraphs, "\n".join([*lines, "```", ""])])


if __name__ == "__main__":
    sys.exit(main())
