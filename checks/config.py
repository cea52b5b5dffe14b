"""The settings of one guide: its mkdocs.yml, and what stands there under ``extra: checks:``.

::

    extra:
      checks:
        languages: {en: mkdocs.en.yml, zh: mkdocs.yml}   # the first names the tests
        targets: data/targets.yml
        shapes: data/shapes.yml
        evidence: evidence
        dumps: ["/var/crash/*/dump.*"]     # what a crash leaves behind, seen from the machine
        always_run: [quick-start]          # pages that ./guide test runs although their evidence holds
        states: {gib: 20, days: 30}        # what states may take on a host, and how long one is kept unused

Everything has a default: a site of one language needs no such section.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from checks.mkdocs_yml import TolerantLoader, with_parents
from checks.model import GuideError

DEFAULTS: dict[str, Any] = {
    "languages": None,
    "targets": "data/targets.yml",
    "shapes": "data/shapes.yml",
    "evidence": "evidence",
    "dumps": [],
    "always_run": [],
    "states": {},
}

TolerantLoader.add_multi_constructor("", lambda loader, suffix, node: None)
for _tag in ("null", "bool", "int", "float", "str", "seq", "map", "timestamp"):
    _full = f"tag:yaml.org,2002:{_tag}"
    TolerantLoader.add_constructor(_full, yaml.SafeLoader.yaml_constructors[_full])


@dataclass(frozen=True)
class StateLimits:
    """``bytes`` for all states together; one that was not used for ``age_s`` seconds goes in any case."""

    bytes: int = 20 << 30
    age_s: float = 30 * 86400


@dataclass(frozen=True)
class Config:
    """Where one guide keeps what. All paths are absolute."""

    file: Path
    languages: dict[str, Path]  # language -> its mkdocs configuration; the first names the tests
    docs: dict[str, Path]  # language -> folder of its pages
    targets_file: Path
    shapes_file: Path
    evidence_dir: Path
    dumps: tuple[str, ...]
    always_run: tuple[str, ...] = ()  # the names of pages that ./guide test always runs
    state_limits: StateLimits = StateLimits()
    twins: dict[str, dict[str, str]] = field(default_factory=dict, hash=False, compare=False)  # extra.twins: language -> name, hreflang
    raw: dict = field(default_factory=dict, hash=False, compare=False)

    @property
    def root(self) -> Path:
        return self.file.parent

    @property
    def work_dir(self) -> Path:
        """Scratch of this checkout: logs, the last run's console, locks. Safe to delete."""
        return self.root / ".guide"

    @property
    def first_folder(self) -> Path:
        """Where the pages of the first language are, from the root: what pytest is told to run all snippets."""
        return self.relative(next(iter(self.docs.values())))

    def relative(self, path: Path) -> Path:
        return path.relative_to(self.root) if path.is_relative_to(self.root) else path


def _limits(file: Path, states: Any) -> StateLimits:
    known = {"gib": StateLimits.bytes / (1 << 30), "days": StateLimits.age_s / 86400}
    wrong = not isinstance(states, dict) or set(states) - set(known) or not all(_positive(value) for value in states.values())
    if wrong:
        raise GuideError(f"{file}: extra.checks.states: expected {{gib: NUMBER, days: NUMBER}}, found {states!r}")
    found = {**known, **states}
    return StateLimits(bytes=int(found["gib"] * (1 << 30)), age_s=found["days"] * 86400)


def _positive(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0


def _twins(file: Path, twins: Any) -> dict[str, dict[str, str]]:
    """What the site's language switch has for each language; a GuideError says which form is expected."""
    mappings = [twins, *(twins.values() if isinstance(twins, dict) else ())]
    if not all(isinstance(mapping, dict) for mapping in mappings):
        raise GuideError(f"{file}: extra.twins: expected {{LANGUAGE: {{name: NAME, hreflang: TAG}}}}, found {twins!r}")
    return {str(language): {str(key): str(value) for key, value in twin.items()} for language, twin in twins.items()}


def load(file: Path) -> Config:
    """Read mkdocs.yml and the configurations of the languages it names."""
    file = file.resolve()
    raw = with_parents(file)
    own = (raw.get("extra") or {}).get("checks") or {}
    unknown = sorted(set(own) - set(DEFAULTS))
    if unknown:
        raise GuideError(f"{file}: unknown key in extra.checks: {', '.join(unknown)} (known: {', '.join(DEFAULTS)})")
    settings = {**DEFAULTS, **own}
    language = (raw.get("theme") or {}).get("language", "en") if isinstance(raw.get("theme"), dict) else "en"
    names = settings["languages"] or {language: file.name}
    files = {name: file.parent / config for name, config in names.items()}
    docs = {name: (path.parent / (with_parents(path).get("docs_dir") or "docs")).resolve() for name, path in files.items()}
    for name, folder in docs.items():
        if not folder.is_dir():
            raise GuideError(f"{files[name]}: docs_dir: there is no folder {folder}")
    return Config(
        file=file,
        languages=files,
        docs=docs,
        targets_file=file.parent / settings["targets"],
        shapes_file=file.parent / settings["shapes"],
        evidence_dir=file.parent / settings["evidence"],
        dumps=tuple(settings["dumps"]),
        always_run=tuple(settings["always_run"]),
        state_limits=_limits(file, settings["states"]),
        twins=_twins(file, (raw.get("extra") or {}).get("twins") or {}),
        raw=raw,
    )
