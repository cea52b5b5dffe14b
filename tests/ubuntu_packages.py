"""data/ubuntu_packages.yml: the packages that recipes and pages name on Ubuntu, each with its component and how that is known."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated

from guides import ROOT
from pydantic import Field

from checks.config import Config
from checks.model import PageErrors
from checks.pages.references import load_sources
from checks.strict_yaml import Document, Location
from checks.targets import Target
from checks.validation import Section, check, matching, one_of

FILE = Path("data/ubuntu_packages.yml")
COMPONENTS = ("main", "universe")  # of an Ubuntu archive; the recipes use no other
_Name = Annotated[str, matching(r"[a-z0-9][a-z0-9+.-]+", "the name of a package")]


class Group(Section):
    """Packages of which the same is known in the same releases."""

    releases: Annotated[tuple[str, ...], Field(strict=False)]
    component: Annotated[str, one_of((*COMPONENTS, "none"))]
    names: Annotated[tuple[_Name, ...], Field(strict=False)]
    source: str | None = None
    inferred: str | None = None
    unread: bool = False


def load_groups(content: str, sources: Collection[str], targets: Mapping[str, Target]) -> list[Group]:
    """The groups of the file with this content. Raises PageErrors with the line of everything that is wrong."""
    document = Document(content, FILE)
    groups = check(document, list[Group])
    problems: list[tuple[Location, str]] = []
    lines: dict[tuple[str, str], int] = {}  # by release and name
    for number, group in enumerate(groups):
        if group.unread == (group.source is not None) or (group.unread and group.inferred is None):
            problems.append(((number,), "expected a source, or `unread: true` with what is `inferred`, and not both"))
        if group.source is not None and group.source not in sources:
            problems.append(((number, "source"), f"expected a key of data/sources.yml, found {group.source!r}"))
        for at, release in enumerate(group.releases):
            if release not in targets or targets[release].family != "ubuntu":
                problems.append(((number, "releases", at), f"expected a target of Ubuntu, found {release!r}"))
        for at, name in enumerate(group.names):
            place = (number, "names", at)
            for release in group.releases:
                if (release, name) in lines:
                    problems.append((place, f"expected {name} once for {release}, found it on line {lines[release, name]} and here"))
                lines.setdefault((release, name), document.line(place))
    if problems:
        raise PageErrors(sorted(document.problem(place, text) for place, text in problems))
    return groups


def components(config: Config, targets: Mapping[str, Target]) -> dict[str, dict[str, str]]:
    """By target of Ubuntu: the component of each package that the file names; "none" where the release has no such package."""
    groups = load_groups((ROOT / FILE).read_text(), load_sources(config), targets)
    return {
        release: {name: group.component for group in groups if release in group.releases for name in group.names}
        for release in sorted({release for group in groups for release in group.releases})
    }
