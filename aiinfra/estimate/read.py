"""Reads what an estimate needs: the declaration, its sites, its model's facts, the user's figures, the day."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from aiinfra.catalogue import additions
from aiinfra.catalogue.catalogue import Catalogue
from aiinfra.errors import BadInput, did_you_mean
from aiinfra.estimate.against import Result, Score, by, compare, score
from aiinfra.estimate.estimate import Estimate, estimate, with_rows
from aiinfra.estimate.published import read
from aiinfra.estimate.tiers import Candidate, candidates
from aiinfra.model.facts import ModelFacts, facts_path, load_facts, read_facts
from aiinfra.spec.declaration import Declaration
from aiinfra.spec.deployment import Deployment
from aiinfra.spec.reading import load


@dataclass(frozen=True, slots=True)
class Choice:
    """The tiers of one class."""

    deployment: Deployment
    class_name: str
    found: tuple[Candidate, ...]
    as_of: date


@dataclass(frozen=True, slots=True)
class Declared:
    """A declaration as one stack sees it, with its sites in place and the catalogue for it."""

    declaration: Declaration
    deployment: Deployment
    catalogue: Catalogue
    stack: str

    @property
    def digest(self) -> str:
        """The model's, as it is declared or as its file has it; empty: unknown."""
        facts = self.catalogue.models.get(self.deployment.model.file)
        return self.deployment.model.digest or (facts.digest if facts else "")

    def estimate(self, as_of: date) -> Estimate:
        """Its estimate."""
        return estimate(self.deployment, self.catalogue, as_of)


def day(text: str) -> date:
    """The day a command judges ages against: as given, or today.

    Raises:
        BadInput: ``date-invalid``.
    """
    if not text:
        return datetime.now(UTC).date()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadInput("date-invalid", f"{text!r} is not a date", "write it as 2026-11-21") from None


def facts_of(declaration: Declaration) -> ModelFacts | None:
    """The facts kept beside the model file, or read from it where they are not kept; None where neither is there.

    Raises:
        BadInput: the facts or the model are there and do not hold.
    """
    model = declaration.model_file
    kept = facts_path(model)
    if kept.is_file():
        return load_facts(kept)
    return read_facts(model) if model.is_file() else None


def catalogue_of(declaration: Declaration, added: Path | None) -> Catalogue:
    """The shipped catalogue with the user's file (``catalogue.yaml`` beside the declaration) and the model."""
    found = additions.read(added) if added is not None else additions.beside(declaration.folder)
    facts = facts_of(declaration)
    return found if facts is None else found.with_model(declaration.deployment.model.file, facts)


def read_declared(path: Path, stack: str, added: Path | None) -> Declared:
    """The declaration at ``path`` as ``stack`` sees it, and the catalogue for it."""
    declaration = load(path, stack)
    deployment = with_rows(declaration.deployment, declaration.rows)
    return Declared(declaration, deployment, catalogue_of(declaration, added), stack)


def estimate_declaration(path: Path, stack: str, as_of: str, added: Path | None) -> tuple[Estimate, bool]:
    """(the estimate of the declaration at ``path``, whether it asks for measurements)."""
    found = read_declared(path, stack, added)
    return found.estimate(day(as_of)), found.deployment.objective.require_measured


def choose(
    path: Path, stack: str, as_of: str, added: Path | None, *, class_name: str = "", by: str = "cost"
) -> tuple[Choice, ...]:
    """The tiers of every class of the declaration at ``path``, or of one.

    Raises:
        BadInput: ``class-unknown``.
    """
    declaration = load(path, stack)
    deployment = with_rows(declaration.deployment, declaration.rows)
    names = tuple(site.class_name for site in deployment.sites)
    if class_name and class_name not in names:
        near = did_you_mean(class_name, names)
        raise BadInput("class-unknown", f"no class {class_name!r}{near}", f"classes: {', '.join(names) or 'none'}")
    catalogue, today = catalogue_of(declaration, added), day(as_of)
    wanted = [site for site in deployment.sites if class_name in ("", site.class_name)]
    return tuple(
        Choice(deployment, site.class_name, candidates(deployment, site, catalogue, today, by=by), today)
        for site in wanted
    )


def compare_file(file: Path, added: Path | None, split: str) -> tuple[list[Result], list[Score]]:
    """Published results against estimates: every row, then scores by metric, by class, by split and by device.

    The class mean is always that of the rows marked ``fit``, whatever ``split`` shows.

    Raises:
        BadInput: ``published-invalid``.
    """
    catalogue = additions.read(added) if added is not None else additions.shipped()
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput("published-invalid", f"{file}: {error}", "name a CSV file") from None
    results = [r for r in compare(read(text, catalogue.accelerators, file.name)) if split in ("", r.row.split)]
    scores: list[Score] = []
    for part, inside in by(results, lambda row: row.split).items():
        for metric, rows in by(inside, lambda row: row.metric).items():
            scores.append(score(f"{part} {metric}", rows))
            groups = by(rows, lambda row: f"  {row.group}" + (" language" if row.work is None else ""))
            scores += [score(name, group) for name, group in groups.items()]
            scores += [score(f"    {name}", group) for name, group in by(rows, lambda row: row.name).items()]
    return results, scores
