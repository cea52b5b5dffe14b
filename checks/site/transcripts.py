"""The pages that show what a run printed: ``LANGUAGE/proof/TARGET/PAGE/index.html#ID``, without the theme."""

from __future__ import annotations

import html
import shutil
from pathlib import Path
from typing import Any

from checks.config import Config
from checks.evidence.validity import RecordedRun
from checks.model import PEER_HOSTNAME, Guide, Page
from checks.site import panels
from checks.site.context import SiteContext, of
from checks.site.urls import base_from_transcript, hreflang, page_url, transcript_folder

_ABSENT = {"skip": None, "exit_status": None, "seconds": None, "dump": None, "panic": None, "stages": None, "on": None}


def write(config: Config, guide: Guide, out: Path) -> list[Path]:
    """One file for each run of each page, in each language; ``out`` holds the languages' sites."""
    written = []
    for language in guide.languages:
        context = of(config, guide, language)
        for page in guide.of(language):
            for target in context.evidence.targets():
                run = context.evidence.of(target, page.name)
                if run is not None:
                    file = out / language / transcript_folder(target, page.name) / "index.html"
                    file.parent.mkdir(parents=True, exist_ok=True)
                    file.write_text(_page(context, page, run), encoding="utf-8")
                    written.append(file)
                    _console(context, page, run, file.parent)
    return written


def _page(context: SiteContext, page: Page, run: RecordedRun) -> str:
    root = base_from_transcript(page.name)
    snippets = {snippet.id: snippet for snippet in page.snippets}
    entries = []
    for entry in run.data.get("snippets", ()):
        snippet = snippets.get(entry["id"])
        same = snippet is not None and snippet.sha256 == entry.get("sha256")
        entries.append(
            {
                **_ABSENT,
                **entry,
                "code": snippet.code if same else None,
                "output": _visible(entry.get("output") or ""),
                "reason": snippet.skip if snippet else entry.get("skip"),
                "boot": _boot(entry, context),
            }
        )
    return panels.render(
        "transcript.html",
        context=context,
        words=context.words,
        page=page,
        peer=PEER_HOSTNAME,
        run=run,
        entries=entries,
        root=root,
        back=page_url(root, page.name),
        hreflang=hreflang(context.config.twins, context.language),
        console=run.cast.exists(),
        stale=context.evidence.page_state(run.target, page) != "valid",
        title=html.unescape(page.title),
    )


def _console(context: SiteContext, page: Page, run: RecordedRun, folder: Path) -> None:
    """The recording itself, and its text on a page of its own."""
    text = run.console()
    if text is not None:
        shutil.copyfile(run.cast, folder / "console.cast.gz")
        title = context.words["proof_title"].format(title=page.title, target=context.label(run.target))
        values = {
            "words": context.words,
            "title": title,
            "text": _visible(text),
            "hreflang": hreflang(context.config.twins, context.language),
            "root": base_from_transcript(page.name),
        }
        (folder / "console.html").write_text(panels.render("console.html", **values), encoding="utf-8")


def _visible(output: str) -> str:
    """Control characters as their pictures (␛), so that a browser shows what a terminal would have swallowed."""
    return "".join(chr(0x2400 + ord(c)) if ord(c) < 32 and c not in "\n\t" else c for c in output.replace("\r\n", "\n"))


def _boot(entry: dict[str, Any], context: SiteContext) -> dict[str, Any] | None:
    before, after = entry.get("boot_id_before"), entry.get("boot_id_after")
    if not before or not after:
        return None
    return {"before": before, "after": after, "crossed": before != after}
