"""The settings of one guide: its mkdocs.yml, and the section ``extra: checks:`` in that file.

::

    extra:
      checks:
        languages: {en: mkdocs.en.yml, zh: mkdocs.yml}   # the first names the tests
        targets: data/targets.yml
        shapes: data/shapes.yml
        evidence: evidence
        dumps: ["/var/crash/*/dump.*"]     # the files that a crash leaves on the machine
        programs: [doctor/doctor.py]       # the guide's own programs: a page may have one put on its machine, and the site serves them
        at_end: [doctor/doctor.py, --json] # a program and its arguments, run as root where a VM page ends; evidence keeps what it printed
        packages: [some-tool]              # packages whose versions the site shows beside a run
        oldest_first: [debian-13, ubuntu-26.04]   # targets by age: which is older, and which newer, than one that has not run
        always_run: [quick-start]          # pages that ./guide test runs although their evidence holds
        states: {gib: 20, days: 30}        # the disk space of all states on a host, and how long an unused one stays
        limits: {page_minutes: 240, run_minutes: 1440}   # how long a page, and a whole run of ./guide, may take

Every key has a default: a site of one language needs no such section. All paths stay below the folder of mkdocs.yml.
"""

from __future__ import annotations

import os
import posixpath
import re
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field

from checks.files.tree import check_tree
from checks.mkdocs_yml import inherited, merged, source
from checks.model import GuideError, PageErrors
from checks.strict_yaml import Document
from checks.validation import Section, check_values, expected, matching

PROJECT = Path(__file__).resolve().parents[1]  # the folder of this project, whose pyproject.toml has pytest's settings


WORK_FOLDER = ".guide"


@dataclass(frozen=True)
class StateLimits:
    """At most ``bytes`` for all states together. A state that was not used for ``age_s`` seconds is deleted in any case."""

    bytes: int = 20 << 30
    age_s: float = 30 * 86400


def is_inside(path: str) -> bool:
    """Whether a path stays in the folder from which it is named, and out of hidden folders such as .git."""
    return path.isprintable() and not path.startswith("/") and not any(part.startswith(".") for part in posixpath.normpath(path).split("/"))


@dataclass(frozen=True)
class TimeLimits:
    """After how many minutes a page, and a whole run of ``./guide verify`` or ``./guide test``, is ended."""

    page_minutes: float = 240
    run_minutes: float = 1440


@dataclass(frozen=True)
class Config:
    """Where the parts of one guide are. All paths are absolute."""

    file: Path
    languages: dict[str, Path]  # language -> its mkdocs configuration; the first names the tests
    docs: dict[str, Path]  # language -> folder of its pages
    targets_file: Path
    shapes_file: Path
    evidence_dir: Path
    dumps: tuple[str, ...]
    programs: tuple[str, ...] = ()  # paths below the folder of mkdocs.yml
    at_end: tuple[str, ...] = ()  # one of ``programs``, and its arguments
    always_run: tuple[str, ...] = ()  # the names of pages that ./guide test always runs
    packages: tuple[str, ...] = ()  # names of packages whose versions the site shows
    oldest_first: tuple[str, ...] = ()  # names of targets, by the age of what is in them
    state_limits: StateLimits = StateLimits()
    limits: TimeLimits = TimeLimits()
    twins: dict[str, dict[str, str]] = field(default_factory=dict, hash=False, compare=False)  # extra.twins: language -> name, hreflang

    @property
    def root(self) -> Path:
        return self.file.parent

    @property
    def work_dir(self) -> Path:
        """The files of this checkout that are safe to delete: logs, the console of the last run, locks."""
        return self.root / WORK_FOLDER

    @property
    def data_dirs(self) -> set[Path]:
        """The folders in which a branch may change data; mkdocs.yml may lie in one of them."""
        return {self.targets_file.parent, self.shapes_file.parent}

    @property
    def first_folder(self) -> Path:
        """The folder of the pages of the first language, from the root: pytest runs all snippets when it gets this path."""
        return self.relative(next(iter(self.docs.values())))

    def named(self, path: str) -> Path:
        """The file that a page or a file of data names, from the root. Raises a GuideError for a path that leads out of the guide."""
        if not is_inside(path):
            raise GuideError(f"{path!r}: expected a path below the folder of mkdocs.yml, such as data/releases.yml")
        return self.root / path

    @property
    def dump_folder(self) -> str | None:
        """The folder on a machine in which a crash leaves its dumps: the first pattern of ``dumps`` up to its first wildcard."""
        return re.split(r"/[^/]*[*?\[]", self.dumps[0])[0] if self.dumps else None

    def relative(self, path: Path) -> Path:
        return path.relative_to(self.root) if path.is_relative_to(self.root) else path


def _inside(path: str) -> str:
    if not is_inside(path):
        raise expected("a path below the folder of mkdocs.yml, such as data/targets.yml")
    return path


_Path = Annotated[str, AfterValidator(_inside)]
_Language = Annotated[str, matching(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*", "a language such as en or zh-Hans")]
_Glob = Annotated[str, matching(r"/[^\0\n]*", "an absolute path on the machine, such as /var/crash/*/dump.*")]
# The upper bound keeps the number of seconds and bytes within what a float can hold.
_Amount = Annotated[float, Field(gt=0, le=1_000_000, allow_inf_nan=False)]


class _States(Section):
    gib: _Amount = StateLimits.bytes / (1 << 30)
    days: _Amount = StateLimits.age_s / 86400


class _Limits(Section):
    page_minutes: _Amount = TimeLimits.page_minutes
    run_minutes: _Amount = TimeLimits.run_minutes


class _Checks(Section):
    """``extra: checks:``."""

    languages: dict[_Language, _Path] | None = None
    targets: _Path = "data/targets.yml"
    shapes: _Path = "data/shapes.yml"
    evidence: _Path = "evidence"
    dumps: Annotated[tuple[_Glob, ...], Field(strict=False)] = ()
    programs: Annotated[tuple[_Path, ...], Field(strict=False)] = ()
    at_end: Annotated[tuple[str, ...], Field(strict=False)] = ()
    always_run: Annotated[tuple[str, ...], Field(strict=False)] = ()
    packages: Annotated[tuple[str, ...], Field(strict=False)] = ()
    oldest_first: Annotated[tuple[str, ...], Field(strict=False)] = ()
    states: _States = _States()
    limits: _Limits = _Limits()


class _OfMkDocs(Section):
    """A mapping with keys of MkDocs', its theme or its plugins, of which only some matter here."""

    model_config = ConfigDict(extra="ignore")


class _Extra(_OfMkDocs):
    checks: _Checks | None = None
    twins: dict[str, dict[str, str]] = {}


class _Theme(_OfMkDocs):
    language: str = "en"


class _MkDocs(_OfMkDocs):
    docs_dir: str | None = None
    extra: _Extra | None = None
    # The theme may be its name alone.
    theme: Annotated[_Theme | None, BeforeValidator(lambda theme: None if isinstance(theme, str) else theme)] = None


@dataclass(frozen=True)
class _SiteFile:
    """A mkdocs.yml with those that it inherits from."""

    settings: _MkDocs
    documents: list[Document]

    @classmethod
    def read(cls, file: Path) -> _SiteFile:
        documents = inherited(file)
        return cls(check_values(merged(documents), _MkDocs, partial(source, documents)), documents)

    def docs(self, root: Path) -> Path:
        """The folder of its pages, below ``root``. Links are not followed, and check_tree refuses them."""
        document = source(self.documents, ("docs_dir",))
        folder = Path(os.path.normpath(self.documents[0].path.parent / (self.settings.docs_dir or "docs")))
        if root not in folder.parents or any(part.startswith(".") for part in folder.relative_to(root).parts):
            expected_text = "expected a folder below the folder of mkdocs.yml, such as docs/en"
            raise PageErrors([document.problem(("docs_dir",), f"{expected_text}, found {self.settings.docs_dir!r}")])
        if not folder.is_dir():
            raise PageErrors([document.problem(("docs_dir",), f"there is no folder {folder}")])
        return folder


def load(file: Path) -> Config:
    """Read mkdocs.yml and the configurations of the languages that it names, and look at the folders of the guide (files/tree.py).

    Raises a GuideError with all that is wrong in those files, or with all that may not lie in those folders.
    """
    file = file.resolve()
    site = _SiteFile.read(file)
    checks = (site.settings.extra or _Extra()).checks or _Checks()
    language = (site.settings.theme or _Theme()).language
    languages = {name: file.parent / path for name, path in (checks.languages or {language: file.name}).items()}
    docs = {name: (site if path == file else _SiteFile.read(path)).docs(file.parent) for name, path in languages.items()}
    if checks.at_end and checks.at_end[0] not in checks.programs:
        document = source(site.documents, ("extra", "checks", "at_end"))
        expected_text = f"expected one of programs, {', '.join(checks.programs) or 'which are none'}, found {checks.at_end[0]!r}"
        raise PageErrors([document.problem(("extra", "checks", "at_end"), expected_text)])
    config = Config(
        file=file,
        languages=languages,
        docs=docs,
        targets_file=file.parent / checks.targets,
        shapes_file=file.parent / checks.shapes,
        evidence_dir=file.parent / checks.evidence,
        dumps=checks.dumps,
        programs=checks.programs,
        at_end=checks.at_end,
        state_limits=StateLimits(bytes=int(checks.states.gib * (1 << 30)), age_s=checks.states.days * 86400),
        limits=TimeLimits(checks.limits.page_minutes, checks.limits.run_minutes),
        always_run=checks.always_run,
        packages=checks.packages,
        oldest_first=checks.oldest_first,
        twins=(site.settings.extra or _Extra()).twins,
    )
    others = [config.targets_file, config.shapes_file, config.evidence_dir, *(file.parent / name for name in ("data", "theme"))]
    check_tree(config.root, _page_folders(config), others, config.work_dir)
    return config


def _page_folders(config: Config) -> set[Path]:
    """The folders in which nothing but pages may lie: docs/ and not only docs/en, since pytest looks into docs/, too."""
    with_settings = {path.parent for path in (config.file, *config.languages.values())}
    return {folder if folder.parent in with_settings else folder.parent for folder in config.docs.values()}
