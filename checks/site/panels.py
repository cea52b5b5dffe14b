"""The pieces of a page that speak of evidence: the badge under a snippet, an output's release, the home page's proof, the table."""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from checks.evidence.validity import RecordedRun
from checks.model import Page, Snippet, meant_for
from checks.pages.glossary import load_terms, terms_of_groups, where_explained
from checks.site.context import SiteContext
from checks.site.urls import hreflang
from checks.targets import applies


@cache
def _templates() -> Environment:
    folder = Path(__file__).with_name("templates")
    return Environment(loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


def render(template: str, **values: Any) -> str:
    """A file of templates/, filled in; every value is escaped."""
    return _templates().get_template(template).render(**values)


def badge(context: SiteContext, snippet_id: str) -> str:
    """The quiet line under a snippet; nothing when the page is not one of the guide's."""
    snippet = context.snippet(snippet_id)
    if snippet is None:
        return ""
    page = context.guide.pages[context.language, context.page]
    runs = []
    for target in context.evidence.targets():
        if applies(snippet, target) and context.evidence.of(target, page.name) is not None:
            state = context.evidence.state(target, page, snippet)
            run = context.evidence.of(target, page.name)
            entry = run.entries.get(snippet.id) or {}
            runs.append({"target": target, "state": state, "date": (entry.get("ran_at") or run.date)[:10], "seconds": entry.get("seconds")})
    return render("badge.html", context=context, words=context.words, snippet=snippet, runs=runs).replace("\n", "")


def caption(context: SiteContext, snippet_id: str, globs: tuple[str, ...]) -> str:
    """The quiet line above an output that is not the same on every release: whose it is. Nothing above the others.

    No two outputs of a snippet have the same globs, so these say which of them it is.
    """
    snippet = context.snippet(snippet_id)
    output = next((each for each in snippet.outputs if each.targets == globs), None) if snippet else None
    if output is None or snippet.outputs == (output,) and "*" in globs:
        return ""
    if "*" in globs:
        text = context.words["output_elsewhere"]
    else:
        chosen = [name for name in context.evidence.known() if meant_for(snippet.targets, name) and snippet.output_for(name) is output]
        text = context.words["output_on"].format(context.words["list"].join(map(context.label, chosen)))
    return render("caption.html", text=text).strip()


def proof(context: SiteContext) -> str:
    """For each target that has been run: when, on what, how much, and what was left out."""
    cards = [_card(context, target) for target in context.evidence.targets()]
    return render("proof.html", context=context, words=context.words, cards=cards)


def verified(context: SiteContext) -> str:
    """Pages down, targets across."""
    targets = context.evidence.targets()
    rows = []
    for page in context.guide.of(context.language):
        if page.snippets:
            rows.append({"page": page, "cells": [_cell(context, target, page) for target in targets]})
    return render("verified.html", context=context, words=context.words, targets=targets, rows=rows)


def glossary(context: SiteContext, groups: tuple[str, ...]) -> str:
    """The terms of these groups in the page's language, each with its name in the others; all when no group is named."""
    rows = []
    for term in terms_of_groups(load_terms(context.config, context.guide), groups):
        found = where_explained(term, context.language, context.guide)
        see = None
        if found is not None:
            page, heading, text = found
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
    meant = [snippet for snippet in page.snippets if applies(snippet, target)]
    return {
        "target": target,
        "state": context.evidence.page_state(target, page) if meant else "nothing",
        "run": run,
        "ran": sum(1 for snippet in meant if run and snippet.id in run.entries),
        "skipped": len(page.snippets) - len(meant),
    }


def _card(context: SiteContext, target: str) -> dict[str, Any]:
    runs = context.evidence.runs(target)
    last = max(runs, key=lambda run: run.data["started"])
    # A container has the kernel of whoever ran it; that of a VM is the target's own.
    own = max(runs, key=lambda run: (bool(run.data.get("emulator")), run.data["started"]))
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
        "crash": _crash(runs),
        "started": last.started,
        "kernel": own.data.get("kernel") if own.data.get("emulator") else None,
        "emulator": own.data.get("emulator"),
        "accelerator": own.data.get("accelerator"),
        "seconds": sum(run.data.get("seconds") or 0 for run in runs),
        "ran": counts["ran"],
        "stale": counts["stale"],
        "pages": len(pages),
        "left": [{"page": page, "id": snippet.id, "why": why} for page, snippet, why in left],
    }


def _crash(runs: list[RecordedRun]) -> dict[str, Any] | None:
    """The last kernel panic that left a dump: where it is told, the boot ids around it, the dump."""
    crashes = [(run.data["started"], run, entry) for run in runs for entry in run.data["snippets"] if entry.get("dump")]
    if not crashes:
        return None
    _, run, entry = max(crashes, key=lambda crash: crash[0])
    return {"page": run.page, **entry}
