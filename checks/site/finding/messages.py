"""The messages of a group as HTML: each has an anchor, says what it means and where to read on, and links what has printed it."""

from __future__ import annotations

from typing import Any

from checks.evidence.validity import RecordedRun
from checks.model import GuideError
from checks.site.context import SiteContext
from checks.site.finding import catalogue
from checks.site.finding.catalogue import Message
from checks.site.templating import markup, render

_consoles: dict[str, str] = {}  # by the sha256 of the recording


def messages(context: SiteContext, group: str) -> str:
    """The HTML of the messages of a group, in the order of the file. Raises a GuideError for a group without messages."""
    known = catalogue.load(context.config.root, context.guide)
    chosen = [message for message in known.messages if message.group == group]
    if not chosen:
        groups = dict.fromkeys(message.group for message in known.messages)
        raise GuideError(f"messages: {catalogue.FILE} has no group {group} (known: {', '.join(groups)})")
    entries = [
        {
            "id": message.id,
            "text": message.text,
            "means": markup(message.means[context.language]),
            "by": known.speakers[message.by][context.language],
            "where": markup(context.words["list"].join(known.places[place][context.language] for place in message.where)),
            "see": context.section(message.see),
            "seen": recording(context, message),
            "source": message.source,
        }
        for message in chosen
    ]
    return render("messages.html", context=context, words=context.words, entries=entries)


def recording(context: SiteContext, message: Message) -> dict[str, Any] | None:
    """The recording that has the message: its address and target. None if no run that still holds has printed it."""
    if message.seen is None:
        return None
    name, _, snippet_id = message.seen.partition("#")
    page = context.guide.pages[context.language, name]
    snippet = next((snippet for snippet in page.snippets if snippet.id == snippet_id), None)
    for target in context.evidence.targets():
        run = context.evidence.of(target, name)
        if run is None:
            continue
        if snippet is None:
            valid, printed = context.evidence.page_state(target, page) == "valid", _console(run)
            url = context.transcript_url(target, name) + "console.html"
        else:
            valid = context.evidence.state(target, page, snippet) == "valid"
            printed, url = run.entries.get(snippet.id, {}).get("output") or "", context.transcript_url(target, name, snippet.id)
        if valid and any(catalogue.in_line(message.text, line) for line in printed.splitlines()):
            return {"url": url, "target": target}
    return None


def _console(run: RecordedRun) -> str:
    """The text of a console, which is read once for all the messages that it has."""
    recording = str(run.data.get("console_sha256"))
    if recording not in _consoles:
        _consoles[recording] = run.console() or ""
    return _consoles[recording]
