"""Transcripts: pages without the theme that show what a run printed, ``LANGUAGE/proof/TARGET/PAGE/index.html#SNIPPET``."""

from __future__ import annotations

import html
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from checks.config import Config
from checks.evidence.files import evidence_file
from checks.evidence.validity import RecordedRun
from checks.model import PEER_HOSTNAME, Guide, Page
from checks.site import templating
from checks.site.context import SiteContext, context_of
from checks.site.replay import frames
from checks.site.urls import base_from_transcript, page_url, transcript_folder

# What the template asks for, and not every entry of the evidence has.
_ABSENT = {"skip": None, "exit_status": None, "seconds": None, "dump": None, "panic": None, "stages": None, "on": None}


def write(config: Config, guide: Guide, out: Path, go_on: Callable[[], None] = lambda: None) -> list[Path]:
    """Write a file for each run of each page in each language; returns the files. ``out`` holds the languages' sites.

    ``go_on`` is called for each page, and may raise what ends the work.
    """
    written = []
    for language in guide.languages:
        context = context_of(config, guide, language)
        for page in guide.of(language):
            go_on()
            for target in context.evidence.targets():
                run = context.evidence.of(target, page.name)
                if run is not None:
                    file = out / language / transcript_folder(target, page.name) / "index.html"
                    file.parent.mkdir(parents=True, exist_ok=True)
                    file.write_text(_transcript(context, page, run), encoding="utf-8")
                    written.append(file)
                    # The bytes that the workflow has signed, so that a reader can check them (SECURITY.md).
                    shutil.copyfile(evidence_file(config.evidence_dir, target, page.name), file.parent / "evidence.json")
                    _write_console(context, page, run, file.parent)
                    frames.write(context, page, run, file.parent, out)
    return written


def _transcript(context: SiteContext, page: Page, run: RecordedRun) -> str:
    base = base_from_transcript(page.name)
    return templating.render(
        "transcript.html",
        context=context,
        words=context.words,
        page=page,
        peer=PEER_HOSTNAME,
        run=run,
        entries=[_entry(context, page, entry) for entry in run.data.get("snippets", ())],
        base=base,
        back=page_url(base, page.name),
        console=run.cast.exists(),
        stale=context.evidence.page_state(run.target, page) != "valid",
        title=html.unescape(page.title),
    )


def _entry(context: SiteContext, page: Page, entry: dict[str, Any]) -> dict[str, Any]:
    """What the transcript shows of one snippet. Its code is shown only if the page still has the code that ran."""
    snippet = next((snippet for snippet in page.snippets if snippet.id == entry["id"]), None)
    return {
        **_ABSENT,
        **entry,
        "code": snippet.code if snippet is not None and snippet.sha256 == entry.get("sha256") else None,
        "output": (entry.get("output") or "").replace("\r\n", "\n"),
        "reason": snippet.skip if snippet else entry.get("skip"),
        "boot": _boot(entry),
    }


def _write_console(context: SiteContext, page: Page, run: RecordedRun, folder: Path) -> None:
    """Write the recording of the console, and a page with the text of the recording; nothing where there is none."""
    text = run.console()
    if text is None:
        return
    shutil.copyfile(run.cast, folder / "console.cast.gz")
    title = context.words["proof_title"].format(title=page.title, target=context.label(run.target))
    base = base_from_transcript(page.name)
    content = templating.render(
        "console.html", context=context, words=context.words, title=title, text=text.replace("\r\n", "\n"), base=base
    )
    (folder / "console.html").write_text(content, encoding="utf-8")


def _boot(entry: dict[str, Any]) -> dict[str, Any] | None:
    """The boot ids before and after the snippet, and whether the machine booted in between; None if one is not recorded."""
    before, after = entry.get("boot_id_before"), entry.get("boot_id_after")
    if not before or not after:
        return None
    return {"before": before, "after": after, "crossed": before != after}
