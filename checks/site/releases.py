"""What a page shows for some releases only: the names above such a block, and the mark of what a source says."""

from __future__ import annotations

from collections.abc import Iterable

from checks.model import meant_for
from checks.site.context import SiteContext


def names(context: SiteContext, targets: Iterable[str]) -> str:
    """The releases in a few words: "Debian 13 · Ubuntu 22.04, 24.04"; the part of a label after its version is left out."""
    families: dict[str, list[str]] = {}
    for target in targets:
        families.setdefault(context.label(target).split()[0], []).append(target.partition("-")[2])
    listed = context.words["list"]
    return str(context.words["separator"].join(f"{family} {listed.join(versions)}" for family, versions in families.items()))


def block(context: SiteContext, globs: Iterable[str]) -> str:
    """The lines of Markdown that open a block for the releases of these globs: the element, and a paragraph with their names."""
    globs = tuple(globs)
    targets = [target for target in context.evidence.known() if meant_for(globs, target)]
    label = f"{names(context, targets)}\n{{ .release__label data-search-exclude }}"
    return f'<div class="release" data-target="{" ".join(targets)}" markdown>\n{label}\n'


def documented(context: SiteContext, key: str) -> str:
    """The mark of what a source says: a link to the entry ``key`` of data/sources.yml, with its title and the day of reading."""
    source = context.sources[key]
    title = source.title if isinstance(source.title, str) else source.title[context.language]
    read = context.words["read_in"].format(title=title, date=source.read.isoformat())
    return f'<a class="documented" href="{inert(source.url)}" title="{inert(read)}">{inert(context.words["documented"])}</a>'


def inert(text: str) -> str:
    """The text with a character reference for whatever Markdown, in a table too, or HTML could read as markup."""
    return "".join(character if character.isalnum() or character in " -./:" else f"&#{ord(character)};" for character in text)
