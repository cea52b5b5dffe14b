"""What another version of the guide changes: which snippets are new, changed or gone, and which pages have to run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import unified_diff

from checks import model
from checks.evidence.fingerprints import snippet_fingerprints
from checks.model import Guide, Page, Snippet
from checks.targets import Target

_ATTRIBUTES = ("language", "exit_status", "expect", "dump", "host", "on", "timeout_s", "targets", "file", "skip")


@dataclass
class Changes:
    """The snippets of the first language that differ; the names of the pages to run, in the order of the navigation."""

    new: list[Snippet] = field(default_factory=list)
    changed: list[tuple[Snippet, Snippet]] = field(default_factory=list)
    gone: list[Snippet] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)

    def summary(self) -> str:
        """The counts: "1 snippet new, 0 changed, 0 gone"."""
        count = len(self.new)
        return f"{count} snippet{'' if count == 1 else 's'} new, {len(self.changed)} changed, {len(self.gone)} gone"


def compare(before: Guide | None, after: Guide, old: Target | None, target: Target) -> Changes:
    """What ``after`` changes. Without ``before``, everything is new. ``old`` is the target as it was before.

    A page has to run when what is hashed for evidence differs on it or on a page that it goes on from, or when it
    shows other outputs.
    """
    changes = Changes()
    pages = {page.name: page for page in before.primary} if before else {}
    for page in after.primary:
        previous = pages.get(page.name)
        _compare_page(changes, previous, page)
        if page.snippets and (before is None or old is None or not _same_run(before, previous, old, after, page, target)):
            changes.pages.append(page.name)
    names = {page.name for page in after.primary}
    changes.gone += [snippet for page in pages.values() if page.name not in names for snippet in page.snippets]
    return changes


def _compare_page(changes: Changes, previous: Page | None, page: Page) -> None:
    known = {snippet.id: snippet for snippet in previous.snippets} if previous else {}
    for snippet in page.snippets:
        was = known.pop(snippet.id, None)
        if was is None:
            changes.new.append(snippet)
        elif _shown(was) != _shown(snippet):
            changes.changed.append((was, snippet))
    changes.gone += known.values()


def _same_run(before: Guide, previous: Page | None, old: Target, after: Guide, page: Page, target: Target) -> bool:
    if previous is None:
        return False
    outputs = [[_shown(snippet) for snippet in version.snippets] for version in (previous, page)]
    return outputs[0] == outputs[1] and snippet_fingerprints(before, previous, old) == snippet_fingerprints(after, page, target)


def _shown(snippet: Snippet) -> tuple[object, ...]:
    """All that a reader sees of a snippet, and all that decides how it runs."""
    outputs = tuple((output.text, output.targets) for output in snippet.outputs)
    return (snippet.id, snippet.code, outputs, *(getattr(snippet, name) for name in _ATTRIBUTES))


def describe(changes: Changes) -> Iterator[str]:
    """Each snippet that differs, with its place and a unified diff of its code, its attributes and its outputs."""
    for snippet in changes.new:
        yield f"new      {_place(snippet)}"
        yield from _diff(None, snippet)
    for was, snippet in changes.changed:
        yield f"changed  {_place(snippet)}"
        yield from _diff(was, snippet)
    for snippet in changes.gone:
        yield f"gone     {_place(snippet)}"
        yield from _diff(snippet, None)


def _place(snippet: Snippet) -> str:
    return printable(f"{snippet.path}:{snippet.line}: {snippet.page}#{snippet.id} ({snippet.language})")


def _diff(was: Snippet | None, now: Snippet | None) -> Iterator[str]:
    old, new = (_lines(snippet) if snippet else [] for snippet in (was, now))
    for line in list(unified_diff(old, new, lineterm=""))[2:]:
        yield f"    {printable(line)}"


def _lines(snippet: Snippet) -> list[str]:
    """The snippet as lines: its attributes other than the defaults, its code, and its outputs."""
    plain = Snippet(snippet.page, snippet.id, snippet.language, "", snippet.path, 0, 0)
    lines = [f"({name}: {value})" for name in _ATTRIBUTES if (value := getattr(snippet, name)) != getattr(plain, name)]
    lines += snippet.code.split("\n")
    for output in snippet.outputs:
        lines += [f"(output on {' '.join(output.targets)})", *output.text.split("\n")]
    return lines


def printable(text: str) -> str:
    r"""The text as one line, with ``\x1b`` and the like for each character that a terminal obeys or does not show. A tab stays."""
    return model.printable(text).replace("\n", "\\n")
