"""llms.txt: the list of all pages for language models, as https://llmstxt.org has it, by the sections of the navigation.

The Markdown of a page stands beside the page, at the address that llmstxt.org proposes: index.html.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from checks.config import Config
from checks.mkdocs_yml import inherited, merged, navigation
from checks.model import Guide, Page
from checks.site.urls import page_folder

BESIDE = "index.html.md"  # the Markdown of the page whose file is index.html
LIST = "llms.txt"


def llms_txt(config: Config, guide: Guide, url: str) -> str:
    """The content of llms.txt for a site at the address ``url``, which ends in a slash."""
    settings = {language: merged(inherited(config.languages[language])) for language in guide.languages}
    names = [str(each.get("site_name", language)) for language, each in settings.items()]
    lines = [f"# {' · '.join(dict.fromkeys(names))}", ""]
    for each in settings.values():
        if description := each.get("site_description"):
            lines += [f"> {_one_line(str(description))}", ">"]
    lines[-1:] = [""] if lines[-1] == ">" else []
    for language, each in settings.items():
        name = config.twins.get(language, {}).get("name", language)
        pages = {page.name: page for page in guide.of(language)}
        for title, listed in _sections(each.get("nav"), pages):
            lines += [f"## {name} · {title}" if title else f"## {name}", ""]
            lines += [_entry(page, url) for page in listed] + [""]
    return "\n".join(lines)


def _sections(nav: Any, pages: dict[str, Page]) -> Iterator[tuple[str, list[Page]]]:
    """The sections of the navigation with their pages; first, without a title, the pages that stand in no section."""
    items = [item for entry in nav or () for item in (entry.items() if isinstance(entry, dict) else [("", entry)])]
    in_sections = {str(title): [*navigation(below)] for title, below in items if isinstance(below, list)}
    grouped = {name for names in in_sections.values() for name in names}
    yield from (
        (title, listed)
        for title, names in ({"": [name for name in pages if name not in grouped]} | in_sections).items()
        if (listed := [pages[name] for name in names if name in pages])
    )


def _entry(page: Page, url: str) -> str:
    title = page.title.replace("[", "(").replace("]", ")")
    link = f"- [{title}]({url}{page.language}/{page_folder(page.name)}{BESIDE})"
    description = page.meta.get("description")
    return f"{link}: {_one_line(str(description))}" if description else link


def _one_line(text: str) -> str:
    return " ".join(text.split())
