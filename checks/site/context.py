"""What the parts of the site need while one language is built: the guide, its evidence, the words of the language."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from checks import config as configuration
from checks.config import Config
from checks.evidence.validity import RecordedEvidence
from checks.mkdocs_yml import read_yaml
from checks.model import Guide, Page, Snippet
from checks.pages.reader import read_guide
from checks.pages.references import Source, Traces, Words, load_sources, load_traces
from checks.site import urls

_WORDS = Path(__file__).with_name("words.yml")
_Made = TypeVar("_Made")
_read_before: Guide | None = None


@dataclass(frozen=True)
class SiteContext:
    """One language of a guide while its site is built. hooks.py makes a copy with ``page`` and ``base`` for each page."""

    config: Config
    guide: Guide
    evidence: RecordedEvidence
    language: str
    words: dict[str, Any]  # of words.yml
    sources: dict[str, Source]  # of data/sources.yml
    traces: list[Traces]  # of data/releases.yml
    page: str = ""  # the name of the page that is rendered
    base: str = "./"  # the way from that page to the folder of its language
    _made: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)  # by `once`; the copies for the pages share it

    @property
    def hreflang(self) -> str:
        """The tag that HTML has for the language: "zh-Hans"."""
        return urls.hreflang(self.config.twins, self.language)

    def once(self, name: str, make: Callable[[], _Made]) -> _Made:
        """What ``make`` returns, called once while a language is built: for files that several macros and pages read."""
        if name not in self._made:
            self._made[name] = make()
        made: _Made = self._made[name]
        return made

    def label(self, target: str) -> str:
        """A target's name for readers: "Debian 13"."""
        return self.evidence.label(target)

    def short(self, target: str) -> str:
        """A target's name without what its label says after the version: "Ubuntu 24.04"."""
        return f"{self.label(target).split()[0]} {target.partition('-')[2]}"

    def names(self, targets: Iterable[str]) -> str:
        """Several targets in a few words: "Debian 13 · Ubuntu 22.04, 24.04"."""
        families: dict[str, list[str]] = {}
        for target in targets:
            family, _, version = self.short(target).partition(" ")
            families.setdefault(family, []).append(version)
        listed = self.words["list"]
        return str(self.words["separator"].join(f"{family} {listed.join(versions)}" for family, versions in families.items()))

    def current_page(self) -> Page | None:
        """The page that is rendered; None when it is not one of the guide's."""
        return self.guide.pages.get((self.language, self.page))

    def snippet(self, snippet_id: str) -> Snippet | None:
        """A snippet of the page that is rendered; None when there is none with this id."""
        page = self.current_page()
        return next((snippet for snippet in page.snippets if snippet.id == snippet_id), None) if page else None

    def text(self, words: Words) -> str:
        """Words of a file of data/ in the language that is shown."""
        return words if isinstance(words, str) else words[self.language]

    def section(self, place: str) -> dict[str, str]:
        """The address of a section PAGE#SECTION from the page that is rendered (``url``), and its title after the page's (``title``)."""
        name, _, heading = place.partition("#")
        page = self.guide.pages[self.language, name]
        text = next(known.text for known in page.outline.headings if known.id == heading)
        title = page.title if text == page.title else f"{page.title}{self.words['within']}{text}"
        return {"url": self.page_url(name, heading), "title": title}

    def page_url(self, name: str, heading: str = "") -> str:
        """The address of another page, or of one of its headings, from the page that is rendered."""
        return urls.page_url(self.base, name, heading)

    def transcript_url(self, target: str, page_name: str, snippet_id: str = "") -> str:
        """The address of what a page's snippets printed on a target, from the page that is rendered."""
        return urls.transcript_url(self.base, target, page_name, snippet_id)

    def seconds(self, value: float | None) -> str:
        """A time with one decimal below ten seconds and none above; empty for None."""
        if value is None:
            return ""
        return str(self.words["seconds"]).format(f"{value:.0f}" if value >= 10 else f"{value:.1f}")

    def bytes(self, value: int) -> str:
        """A size in megabytes of 1,000,000 bytes, or in kilobytes of 1,000 bytes below one megabyte."""
        return f"{value / 1e6:.0f} MB" if value >= 1e6 else f"{value / 1e3:.0f} kB"

    def with_guide(self, guide: Guide) -> SiteContext:
        """The context of the same guide after pages were edited, and nothing else."""
        return replace(self, guide=guide, evidence=RecordedEvidence(self.config, guide), _made={})


def take_guide(guide: Guide) -> None:
    """Have load_context take this guide, which another process has read, and not read it again: reading takes seconds."""
    global _read_before
    _read_before = guide


def load_context(config_file: Path) -> SiteContext:
    """The context for the MkDocs build of ``config_file``: of the language whose configuration it is, else of the first."""
    config = configuration.load(config_file)
    languages = {path.resolve(): language for language, path in config.languages.items()}
    language = languages.get(config_file.resolve(), next(iter(config.languages)))
    return context_of(config, _read_before or read_guide(config), language)


def context_of(config: Config, guide: Guide, language: str) -> SiteContext:
    """The context of a guide that has been read. Words that words.yml does not have in ``language`` are English."""
    words = read_yaml(_WORDS)
    own = {**words["en"], **words.get(language, {})}
    return SiteContext(config, guide, RecordedEvidence(config, guide), language, own, load_sources(config), load_traces(config))
