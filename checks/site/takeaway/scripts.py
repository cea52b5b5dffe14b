"""A page as a shell script: its snippets in order, byte for byte, and its sentences as comments.

The script asks before a step that takes the machine down. It cannot survive that itself, so it prints the command by which
it goes on with the next step after the restart (``--from``).
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bs4 import Tag
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from checks.lint.shellcheck import EXCLUDED
from checks.model import GuideError, Page, Snippet
from checks.site import urls
from checks.site.context import SiteContext
from checks.site.takeaway.articles import as_plain_text
from checks.site.takeaway.comments import comment
from checks.targets import load_targets

TEMPLATES = Path(__file__).parents[1] / "templates"


@dataclass(frozen=True)
class Script:
    """A script, and the name under which it stands beside its page."""

    name: str
    text: str


def why_no_script(context: SiteContext, page: Page) -> str | None:
    """Why a page with snippets has no script, in words; None where it has one, or has no snippets."""
    return str(context.words["takeaway"]["two_machines"]) if page.peer and page.snippets else None


def script(context: SiteContext, page: Page, found: Tag, url: str) -> Script:
    """The script of a page that has snippets and one machine. ``found`` is the page's article, ``url`` the site's address."""
    words = context.words["script"]
    address = urls.page_url(f"{url}{page.language}/", page.name)
    proven = _proven(context, page)
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    environment.filters["q"] = lambda text: shlex.quote(str(text))
    head = [page.title, address, "", *words["about"].format(words["kinds"].get(page.machine, "")).split("\n")]
    text = environment.get_template("script.sh").render(
        words=words,
        head="\n".join(map(comment, head)),
        disabled=",".join(EXCLUDED),
        address=address,
        steps=[snippet.id for snippet in page.snippets if snippet.skip is None],
        targets=load_targets(context.config).values(),
        proven=proven,
        proven_on=context.names(proven) or words["nowhere"],
        needs=_needs(context, page, url),
        after=_after(context, page, url),
        body="\n".join(_without_gaps([*_body(context, page, found)])),
    )
    return Script(f"{page.name.rpartition('/')[2]}.sh", text)


def _proven(context: SiteContext, page: Page) -> dict[str, str]:
    """The targets on which all of the page has run, as it is now, each with the day."""
    runs = {target: context.evidence.of(target, page.name) for target in context.evidence.targets()}
    return {target: run.date for target, run in runs.items() if run and context.evidence.page_state(target, page) == "valid"}


def _needs(context: SiteContext, page: Page, url: str) -> dict[str, str]:
    """What the reader's home has to have: the path from there, and what to do where it is missing."""
    words = context.words["script"]
    programs = {
        program.name: words["needs_program"].format(name=program.name, address=f"{url}{urls.PROGRAMS}/{program.name}")
        for program in page.programs
    }
    folder = context.config.dump_folder
    dumps = {
        f"dumps/{name}": words["needs_dumps"].format(name=name, folder=folder, page=context.guide.pages[page.language, name].title)
        for name in page.dumps
    }
    return programs | dumps


def _after(context: SiteContext, page: Page, url: str) -> str:
    """The page at whose end this one begins, in a sentence; empty where it begins by itself."""
    if page.after is None:
        return ""
    before = context.guide.pages[page.language, page.after]
    return str(context.words["script"]["after"].format(page=before.title, address=urls.page_url(f"{url}{page.language}/", before.name)))


def _body(context: SiteContext, page: Page, found: Tag) -> Iterator[str]:
    """The steps of the script, and the comments between them. Raises a GuideError where the article has other snippets than the page."""
    snippets = {snippet.id: snippet for snippet in page.snippets}
    shown = []
    for before, block in as_plain_text(found).parts():
        if block is None:
            yield comment(f"=== {before.lstrip('#').strip()} ===" if before.startswith("#") else before)
        elif block.snippet in snippets:
            shown.append(block.snippet)
            yield from _step(context, page, snippets[block.snippet])
        else:
            yield from (f"#     {line}".rstrip() for line in block.code.split("\n"))
    if shown != [*snippets]:
        raise GuideError(f"{page.path}: the script would have the snippets {shown}, expected {[*snippets]}")


def _without_gaps(lines: list[str]) -> Iterator[str]:
    """The lines without empty comments before and after a step, and with one empty line where there are several."""
    for before, line, after in zip(["", *lines], lines, [*lines[1:], ""], strict=False):
        if not (line == "#" and "" in (before, after)) and not line == before == "":
            yield line


def _step(context: SiteContext, page: Page, snippet: Snippet) -> Iterator[str]:
    if snippet.skip is not None:
        yield comment(context.words["skipped"].format(snippet.skip))
        yield from (f"#     {line}".rstrip() for line in snippet.code.split("\n"))
        return
    later = page.snippets[page.snippets.index(snippet) + 1 :]
    following = next((other.id for other in later if other.skip is None), "")
    arguments = [snippet.id, snippet.exit_status, _event(context, snippet), following, *snippet.targets]
    yield ""
    yield f"if guide_step {' '.join(shlex.quote(str(argument)) for argument in arguments)}; then"
    yield from _command(snippet)
    yield "guide_ended; fi"
    yield ""


def _event(context: SiteContext, snippet: Snippet) -> str:
    """What the snippet does to the machine, in words; empty where it does nothing."""
    words: dict[str, Any] = context.words["script"]["events"]
    return str(words["nmi" if snippet.host else snippet.expect]) if snippet.expect else ""


def _command(snippet: Snippet) -> Iterator[str]:
    """What the shell is given: a bash snippet as it is, a Python snippet as a reader would start it, as in the run."""
    if snippet.language == "bash":
        yield snippet.code
        return
    end = "GUIDE-END"
    while end in snippet.code.split("\n"):
        end += "-"
    if snippet.file is None:
        yield f"guide_python 3<<'{end}'\n{snippet.code}\n{end}"
    else:
        name = shlex.quote(snippet.file)
        yield f"cat >{name} <<'{end}' &&\n{snippet.code}\n{end}\npython3 {name}"
