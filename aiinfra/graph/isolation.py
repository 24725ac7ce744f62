"""Keeps a run apart from this process, and this process apart from a run."""

import importlib
import os
import sys
import sysconfig
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from types import ModuleType
from typing import Final

from aiinfra.graph.places import INSTALLED, OURS

HIDDEN: Final = ("PULUMI_", "AWS_", "ARM_", "GOOGLE_", "KUBECONFIG")
"""Beginnings of environment variables that the SDKs read defaults from: region, profile, configuration."""

_STANDARD: Final = tuple({Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib")})


@contextmanager
def environment_hidden() -> Iterator[None]:
    """Within the block no variable in :data:`HIDDEN` is set; afterwards the environment is as it was."""
    before = dict(os.environ)
    try:
        for name in before:
            if name.startswith(HIDDEN):
                del os.environ[name]
        yield
    finally:
        for name in os.environ.keys() - before.keys():
            del os.environ[name]
        os.environ.update(before)


@contextmanager
def sdk_warnings_ignored() -> Iterator[None]:
    """Within the block the SDKs' own warnings are dropped, even where all warnings are errors.

    The generated modules warn of their deprecated classes when they are imported, whoever uses what. What a program
    does use, the SDK also logs. And where a program fails, outputs that were never asked for are never awaited.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"coroutine '(Output|StackReference)\.", RuntimeWarning)
        warnings.filterwarnings("ignore", module=r"pulumi(_\w+)?(\.|$)")
        yield


@contextmanager
def inside(folder: Path, main: Path) -> Iterator[None]:
    """Within the block ``folder`` is the working directory and the first place of imports, as for a program in it.

    What the program prints goes to standard error. Its own modules are forgotten afterwards, so that the next project
    may have modules of the same names; those loaded before are set aside meanwhile.
    """
    aside = {name: module for name, module in list(sys.modules.items()) if _clashes(name, module, folder)}
    known = set(sys.modules) - set(aside)
    path, arguments, directory = sys.path[:], sys.argv[:], Path.cwd()
    for name in aside:
        del sys.modules[name]
    importlib.invalidate_caches()
    try:
        sys.path[:] = [str(folder), *(str(Path(entry).absolute()) for entry in path if entry)]
        os.chdir(folder)
        sys.argv[:] = [str(main)]
        with redirect_stdout(sys.stderr):
            yield
    finally:
        sys.argv[:] = arguments
        sys.path[:] = path
        os.chdir(directory)
        for name, module in list(sys.modules.items()):
            if name not in known and _own(module) and not _generated(name):
                del sys.modules[name]
        sys.modules.update(aside)


def _clashes(name: str, module: ModuleType, folder: Path) -> bool:
    """Whether a loaded module stands in the way of one in ``folder``."""
    top = name.partition(".")[0]
    if name == "__main__" or not ((folder / f"{top}.py").is_file() or (folder / top).is_dir()):
        return False
    return _own(module)


def _own(module: ModuleType) -> bool:
    """Whether a module is somebody's program: neither installed, nor Python's, nor ours."""
    try:
        places = [module.__file__] if module.__file__ else list(module.__path__)
    except (AttributeError, TypeError):
        places = list(getattr(module, "__path__", ()))
    files = [Path(place) for place in places if place]
    return bool(files) and not any(
        INSTALLED.intersection(file.parts)
        or file.is_relative_to(OURS)
        or any(file.is_relative_to(standard) for standard in _STANDARD)
        for file in files
    )


def _generated(name: str) -> bool:
    """Whether a module belongs to a generated provider SDK, which cannot be imported twice in one process."""
    return f"{name.partition('.')[0]}._utilities" in sys.modules
