"""The parts of a page that show evidence (badges, captions, the home page's cards, the table of pages), and the glossary."""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from checks.evidence.validity import RecordedRun
from checks.model import Page, Snippet, meant_for
from checks.pages.glossary import load_terms, terms_of_groups, where_explained
from checks.pages.rules.characters import visible
from checks.site.context import SiteContext
from checks.site.urls import hreflang
from checks.targets import applies


@cache
def _templates() -> Environment:
    folder = Path(__file__).with_name("templates")
    return Environment(
        loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, finalize=_seen
    )


def _seen(value: Any) -> Any:
    """A value as the templates write it: of a text, what cannot be seen is made visible. What a machine printed may be meant to mislead."""
    if not isinstance(value, str):
        return value
    if isinstance(value, Markup):  # HTML, in which "<U+202E>" would be an element
        return Markup("".join(character if (seen := visible(character)) == character else escape(seen) for character in str(value)))
    return visible(value)


def render(template: str, **values: Any) -> str:
    """The HTML of a file of templates/; every value is escaped, and a value that is missing is an error."""
    return _templates().get_template(template).render(**values)


def badge(context: SiteContext, snippet_id: str) -> str:
    """The line under a snippet that says on which targets a run vouches for it. Empty on a page that the guide does not have."""
    page, snippet = context.current_page(), context.snippet(snippet_id)
    if page is None or snippet is None:
        return ""
    runs = []
    for target in context.evidence.targets():
        run = context.evidence.of(target, page.name)
        if run is not None and applies(snippet, target):
            state = context.evidence.state(target, page, snippet)
            entry = run.entries.get(snippet.id) or {}
            date = (entry.get("ran_at") or run.date)[:10]
            runs.append({"target": target, "state": state, "date": date, "seconds": entry.get("seconds")})
    return render("badge.html", context=context, words=context.words, snippet=snippet, runs=runs).replace("\n", "")


def caption(context: SiteContext, snippet_id: str, globs: tuple[str, ...]) -> str:
    """The line above an output that says on which releases it is printed. Empty for an output of all releases.

    ``globs`` are those of the output's ``data-target``. No two outputs of a snippet have the same globs, so the
    globs identify the output.
    """
    snippet = context.snippet(snippet_id)
    output = next((output for output in snippet.outputs if output.targets == globs), None) if snippet else None
    if snippet is None or output is None or snippet.outputs == (output,) and "*" in globs:
        return ""
    if "*" in globs:
        text = context.words["output_elsewhere"]
    else:
        targets = [name for name in context.evidence.known() if meant_for(snippet.targets, name) and snippet.output_for(name) is output]
        text = context.words["output_on"].format(context.words["list"].join(map(context.label, targets)))
    return render("caption.html", text=text).strip()


def proof(context: SiteContext) -> str:
    """A card for each target with evidence: when it was made and on what, how much ran, and what did not run."""
    cards = [_card(context, target) for target in context.evidence.targets()]
    return render("proof.html", context=context, words=context.words, cards=cards)


def verified(context: SiteContext) -> str:
    """A table with a row for each page and a column for each target with evidence."""
    targets = context.evidence.targets()
    pages = [page for page in context.guide.of(context.language) if page.snippets]
    rows = [{"page": page, "cells": [_cell(context, target, page) for target in targets]} for page in pages]
    return render("verified.html", context=context, words=context.words, targets=targets, rows=rows)


def glossary(context: SiteContext, groups: tuple[str, ...]) -> str:
    """The terms of these groups in the site's language, each with its names in the others; all terms when no group is named."""
    rows = []
    for term in terms_of_groups(load_terms(context.config, context.guide), groups):
        explained = where_explained(term, context.language, context.guide)
        see = None
        if explained is not None:
            page, heading, text = explained
            title = page.title if text == page.title else f"{page.title}{context.words['within']}{text}"
            see = {"url": context.page_url(page.name, heading), "title": title}
        others = [
            {"term": words.term, "hreflang": hreflang(context.config.twins, language)}
            for language, words in term.words.items()
            if language != context.language
        ]
        rows.append({"id": term.id, "own": term.words[context.language], "others": others, "see": see})
    return render("glossary.html", words=context.words, rows=rows)


def _cell(context: SiteContext, target: str, page: Page) -> dict[str, Any]:
    run = context.evidence.of(target, page.name)
    snippets = [snippet for snippet in page.snippets if applies(snippet, target)]
    return {
        "target": target,
        "state": context.evidence.page_state(target, page) if snippets else "nothing",
        "run": run,
        "ran": sum(1 for snippet in snippets if run and snippet.id in run.entries),
        "skipped": len(page.snippets) - len(snippets),
    }


def _card(context: SiteContext, target: str) -> dict[str, Any]:
    runs = context.evidence.runs(target)
    last = max(runs, key=lambda run: run.data["started"])
    # A container has the kernel of the host that ran it, and no emulator; the kernel of a VM is the target's own.
    on_vm = max(runs, key=lambda run: (bool(run.data.get("emulator")), run.data["started"]))
    counts: Counter[str] = Counter()
    left: list[tuple[Page, Snippet, str]] = []
    pages = set()
    for page in context.guide.of(context.language):
        for snippet in page.snippets:
            if snippet.skip is not None:
                left.append((page, snippet, snippet.skip))
            elif not applies(snippet, target):
                left.append((page, snippet, context.words["other_target"]))
            elif context.evidence.state(target, page, snippet) == "valid":
                counts["ran"] += 1
                pages.add(page.name)
            else:
                counts["stale"] += 1
    return {
        "target": target,
        "crash": _last_crash(runs),
        "started": last.started,
        "kernel": on_vm.data.get("kernel") if on_vm.data.get("emulator") else None,
        "archive": max((day for run in runs if (day := run.data.get("archive"))), default=None),
        "emulator": on_vm.data.get("emulator"),
        "accelerator": on_vm.data.get("accelerator"),
        "seconds": sum(run.data.get("seconds") or 0 for run in runs),
        "ran": counts["ran"],
        "stale": counts["stale"],
        "pages": len(pages),
        "left": [{"page": page, "id": snippet.id, "why": why} for page, snippet, why in left],
    }


def _last_crash(runs: list[RecordedRun]) -> dict[str, Any] | None:
    """The last kernel panic that left a dump: the snippet's entry in the evidence (boot ids, dump), and its page."""
    crashes = [(run.data["started"], run, entry) for run in runs for entry in run.data["snippets"] if entry.get("dump")]
    if not crashes:
        return None
    _, run, entry = max(crashes, key=lambda crash: crash[0])
    return {"page": run.page, **entry}
