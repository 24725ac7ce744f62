"""The command line: one module a command, imported when it runs, no logic of its own."""

import sys
from importlib import import_module
from typing import Any, Final, NoReturn

import click

from aiinfra.errors import AiinfraError, Exit

COMMANDS: Final = {
    "init": "Write a starter declaration for a model.",
    "validate": "Check a declaration; print every problem with its fix.",
    "model": "Say what a model file holds, and keep it beside the declaration.",
    "estimate": "Say what a declaration will answer, draw, cost and emit, and whether that meets its objective.",
    "tiers": "List the tiers that meet an objective, best first, and why each other fails.",
    "compile": "Write the Pulumi projects and box bundles of a declaration.",
    "site": "Print what one site that fetches its manifests is enrolled with.",
    "dashboards": "Write the dashboards of a declaration's centre, for Grafana.",
    "review": "Say what a change destroys, replaces and opens, before anyone applies it.",
    "export": "Run a program without an engine; write its graph or manifests.",
    "rehearse": "Run a Pulumi program under the real engine, without a cloud.",
    "up": "Serve a declaration's model on this machine (--local).",
    "status": "Say what runs on this machine.",
    "down": "Take it down.",
    "serve": "Serve models over the Open Inference Protocol.",
    "bench": "Load any Open Inference Protocol server and print what came back.",
    "release": "Build, sign, verify, push and pull releases of a model.",
    "images": "Pin container images by digest, and copy them to a registry that sites can reach.",
    "audit": "Check the server's audit log for tampering.",
    "catalogue": "List, show, compare and check the figures that estimates rest on.",
    "calibrate": "Measure a model on this machine; the measurement replaces the estimate.",
    "schema": "Print the JSON Schema of a declaration, for editors.",
    "doctor": "Say what this machine lacks, and where to get it.",
}
"""Name -> one line of help, so that ``aiinfra --help`` imports no command. A dash stands for ``_`` in the module."""


_EXTRAS: Final = {
    **dict.fromkeys(("boto3", "botocore"), "aws"),
    "cyclonedx": "release",
    **dict.fromkeys(("google", "pulumi", "pulumi_aws", "pulumi_kubernetes"), "pulumi"),
    **dict.fromkeys(
        (
            "cryptography",
            "grpc",
            "httptools",
            "model_signing",
            "oras",
            "requests",
            "onnxruntime",
            "orjson",
            "prometheus_client",
        ),
        "server",
    ),
}
"""Module -> the install set that brings it."""


class _Lazy(click.Group):
    """Finds a command's module when it is called, and turns a user's mistake into a message and an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"aiinfra.cli.{cmd_name.replace('-', '_')}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=_Lazy,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog='Start with: aiinfra init --model FILE.onnx. Completion: eval "$(_AIINFRA_COMPLETE=bash_source aiinfra)"',
)
@click.version_option(package_name="aiinfra", message="aiinfra %(version)s")
def group() -> None:
    """Declare an AI deployment, review what it costs and exposes, compile it to Pulumi, serve it."""


def _tell(error: AiinfraError, arguments: list[str]) -> None:
    if "--json" in arguments:
        from aiinfra.cli.output import error_envelope

        named = next((word for word in arguments[1:] if word in COMMANDS), "aiinfra")
        click.echo(error_envelope(named, error))
    else:
        click.echo(error.render(), err=True)


def main() -> None:
    """Entry point: runs a command and exits with a documented code."""
    try:
        result: Any = group.main(standalone_mode=False)
        sys.exit(result if isinstance(result, int) else Exit.DONE)
    except AiinfraError as error:
        _tell(error, sys.argv)
        sys.exit(error.exit_code)
    except click.exceptions.Abort:
        click.echo("stopped", err=True)
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(Exit.BAD_INPUT)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(Exit.DONE)
    except ModuleNotFoundError as error:
        extra = _EXTRAS.get((error.name or "").partition(".")[0])
        if extra is None:
            _bug(error)
        if sys.argv[1:3] == ["release", "build"] and extra == "server":
            extra = "release"  # which brings the server's, too
        _tell(
            AiinfraError(
                "extra-missing",
                f"this needs {error.name}, which is not installed here",
                f"pip install 'aiinfra[{extra}]'",
            ),
            sys.argv,
        )
        sys.exit(Exit.FAILED)
    except Exception as error:  # noqa: BLE001 - the last resort, so that a bug is told as one
        _bug(error)


def _bug(error: Exception) -> NoReturn:
    import traceback

    click.echo(f"error[bug]: {type(error).__name__}: {error}", err=True)
    click.echo("  fix: this is ours to mend; please report it with the text below", err=True)
    traceback.print_exception(error)
    sys.exit(Exit.BUG)
