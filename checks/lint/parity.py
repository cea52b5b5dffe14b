"""Whether the two languages of a guide agree.

Twin pages are one page in two languages. Dates say little about whether they
agree, so two other things are compared: their structure (snippets to the byte),
and whether somebody read each page beside the prose that its twin has now. A
page's front matter says what the page was read against: ``read_against`` is
the first 12 hexadecimal digits of the sha256 of the twin's prose.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from difflib import unified_diff
from pathlib import Path

from checks.config import Config
from checks.host import write_whole
from checks.mkdocs_yml import site_settings
from checks.model import Guide, GuideError, Page, Problem, Snippet
from checks.pages import frontmatter
from checks.pages.reader import read_guide

# The keys of the front matter that differ between languages.
OWN_KEYS = ("title", "description", "read_against", "tags")
_ATTRIBUTES = ("language", "exit_status", "expect", "dump", "host", "on", "timeout_s", "targets", "file")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.IGNORECASE)


def check(guide: Guide, config: Config) -> list[Problem]:
    """Everything that differs between the languages. A problem names the page that is not of the first language."""
    if len(guide.languages) < 2:
        return []
    first, *others = guide.languages
    problems: list[Problem] = []
    for page in guide.pages.values():
        problems.extend(_heading_ids(page))
    for other in others:
        problems.extend(_navigation(config, first, other))
        for name in dict.fromkeys(name for _, name in guide.pages):
            one, two = guide.pages.get((first, name)), guide.pages.get((other, name))
            if one and two:
                problems.extend(_twins(one, two, config))
            else:
                problems.extend(_without_twin(page, missing, config) for page, missing in ((one, other), (two, first)) if page)
    problems.extend(stale(guide, config))
    return sorted(problems)


def _without_twin(page: Page, language: str, config: Config) -> Problem:
    twin = config.relative(config.docs[language] / f"{page.name}.md")
    return Problem(page.path, 0, f"this page has no twin: expected {twin}")


def stale(guide: Guide, config: Config) -> Iterator[Problem]:
    """Pages that were not read against the prose that their twin has now."""
    for page in guide.pages.values():
        twin = _partner(guide, page)
        if twin is None:
            continue
        read_against = page.meta.get("read_against")
        if read_against != twin.prose:
            what = "has changed since this page was read against it" if read_against else "was never compared with this page"
            yield Problem(
                page.path,
                page.meta_lines.get("read_against", 1),
                f"{twin.path} {what}: read both, then ./guide parity --accept {page.name}",
            )


def accept(config: Config, pages: Iterable[str]) -> list[Path]:
    """Write ``read_against`` into the pages of every language; returns the files that changed. ``pages`` are names or paths."""
    guide = read_guide(config)
    hashes: dict[Path, str] = {}
    for name in dict.fromkeys(_name(page, guide) for page in pages):
        for language in guide.languages:
            page = guide.pages.get((language, name))
            twin = _partner(guide, page) if page else None
            if page is None or twin is None:
                raise GuideError(f"{name}: this page has no twin to be read against")
            hashes[page.path] = twin.prose
    # Write only after all hashes are known: an error above leaves every page as it was.
    return [path for path, digits in hashes.items() if _write(config.root / path, digits)]


def _name(page: str, guide: Guide) -> str:
    for candidate in guide.pages.values():
        if page in (candidate.name, str(candidate.path)):
            return candidate.name
    raise GuideError(f"{page}: there is no such page")


def _write(path: Path, digits: str) -> bool:
    old = path.read_text(encoding="utf-8-sig")
    line = f'read_against: "{digits}"'
    head = frontmatter.read(old)
    if "read_against" in head.lines:
        lines = old.split("\n")
        if not re.match(r"read_against:", lines[head.lines["read_against"] - 1]):
            raise GuideError(f"{path}:{head.lines['read_against']}: expected read_against on a line of its own")
        lines[head.lines["read_against"] - 1] = line
        new = "\n".join(lines)
    elif head.lines:
        lines = old.split("\n")
        closing = next(number for number, text in enumerate(lines[1:], 1) if re.fullmatch(r"(---|\.\.\.)[ \t]*", text))
        new = "\n".join([*lines[:closing], line, *lines[closing:]])
    else:
        new = f"---\n{line}\n---\n\n{old}"
    if new != old:
        write_whole(path, new.encode())
    return new != old


def _partner(guide: Guide, page: Page) -> Page | None:
    """The page that this one is read against: that of the first language; for a page of the first, that of the second."""
    if len(guide.languages) < 2:
        return None
    first, second = guide.languages[:2]
    return guide.pages.get((second if page.language == first else first, page.name))


def _heading_ids(page: Page) -> Iterator[Problem]:
    for heading in page.outline.headings:
        if heading.id is None:
            yield Problem(
                page.path, heading.line, f"heading `{heading.text}` has no id: expected {{#some-id}} after it, alike in all languages"
            )


def _navigation(config: Config, first: str, other: str) -> Iterator[Problem]:
    one, two = (site_settings(config.languages[name]).navigation for name in (first, other))
    if one != two:
        yield Problem(
            config.relative(config.languages[other]),
            0,
            f"nav: other pages, or in another order, than in {config.languages[first].name}:\n{_diff(one, two)}",
        )


def _twins(one: Page, two: Page, config: Config) -> Iterator[Problem]:
    for key in dict.fromkeys([*one.meta, *two.meta]):
        if key not in OWN_KEYS and one.meta.get(key) != two.meta.get(key):
            found, expected = (repr(page.meta[key]) if key in page.meta else "nothing" for page in (two, one))
            yield Problem(two.path, two.meta_lines.get(key, 1), f"{key}: expected {expected} as in {one.path}, found {found}")
    yield from _headings(one, two)
    yield from _snippets(one, two)
    yield from _links(one, two, config)
    if one.outline.blocks != two.outline.blocks:
        diff = _diff(list(one.outline.blocks), list(two.outline.blocks), str(one.path), str(two.path))
        yield Problem(two.path, 0, f"other admonitions or tabs than in {one.path}:\n{diff}")


def _headings(one: Page, two: Page) -> Iterator[Problem]:
    for left, right in zip(one.outline.headings, two.outline.headings, strict=False):
        if (left.level, left.id) != (right.level, right.id):
            expected, found = (f"{'#' * heading.level} {{#{heading.id}}}" for heading in (left, right))
            yield Problem(two.path, right.line, f"heading: expected {expected} as in {one.path}:{left.line}, found {found}")
            return
    ours, theirs = len(two.outline.headings), len(one.outline.headings)
    if ours != theirs:
        yield Problem(two.path, 0, f"expected {theirs} headings as in {one.path}, found {ours}")


def _snippets(one: Page, two: Page) -> Iterator[Problem]:
    ids = [[snippet.id for snippet in page.snippets] for page in (one, two)]
    if ids[0] != ids[1]:
        yield Problem(
            two.path, 0, f"other snippets, or in another order, than in {one.path}:\n{_diff(ids[0], ids[1], str(one.path), str(two.path))}"
        )
    theirs = {snippet.id: snippet for snippet in one.snippets}
    for snippet in two.snippets:
        if snippet.id in theirs:
            yield from _snippet(theirs[snippet.id], snippet)


def _snippet(left: Snippet, right: Snippet) -> Iterator[Problem]:
    where = f"{left.path}:{left.line}"
    if left.code != right.code:
        diff = _diff(left.code.split("\n"), right.code.split("\n"), where, f"{right.path}:{right.line}")
        yield Problem(right.path, right.line, f"{right.id}: other code than in {where}:\n{diff}")
    for name in _ATTRIBUTES:
        expected, found = getattr(left, name), getattr(right, name)
        if expected != found:
            yield Problem(right.path, right.line, f"{right.id}: {name}: expected {expected!r} as in {where}, found {found!r}")
    # The reason itself is prose, which differs between languages.
    if (left.skip is None) != (right.skip is None):
        yield Problem(right.path, right.line, f"{right.id}: data-skip stands only in {where if left.skip else 'this page'}")
    yield from _outputs(left, right)


def _outputs(left: Snippet, right: Snippet) -> Iterator[Problem]:
    where = f"{left.path}:{left.line}"
    if bool(left.outputs) != bool(right.outputs):
        yield Problem(right.path, right.line, f"{right.id}: an output stands only in {where if left.outputs else 'this page'}")
        return
    expected, found = ([" ".join(output.targets) for output in snippet.outputs] for snippet in (left, right))
    if expected != found:
        difference = f"expected {' | '.join(expected)} as in {where}, found {' | '.join(found)}"
        yield Problem(right.path, right.line, f"{right.id}: outputs for other targets, or in another order: {difference}")
        return
    for one, two in zip(left.outputs, right.outputs, strict=True):
        if one.text != two.text:
            first, second = f"{left.path}:{one.line}", f"{right.path}:{two.line}"
            diff = _diff(one.text.split("\n"), two.text.split("\n"), first, second)
            yield Problem(right.path, two.line, f"{right.id}: another output than in {first}:\n{diff}")
        if one.varies != two.varies:
            theirs, ours = ("; ".join(map(str, output.varies)) or "none" for output in (one, two))
            yield Problem(right.path, two.line, f"{right.id}: data-varies: expected {theirs} as in {left.path}:{one.line}, found {ours}")


def _links(one: Page, two: Page, config: Config) -> Iterator[Problem]:
    """Compare the links without their order, which differs between languages. Links that leave the site may differ."""
    theirs, ours = (Counter(link for link in page.outline.links if not _SCHEME.match(link)) for page in (one, two))
    for link, count in (theirs - ours).items():
        yield Problem(two.path, 0, f"{_times(count)} to {link} fewer than in {one.path}:{_line_of(link, one, config)}")
    for link, count in (ours - theirs).items():
        yield Problem(two.path, _line_of(link, two, config), f"{_times(count)} to {link} more than in {one.path}")


def _times(count: int) -> str:
    return "one link" if count == 1 else f"{count} links"


def _line_of(text: str, page: Page, config: Config) -> int:
    lines = (config.root / page.path).read_text(encoding="utf-8-sig").split("\n")
    return next((number for number, line in enumerate(lines, 1) if text in line), 0)


def _diff(one: Sequence[str], two: Sequence[str], name: str = "expected", other: str = "found") -> str:
    return "\n".join(unified_diff(one, two, name, other, lineterm=""))
