"""A git repository, as far as a review needs it: revisions, and their files in a folder of their own."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from aiinfra.errors import AiinfraError, BadInput, did_you_mean

WORKTREE: Final = "worktree"
_NO_FILTERS: Final = ("-c", "filter.lfs.smudge=", "-c", "filter.lfs.process=", "-c", "filter.lfs.required=false")
"""Large files stay pointers: fetching them needs a network."""


@dataclass(frozen=True, slots=True)
class Base:
    """A revision to compare with, and what it is called."""

    revision: str
    words: str


class Repository:
    """The repository around a path."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @classmethod
    def around(cls, path: Path) -> "Repository":
        """The repository that holds ``path``, which need not be there any more.

        Raises:
            BadInput: ``repository-missing``; AiinfraError: ``git-missing``.
        """
        folder = path.resolve()
        while not folder.is_dir():
            folder = folder.parent
        found = _git(["rev-parse", "--show-toplevel"], folder)
        if found is None:
            message = f"{path} is not in a git repository, so there is no earlier version to compare with"
            raise BadInput("repository-missing", message, "run it inside a clone; or: git init, add and commit")
        return cls(Path(found))

    def commit(self, revision: str) -> str:
        """The full hash of a revision.

        Raises:
            BadInput: ``revision-unknown``.
        """
        found = self._run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        if found:
            return found
        names = (self._run("for-each-ref", "--format=%(refname:short)") or "").split()
        remedy = "name a branch, a tag or a commit that is here; in a shallow clone fetch more history"
        raise BadInput("revision-unknown", f"no revision {revision!r}{did_you_mean(revision, names)}", remedy)

    def short(self, revision: str) -> str:
        """Its hash, cut as git cuts it, with the name it was given by where that is another."""
        cut = self._run("rev-parse", "--short", self.commit(revision)) or revision
        return cut if revision.startswith(cut) or cut.startswith(revision) else f"{cut} ({revision})"

    def tree(self, revision: str) -> str:
        """The hash of all files of a revision."""
        return self._run("rev-parse", f"{self.commit(revision)}^{{tree}}") or ""

    def date(self, revision: str) -> str:
        """The day a revision was committed, ``2026-11-21``; of the work tree, that of the checked-out commit."""
        return self._run("show", "--no-patch", "--format=%cs", "HEAD" if revision == WORKTREE else revision) or ""

    def base(self) -> Base:
        """Where the checked-out commit left the default branch; the commit itself where it is on that branch.

        Raises:
            BadInput: ``base-unknown``.
        """
        head = self.commit("HEAD") if self._run("rev-parse", "--verify", "--quiet", "HEAD") else ""
        if not head:
            raise BadInput("base-unknown", "the repository has no commit yet", "commit once, then review what follows")
        branch = self._default_branch()
        found = self._run("merge-base", "HEAD", branch) if branch else None
        if not found:
            why = f"HEAD and {branch} have no common commit here" if branch else "no branch main, master or origin/HEAD"
            raise BadInput("base-unknown", why, "name a revision with --base; in a shallow clone fetch more history")
        cut = self._run("rev-parse", "--short", found) or found
        where = f"the last commit on {branch}" if found == head else f"where this branch left {branch}"
        return Base(found, f"{cut}, {where}")

    def _default_branch(self) -> str:
        remote = self._run("symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD")
        for name in (remote, "main", "master", "origin/main", "origin/master"):
            if name and self._run("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}"):
                return name
        return ""

    @contextmanager
    def files(self, revision: str) -> Iterator[Path]:
        """The files of a revision in a folder that is gone afterwards; the repository itself is left as it is.

        Raises:
            AiinfraError: ``checkout-failed``.
        """
        commit = self.commit(revision)
        with TemporaryDirectory(prefix="aiinfra-review-") as folder:
            tree = Path(folder).resolve() / "tree"
            tree.mkdir()
            environment = {**os.environ, "GIT_INDEX_FILE": str(Path(folder) / "index")}
            for arguments in (["read-tree", commit], ["checkout-index", "--all", "--force", f"--prefix={tree}/"]):
                if _git([*_NO_FILTERS, *arguments], self.root, environment) is None:
                    raise AiinfraError(
                        "checkout-failed",
                        f"git cannot write the files of {revision}",
                        "see git fsck; is the disk full?",
                    )
            yield tree

    def _run(self, *arguments: str) -> str | None:
        return _git(list(arguments), self.root)


def _git(arguments: list[str], folder: Path, environment: dict[str, str] | None = None) -> str | None:
    """What git prints; None where it fails."""
    try:
        done = subprocess.run(  # noqa: S603 - a list of arguments, no shell
            ["git", *arguments],  # noqa: S607 - the user's own git
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    except FileNotFoundError:
        raise AiinfraError("git-missing", "git is not on PATH", "install git") from None
    return done.stdout.decode(errors="replace").strip() if done.returncode == 0 else None
