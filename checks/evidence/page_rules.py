"""What a run of a page cannot have done, told from the page as it is now.

Only snippets whose fingerprint is the recorded one are looked at: of these the page says today what it said when it was run.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checks.model import Page, Snippet
from checks.targets import skip_reason


def contradicts_page(data: Mapping[str, Any], page: Page, fingerprints: Mapping[str, str], target: str, dumps: bool) -> str | None:
    """What in the content of an evidence file no run of this page can have left there; None when nothing is of that kind.

    ``dumps`` says whether the guide names files that a crash leaves (``dumps`` in mkdocs.yml).
    """
    snippets = {snippet.id: snippet for snippet in page.snippets}
    same = [entry for entry in data["snippets"] if fingerprints.get(entry["id"]) == entry["chain"]]
    for entry in same:
        if fault := _entry(entry, snippets[entry["id"]], target, dumps):
            return f"#{entry['id']}: {fault}"
    found = [entry["id"] for entry in same]
    if found != [snippet.id for snippet in page.snippets if snippet.id in set(found)]:
        return "its snippets are in another order than those of the page"
    return None


def _entry(entry: Mapping[str, Any], snippet: Snippet, target: str, dumps: bool) -> str | None:
    if entry["sha256"] != snippet.sha256:
        return "it is of other code than its fingerprint"
    if ("skip" in entry) != (skip_reason(snippet, target) is not None):
        return "it says that the snippet was left out, and the page does not" if "skip" in entry else "the page leaves this snippet out"
    if "skip" in entry:
        return None
    if entry.get("on") != snippet.on:
        return "it ran on the other machine of the page"
    return _restart(entry, snippet, dumps) if snippet.expect else _plain(entry, snippet)


def _plain(entry: Mapping[str, Any], snippet: Snippet) -> str | None:
    """A snippet that announces no restart."""
    if entry["exit_status"] != snippet.exit_status:
        return f"exit status {entry['exit_status']}, and the page passes only with {snippet.exit_status}"
    if entry["boot_id_before"] != entry["boot_id_after"]:
        return "the machine booted anew, and the page announces no restart here"
    if unexpected := next((key for key in ("dump", "panic", "stages") if entry.get(key)), None):
        return f"it has a {unexpected}, and the page announces no restart here"
    return None


def _restart(entry: Mapping[str, Any], snippet: Snippet, dumps: bool) -> str | None:
    if not entry["boot_id_before"] or not entry["boot_id_after"] or entry["boot_id_before"] == entry["boot_id_after"]:
        return f"the page announces a {snippet.expect}, and the machine did not boot anew"
    if (snippet.expect in ("crash", "panic")) != bool(entry.get("panic")):
        return f"the page announces a {snippet.expect}, and the evidence has {'a' if entry.get('panic') else 'no'} panic"
    if dumps and (snippet.expect == "crash" and snippet.dump) != bool(entry.get("dump")):
        return f"the evidence has {'a' if entry.get('dump') else 'no'} dump, and the page says otherwise"
    return None
