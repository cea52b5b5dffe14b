"""What a page shows by release: the picker in its head, blocks for some releases, whose output an output is, sources.

An element with ``data-target`` is shown to readers who have chosen one of these releases, or none; one with ``data-only``
to those alone who have chosen one of these. theme/overrides/assets/release.js does that; without it the former stand there
all, each with the names of its releases, and the latter do not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from checks.evidence.outputs import renewed
from checks.model import GuideError, Output, Page, Snippet, meant_for
from checks.pages.references import SOURCES, own_words
from checks.pages.rules import release_blocks
from checks.pages.rules.characters import visible
from checks.pages.shapes import Shapes
from checks.site.aids import failed_steps
from checks.site.context import SiteContext
from checks.site.templating import render
from checks.targets import applies

MOST_NAMED = 5  # snippets that the head of a page names; of more it gives the number


def ran(context: SiteContext, page: Page, snippet: Snippet) -> list[str]:
    """The targets with a run that vouches for the snippet as it is now."""
    known = context.evidence.targets()
    return [target for target in known if applies(snippet, target) and context.evidence.state(target, page, snippet) == "valid"]


def neighbours(context: SiteContext, target: str, shown: Callable[[str], object | None]) -> tuple[str, str] | None:
    """The nearest older and the nearest newer target on which something has run, if both have shown the same.

    ``shown`` returns what a target has shown, None where nothing has run. The ages are those of ``oldest_first`` in
    mkdocs.yml; None also where one side has no such target.
    """
    older, newer = _nearest(context, target, lambda name: shown(name) is not None)
    return (older, newer) if older and newer and shown(older) == shown(newer) else None


def _nearest(context: SiteContext, target: str, counts: Callable[[str], bool]) -> tuple[str | None, str | None]:
    """The nearest older and the nearest newer target that count; None for a side without one, and for a target of unknown age."""
    order = context.config.oldest_first
    if target not in order:
        return None, None
    at = order.index(target)
    older, newer = (next((name for name in names if counts(name)), None) for names in (order[:at][::-1], order[at + 1 :]))
    return older, newer


def picker(context: SiteContext) -> str:
    """The choice of a release, for each release what of the page has not run on it, and what a report of a failed step needs."""
    page = context.current_page()
    targets = context.evidence.known()
    notes = [_note(context, page, target) for target in targets] if page and page.snippets else []
    report = failed_steps.report(context)
    return render("picker.html", context=context, words=context.words, targets=targets, notes=notes, report=report)


def _note(context: SiteContext, page: Page, target: str) -> dict[str, Any]:
    meant = [snippet for snippet in page.snippets if applies(snippet, target)]
    left = [snippet.id for snippet in meant if context.evidence.state(target, page, snippet) != "valid"]
    others = [name for name in context.evidence.targets() if context.evidence.of(name, page.name) is not None]
    words = {"release": context.short(target), "others": context.names(others), "left": len(left), "all": len(meant)}
    if not meant:
        return {"target": target, "text": context.words["page_for_others"].format(**words), "left": []}
    if len(left) == len(meant):
        key = "page_not_run" if others and target not in others else "page_not_run_at_all"
        return {"target": target, "text": context.words[key].format(**words), "left": []}
    key = "page_ran" if not left else "page_partly_named" if len(left) <= MOST_NAMED else "page_partly"
    return {"target": target, "text": context.words[key].format(**words), "left": left if len(left) <= MOST_NAMED else []}


def block(context: SiteContext, globs: Iterable[str]) -> str:
    """The lines of Markdown that open a block for the releases of these globs: the element, and a paragraph with their names."""
    globs = tuple(globs)
    targets = [target for target in context.evidence.known() if meant_for(globs, target)]
    label = f"{context.names(targets)}\n{{ .release__label data-search-exclude }}"
    return f'<div class="release" data-target="{" ".join(targets)}" markdown>\n{label}\n'


def of_snippet(context: SiteContext, snippet_id: str) -> tuple[str, str]:
    """For a snippet that is not for all releases: the line with their names, and the names of the targets. Else two empty texts.

    The line is empty in a block that is for the same releases, which has their names already.
    """
    page, snippet, known = context.current_page(), context.snippet(snippet_id), context.evidence.known()
    if page is None or snippet is None:
        return "", ""
    targets = [name for name in known if meant_for(snippet.targets, name)]
    if targets == known:
        return "", ""
    around = release_blocks.around(page.prose_lines, page.macros, snippet.line)
    repeated = around is not None and targets == [name for name in known if meant_for(around.arguments, name)]
    return "" if repeated else render("release_label.html", text=context.names(targets)).strip(), " ".join(targets)


def of_output(context: SiteContext, snippet_id: str, globs: tuple[str, ...]) -> tuple[str, str]:
    """The line above an output that says whose it is, and the names of the targets on which to show it; "" for all of them.

    ``globs`` are those of the output's ``data-target``. No two outputs of a snippet have the same globs, so the
    globs identify the output. A reader whose release has no output of its own is shown those of the nearest older and of the
    nearest newer release.
    """
    page, snippet = context.current_page(), context.snippet(snippet_id)
    output = next((output for output in snippet.outputs if output.targets == globs), None) if snippet else None
    if page is None or snippet is None or output is None:
        return render("caption.html", element="p", text=context.words["output"], own="", others={}).strip(), ""
    known = context.evidence.known()
    meant = [name for name in known if meant_for(snippet.targets, name)]
    own = [name for name in meant if snippet.output_for(name) is output]
    vouched = ran(context, page, snippet)
    shown = [name for name in meant if output in _outputs_seen(context, snippet, name, vouched)]
    printed = [name for name in vouched if name in own]
    others: dict[str, list[str]] = {}
    for name in shown:
        if name not in printed and printed:
            others.setdefault(_whose(context, page, snippet, output, name, vouched), []).append(name)
    text = context.words["output"] if own == meant else context.words["output_on"].format(context.names(printed or own))
    without = " ".join(name for name in known if not any(name in names for names in others.values())) if others else ""
    element = "span" if folds(context, snippet_id, globs) else "p"  # a summary, which folds, can have no paragraph
    line = render("caption.html", element=element, text=text, own=without, others=others).strip()
    return line, "" if shown == known else " ".join(shown)


def folds(context: SiteContext, snippet_id: str, globs: tuple[str, ...]) -> bool:
    """Whether the output is folded for a reader who has chosen no release: all but the first of a snippet's outputs are.

    theme/overrides/assets/release.js folds them; without it they stand there open.
    """
    snippet = context.snippet(snippet_id)
    return snippet is not None and any(output.targets == globs for output in snippet.outputs[1:])


def _outputs_seen(context: SiteContext, snippet: Snippet, target: str, vouched: list[str]) -> Sequence[Output]:
    """The outputs that a reader of the target is shown: the target's own, or those of its neighbours, or else all.

    A neighbour counts that has run, if any has.
    """
    own = snippet.output_for(target)
    if own is not None:
        return [own]
    having = [name for name in vouched if snippet.output_for(name) is not None]
    nearest = _nearest(context, target, lambda name: name in having if having else snippet.output_for(name) is not None)
    return [output for name in nearest if name and (output := snippet.output_for(name)) is not None] or snippet.outputs


def _whose(context: SiteContext, page: Page, snippet: Snippet, output: Output, target: str, vouched: list[str]) -> str:
    """The words above an output for a reader whose release ``target`` has not printed it; ``vouched`` have run the snippet."""
    both = neighbours(context, target, lambda name: snippet.output_for(name) if name in vouched else None)
    printed = [name for name in vouched if snippet.output_for(name) is output]
    # What is known to be otherwise on this release is no hint at what it would print.
    if both is not None and both[0] in printed and not own_words(context.traces, target, printed, output.text):
        older, newer = (_as_shown(context, page, snippet, output, name) for name in both)
        key = "printed_the_same" if older == newer else "printed_alike"
        return str(context.words[key].format(older=context.short(both[0]), newer=context.short(both[1])))
    return str(context.words["printed_by"].format(context.names(printed)))


def _as_shown(context: SiteContext, page: Page, snippet: Snippet, output: Output, target: str) -> str:
    """Of what the snippet printed on a target, the lines that the output shows."""
    run = context.evidence.of(target, page.name)
    text = run.entries.get(snippet.id, {}).get("output") if run else None
    shapes = context.once("shapes", lambda: Shapes.load(context.config.shapes_file))
    return renewed(output, text or "", shapes)


def value(context: SiteContext, snippet_id: str, found: list[tuple[Output, str]]) -> str:
    """A value of a snippet's outputs within a line: the reader's own, or those of all outputs, each with its releases.

    A reader whose release has not printed the value is told which have.
    """
    page, snippet = context.current_page(), context.snippet(snippet_id)
    assert page is not None and snippet is not None, "pages/values.py has found the snippet"
    printed = ran(context, page, snippet)
    own: dict[str, list[str]] = {}
    for name in context.evidence.known():
        for output, shown in found:
            if meant_for(snippet.targets, name) and snippet.output_for(name) is output and (name in printed or not printed):
                own.setdefault(shown, []).append(name)
    others = " ".join(name for name in context.evidence.known() if not any(name in names for names in own.values()))
    if len(own) < 2:
        shown = inert(visible(found[0][1]))
        whose = inert(context.words["value_of"].format(value="", releases=context.names(printed)))
        return f'<span class="value">{shown}<span data-only="{others}" hidden>{whose}</span></span>' if printed and others else shown
    each = [f'<span data-only="{" ".join(names)}" hidden>{inert(visible(shown))}</span>' for shown, names in own.items()]
    together = context.words["list"].join(
        context.words["value_of"].format(value=visible(shown), releases=context.names(names)) for shown, names in own.items()
    )
    return f'<span class="value">{"".join(each)}<span data-target="{others}">{inert(together)}</span></span>'


def documented(context: SiteContext, key: str) -> str:
    """The mark of what a source says: a link to the entry ``key`` of data/sources.yml, with its title and the day of reading."""
    link = source_link(context, key)
    return f'<a class="documented" href="{inert(link["url"])}" title="{inert(link["title"])}">{inert(context.words["documented"])}</a>'


def source_link(context: SiteContext, key: str) -> dict[str, str]:
    """The title of a source (``text``), its address (``url``), and the title with the day of reading (``title``)."""
    if key not in context.sources:
        raise GuideError(f"{SOURCES} has no entry {key}")
    source = context.sources[key]
    text = source.title if isinstance(source.title, str) else source.title[context.language]
    return {"text": text, "url": source.url, "title": context.words["read_in"].format(title=text, date=source.read.isoformat())}


def inert(text: str) -> str:
    """The text with a character reference for whatever Markdown, in a table too, or HTML could read as markup."""
    return "".join(character if character.isalnum() or character in " -./:" else f"&#{ord(character)};" for character in text)
