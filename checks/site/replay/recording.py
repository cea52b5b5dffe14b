"""What the console printed around each crash of a run, as recordings for asciinema-player and as still pictures.

A console was read about twice a second. A recording keeps the order of what was printed and the pauses between two
readings, cut to ``PAUSE_S``. What one reading brought is shown line by line. Its text has nothing that a terminal would
obey but the ends of lines, tabs, carriage returns and backspaces.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from checks.evidence.validity import RecordedRun
from checks.terminal import flowing, plain

PAUSE_S = 2.0  # the longest pause of a recording
LINE_S = 0.03  # between two lines of one reading
READING_S = 1.5  # the longest time for all lines of one reading
COLUMNS, ROWS = 100, 24  # of the player's terminal; a progress bar of makedumpfile has 81 columns
SCREEN_LINES = 10  # of a still picture, and of what a recording shows of the time before
LINES_BEFORE = 4  # the most lines of a still picture above the panic
MOST_CHARACTERS = 80_000  # of one recording; those of a crash have about 9,000
LATE_S = 5.0  # The console ends at the prompt for a login, at most this long before the agent has logged in.
NEAR_S = 1.0  # a stage is noticed at most this long before or after its text is read

# What machines/console.py and sessions/restarts.py write into the evidence.
_IN_CAPTURE_KERNEL = "; in the capture kernel: "
_UPTIME = re.compile(r"\[ *(\d{1,9}\.\d{6})\] ")
LONGEST_SEQUENCE = 100  # characters of a control sequence that is looked for at the end of a piece
# The beginning of a control sequence, at the end of a piece: its rest is in the next one.
_UNFINISHED = re.compile(r"\x1b(?:\[[0-?]*[ -/]*)?\Z")
_LINES = re.compile(r"[^\r\n]*[\r\n]+|[^\r\n]+")

Piece = tuple[float, str]  # seconds since a recording's beginning, and what is printed then


@dataclass(frozen=True)
class Chapter:
    """A moment of a crash that the evidence knows."""

    stage: str  # the name that the evidence has for it: "panicked"
    seconds: float  # after the snippet's start
    at: float  # the same moment in the recording, in seconds from its beginning


@dataclass(frozen=True)
class Recording:
    """The console from the start of a snippet to its end."""

    pieces: tuple[Piece, ...]
    chapters: tuple[Chapter, ...]
    still: str  # the lines around the panic, at most SCREEN_LINES
    date: str  # of the crash, in UTC: "2026-11-29"
    dumped: bool  # whether the crash left a dump

    @property
    def seconds(self) -> float:
        """How long the recording is played."""
        return self.pieces[-1][0]

    def cast(self) -> str:
        """The recording in asciicast 2."""
        head = {"version": 2, "width": COLUMNS, "height": ROWS}
        return "\n".join(json.dumps(line) for line in (head, *([round(at, 2), "o", text] for at, text in self.pieces)))


_OOPS = re.compile(r"\[#\d+\]$")  # the end of the reason where an oops and no panic was printed


def recordings(run: RecordedRun) -> dict[str, Recording]:
    """The recordings of a run, by the ids of the snippets at which the page's own machine panicked.

    A snippet is left out whose panic is not found on the console. Raises GuideError for a damaged recording.
    """
    entries = [entry for entry in run.data["snippets"] if entry.get("panic") and "back" in entry.get("stages", {}) and not entry.get("on")]
    if not entries or not (pieces := list(_readable(run.printed()))):
        return {}
    found: dict[str, Recording] = {}
    since = 0.0
    for entry in entries:
        moment = _find(entry, pieces, since)
        if moment is not None and (recording := _cut(entry, pieces, *moment)) is not None:
            found[entry["id"]] = recording
            since = moment[1] + entry["stages"]["back"] - LATE_S
    return found


def _readable(printed: Sequence[Piece]) -> Iterator[Piece]:
    """The pieces with text only. A control sequence of which one piece has the beginning belongs to the next piece."""
    kept = ""
    for seconds, text in printed:
        text = kept + text
        kept = cut[0] if (cut := _UNFINISHED.search(text, max(0, len(text) - LONGEST_SEQUENCE))) else ""
        if shown := flowing(text.removesuffix(kept)):
            yield seconds, shown


def _find(entry: dict[str, Any], pieces: list[Piece], since: float) -> tuple[float | None, float] | None:
    """When the reason of the panic was printed, and when the snippet began; in seconds of the console's whole recording.

    The reason is None where it is not on the console; the result is None where nothing there tells of this panic.
    """
    stages = entry["stages"]
    reason = entry["panic"].partition(_IN_CAPTURE_KERNEL)[0]
    told = next((seconds for seconds, text in pieces if seconds >= since and reason and reason in text), None)
    if stages.get("panicked") != stages.get("capturing") or (told is not None and not _OOPS.search(reason)):
        return None if told is None else (told, told - stages["panicked"])
    # The runner noticed the panic only when the capture kernel spoke: its clock begins anew.
    capturing = _second_kernel(pieces, since if told is None else told)
    return None if capturing is None else (told, capturing - stages["capturing"])


def _second_kernel(pieces: list[Piece], since: float) -> float | None:
    """When, after ``since``, the time at the beginning of the kernel's messages went back."""
    last = 0.0
    for seconds, text in pieces:
        for match in _UPTIME.finditer(text):
            uptime = float(match[1])
            if uptime < last - 0.5 and seconds >= since:
                return seconds
            last = uptime
    return None


def _cut(entry: dict[str, Any], pieces: list[Piece], told: float | None, began: float) -> Recording | None:
    """The part of the recording between a snippet's start and end; None for one that does not reach so far, or is too long."""
    ended = began + entry["seconds"]
    before = "".join(text for seconds, text in pieces if seconds < began - NEAR_S)
    part = [(seconds, text) for seconds, text in pieces if began - NEAR_S <= seconds <= ended + NEAR_S]
    if not part or part[-1][0] < began + entry["stages"]["back"] - LATE_S or sum(len(text) for _, text in part) > MOST_CHARACTERS:
        return None
    screen = "\n".join(plain(before.encode()).split("\n")[-SCREEN_LINES:]).replace("\n", "\r\n")
    played, shown_by = [(0.0, screen)] if screen else [], [(began, 0.0)]
    clock, last = 0.0, began
    for seconds, text in part:
        lines = _LINES.findall(text)
        clock += min(max(seconds - last, 0.0), PAUSE_S)
        step = min(LINE_S, READING_S / len(lines))
        played += [(clock + number * step, line) for number, line in enumerate(lines)]
        clock, last = played[-1][0], seconds
        shown_by.append((seconds, clock))
    reason = entry["panic"].partition(_IN_CAPTURE_KERNEL)[0]
    text_at = None if told is None else next((at for at, line in played[bool(screen) :] if reason in line), None)
    chapters = _chapters(entry["stages"], began, shown_by, None if told is None or text_at is None else (told, text_at))
    still = _still(part, reason, told, chapters[0], shown_by)
    return Recording(tuple(played), tuple(chapters), still, entry["ran_at"][:10], bool(entry.get("dump")))


def _chapters(
    stages: dict[str, float], began: float, shown_by: list[tuple[float, float]], told: tuple[float, float] | None
) -> list[Chapter]:
    """The stages in the order of time. ``told`` is when the panic was printed, on the console and in the recording."""
    chapters = []
    for stage, seconds in stages.items():
        if stage == "panicked" and told is not None:
            # The console knows it better than the stage, which is late where the capture kernel had to speak first.
            chapters.append(Chapter(stage, round(max(told[0] - began, 0.0), 1), told[1]))
        elif stage != "panicked" or stages.get("capturing") != seconds:
            when, at = next(moment for moment in reversed(shown_by) if moment[0] <= began + seconds + NEAR_S)
            pause = min(max(began + seconds - when, 0.0), PAUSE_S)
            chapters.append(Chapter(stage, seconds, min(at + pause, shown_by[-1][1])))
    return chapters


def _still(part: list[Piece], reason: str, told: float | None, first: Chapter, shown_by: list[tuple[float, float]]) -> str:
    """The lines around the reason of the panic; without a reason the last lines before the end of the first chapter's text."""
    if told is None:
        until = next(when for when, at in reversed(shown_by) if at <= first.at)
        return "\n".join(plain("".join(text for seconds, text in part if seconds <= until).encode()).split("\n")[-SCREEN_LINES:])
    lines = plain("".join(text for seconds, text in part if told <= seconds <= told + NEAR_S).encode()).split("\n")
    at = next((number for number, line in enumerate(lines) if reason in line), 0)
    start = max(0, at - LINES_BEFORE)
    return "\n".join(lines[start : start + SCREEN_LINES]).strip("\n")
