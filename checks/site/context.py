"""What the site's parts need to know while one language is built: the guide, its evidence, the words of the language."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from checks import config as configuration
from checks.config import Config
from checks.evidence.validity import RecordedEvidence
from checks.mkdocs_yml import read_yaml
from checks.model import Guide, Snippet
from checks.pages.reader import read_guide
from checks.site import urls

_WORDS = Path(__file__).with_name("words.yml")


@dataclass(frozen=True)
class SiteContext:
    """One language of a guide, being shown. ``page`` and ``base`` follow the page that is rendered."""

    config: Config
    guide: Guide
    evidence: RecordedEvidence
    language: str
    words: dict[str, Any]
    page: str = ""
    base: str = "./"  # from the page to the root of the language

    def label(self, target: str) -> str:
        """A target's name for readers: "Debian 13"."""
        return self.evidence.label(target)

    def snippet(self, snippet_id: str) -> Snippet | None:
        page = self.guide.pages.get((self.language, self.page))
        return next((snippet for snippet in page.snippets if snippet.id == snippet_id), None) if page else None

    def page_url(self, name: str, heading: str = "") -> str:
        """The address of another page, or of one of its headings, from the page that is rendered."""
        return urls.page_url(self.base, name, heading)

    def transcript_url(self, target: str, page_name: str, snippet_id: str = "") -> str:
        """The address of what a page's snippets printed on a target, from the page that is rendered."""
        return urls.transcript_url(self.base, target, page_name, snippet_id)

    def seconds(self, value: float | None) -> str:
        """Two significant places below ten seconds, none above."""
        if value is None:
            return ""
        return self.words["seconds"].format(f"{value:.0f}" if value >= 10 else f"{value:.1f}")

    def bytes(self, value: int) -> str:
        """In megabytes, as disks are sold."""
        return f"{value / 1e6:.0f} MB" if value >= 1e6 else f"{value / 1e3:.0f} kB"


def load(config_file: Path) -> SiteContext:
    """For the build of one language, whose configuration this is."""
    config = configuration.load(config_file)
    by_file = {path.resolve(): name for name, path in config.languages.items()}
    language = by_file.get(config_file.resolve(), next(iter(config.languages)))
    return of(config, read_guide(config), language)


def of(config: Config, guide: Guide, language: str) -> SiteContext:
    every = read_yaml(_WORDS)
    return SiteContext(config, guide, RecordedEvidence(config, guide), language, {**every["en"], **every.get(language, {})})
