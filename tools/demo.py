"""`make demo`: one declaration through review to a served prediction, on real input, ending by itself.

Everything it runs is a command a user types; each is printed before its output.
"""

import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "examples" / "hospital"


def main() -> int:
    """Run the story; returns the exit code of the first step that went wrong, else 0."""
    folder = Path(tempfile.mkdtemp(prefix="aiinfra-demo-"))
    here = folder / "hospital"
    shutil.copytree(EXAMPLE, here, ignore=shutil.ignore_patterns(".aiinfra"))
    shutil.copytree(here, folder / "before")
    try:
        return _story(here)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _story(here: Path) -> int:
    _say("A pathology laboratory declares its second reader: thirty lines of YAML.")
    print((here / "deployment.yaml").read_text(encoding="utf-8"))
    _say("What it will draw, answer and cost on that box, before anything exists:")
    _run("estimate", "hospital", cwd=here.parent, expect=(0, 1))
    _say("Somebody lets a dashboard in and opens a way out. What code review sees:")
    declaration = here / "deployment.yaml"
    text = declaration.read_text(encoding="utf-8")
    text = text.replace("callers: [lab-system/gateway]", "callers: [lab-system/gateway, reporting/dashboard]")
    text = text.replace(
        "caps:", "network: {egress: [{to: 10.8.0.0/16, port: 443, why: updates of the report server}]}\ncaps:"
    )
    declaration.write_text(text, encoding="utf-8")
    code = _run("review", "hospital", "--against", "before", cwd=here.parent)
    _say("The same model, served here with the configuration the site would get, asked with a real sample:")
    code = code or _run("up", "hospital", "--local", "--detach", *_ports(), cwd=here.parent)
    code = code or _run("status", "hospital", cwd=here.parent)
    code = _run("down", "hospital", cwd=here.parent) or code
    if code == 0:
        example = EXAMPLE.relative_to(ROOT)
        _say(f"Done. To keep it running: .venv/bin/aiinfra up {example} --local   (Ctrl-C ends it)")
        print(f"Next: .venv/bin/aiinfra compile {example} --out infra   writes the Pulumi projects, and exits with 1:")
        print(
            "its errors say what is yours to name before `pulumi up`: the images, by digest, and the key of releases."
        )
    return code


def _ports() -> tuple[str, ...]:
    """The site's own ports where they are free, else four others: a demonstration must not fail on a busy machine."""
    if all(map(_free, (8443, 8444, 8081, 9090))):
        return ()
    base = next((port for port in range(18080, 19080, 10) if all(map(_free, range(port, port + 4)))), 18080)
    return ("--port", str(base))


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _say(text: str) -> None:
    print(f"\n\033[1m{text}\033[0m\n" if sys.stdout.isatty() else f"\n{text}\n", flush=True)


def _run(*arguments: str, cwd: Path, expect: tuple[int, ...] = (0,)) -> int:
    print(f"$ aiinfra {' '.join(arguments)}", flush=True)
    ran = subprocess.run([sys.executable, "-m", "aiinfra", *arguments], cwd=cwd, check=False)
    return 0 if ran.returncode in expect else ran.returncode


if __name__ == "__main__":
    sys.exit(main())
