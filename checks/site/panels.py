"""The parts of a page that show evidence (badges, captions, the home page's cards, the table of pages), and the glossary."""

from __future__ import annotations

from collections import Counter
from typing import Any

from checks.evidence.validity import RecordedRun
from checks.model import Page, Snippet
from checks.pages.glossary import load_terms, terms_of_groups, where_explained
from checks.site import releases
from checks.site.aids import failed_steps, software
from checks.site.context import SiteContext
from checks.site.templating import render
from checks.site.urls import hreflang
from checks.targets import applies


def badge(context: SiteContext, snippet_id: str) -> str:
    """The line under a snippet that says on which targets a run vouches for it. Empty on a page that the guide does not have."""
    page, snippet = context.current_page(), context.snippet(snippet_id)
    if page is None or snippet is None:
        return ""
    vouching = releases.ran(context, page, snippet)
    others = [target for target in context.evidence.known() if target not in vouching]
    runs = []
    for target in context.evidence.targets():
        run = context.evidence.of(target, page.name)
        if run is not None and applies(snippet, target):
            entry = run.entries.get(snippet.id) or {}
            date = (entry.get("ran_at") or run.date)[:10]
            # A reader whose release has no run of its own is shown those of the others.
            for_targets = [target, *others] if len(vouching) > 1 else []
            valid = target in vouching
            runs.append({"target": target, "valid": valid, "date": date, "seconds": entry.get("seconds"), "for": " ".join(for_targets)})
    # What does not run here is no step that could fail.
    help_ = failed_steps.link(context, snippet) if snippet.skip is None else None
    return render("badge.html", context=context, words=context.words, snippet=snippet, runs=runs, help=help_).replace("\n", "")


def proof(context: SiteContext) -> str:
    """A card for each target with evidence: when it was made and on what, how much ran, and what did not run; the names of the others."""
    cards = [_card(context, target) for target in context.evidence.targets()]
    waiting = context.names(target for target in context.evidence.known() if not context.evidence.runs(target))
    return render("proof.html", context=context, words=context.words, cards=cards, waiting=waiting)


def verified(context: SiteContext) -> str:
    """A table with a row for each page and a column for each target with evidence: what ran, when, and on which versions."""
    targets = context.evidence.targets()
    waiting = [target for target in context.evidence.known() if target not in targets]
    columns = [{"target": target, "for": " ".join([target, *waiting]), "software": _usual(context, target)} for target in targets]
    pages = [page for page in context.guide.of(context.language) if page.snippets]
    rows = [{"page": page, "cells": [_cell(context, column, page) for column in columns]} for page in pages]
    names = context.names(waiting)
    return render("verified.html", context=context, words=context.words, columns=columns, rows=rows, waiting=names)


def _usual(context: SiteContext, target: str) -> list[str]:
    """Kernel and packages that most runs on a target had: "Linux 6.12", "kdump-tools 1:1.10.7"."""
    counts: dict[str, Counter[str]] = {}
    for run in context.evidence.runs(target):
        for text in software.of_run(context, run):
            counts.setdefault(text.split()[0], Counter())[text] += 1
    return [counts[name].most_common(1)[0][0] for name in ("Linux", *context.config.packages) if name in counts]


def glossary(context: SiteContext, groups: tuple[str, ...]) -> str:
    """The terms of these groups in the site's language, each with its names in the others; all terms when no group is named."""
    rows = []
    for term in terms_of_groups(context.once("terms", lambda: load_terms(context.config, context.guide)), groups):
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


def _cell(context: SiteContext, column: dict[str, Any], page: Page) -> dict[str, Any]:
    target = column["target"]
    run = context.evidence.of(target, page.name)
    snippets = [snippet for snippet in page.snippets if applies(snippet, target)]
    return {
        "target": target,
        "state": context.evidence.page_state(target, page) if snippets else "nothing",
        "for": column["for"],
        "run": run,
        "container": run is not None and not run.data.get("emulator"),
        "software": [text for text in software.of_run(context, run) if text not in column["software"]] if run else [],
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
