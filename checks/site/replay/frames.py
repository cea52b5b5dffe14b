"""The documents that play a recording, each for a frame of a page, and the player's files, which all languages share.

The player needs WebAssembly. Only these documents allow it; they load nothing but the player, and a page opens them in a
sandboxed frame, so that what a recording could make the player do stays in there.
"""

from __future__ import annotations

import shutil
from importlib.resources import files
from pathlib import Path

from checks.evidence.validity import RecordedRun
from checks.model import Page
from checks.site.context import SiteContext
from checks.site.replay.figures import chapters, recorded
from checks.site.templating import render
from checks.site.urls import PLAYER, base_from_transcript, replay_file

# asciinema-player 3.17.0, byte for byte as npm has it, from the wheel mkdocs-asciinema-player 1.2.0. The wheel's plugin for MkDocs is not
# used: it writes a script into each page, which the pages' policy forbids, and loads the player with the page.
PLAYER_FILES = ("asciinema-player.min.js", "asciinema-player.css")
OWN_FILES = ("frame.js", "frame.css")


def write(context: SiteContext, page: Page, run: RecordedRun, folder: Path, out: Path) -> None:
    """Write the documents of a run's crashes into the folder of its transcript, and the player into ``out``, where it is not there yet."""
    for snippet in page.snippets:
        recording = recorded(context, page, snippet, run.target).get(run.target)
        if recording is None:
            continue
        content = render(
            "replay_frame.html",
            context=context,
            words=context.words,
            title=context.words["replay_title"].format(id=snippet.id, release=context.short(run.target)),
            recording={"cast": recording.cast(), "seconds": round(recording.seconds, 2)},
            chapters=chapters(context, recording),
            player=f"{base_from_transcript(page.name)}../{PLAYER}/",
        )
        (folder / replay_file(snippet.id)).write_text(content, encoding="utf-8")
        _write_player(out / PLAYER)


def _write_player(folder: Path) -> None:
    if folder.exists():
        return
    folder.mkdir()
    assets = files("mkdocs_asciinema_player") / "assets"
    for name in PLAYER_FILES:
        (folder / name).write_bytes((assets / name).read_bytes())
    for name in OWN_FILES:
        shutil.copyfile(Path(__file__).with_name(name), folder / name)
