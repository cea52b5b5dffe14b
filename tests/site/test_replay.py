"""Recordings of crashes: nothing but text, short pauses, chapters where the evidence has them, and the figures that show them."""

from __future__ import annotations

import gzip
import html
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from guides import ROOT, evidence, one_language
from lxml import etree
from recorded import changed, entry

from checks.evidence.validity import RecordedRun
from checks.model import GuideError
from checks.pages.reader import read_guide
from checks.site import transcripts
from checks.site.context import context_of
from checks.site.replay import figures, frames
from checks.site.replay.recording import COLUMNS, LATE_S, MOST_CHARACTERS, PAUSE_S, ROWS, SCREEN_LINES, _readable, recordings

pytest_plugins = ["sites"]

PAGE = """---
machine: vm
---

# Crash {#crash}

```bash {#before}
echo before
```

```bash {#panic data-expect="crash"}
echo c | sudo tee /proc/sysrq-trigger
```
"""
REASON = "sysrq triggered crash"
STAGES = {"panicked": 1.5, "capturing": 20.0, "coming back": 60.0, "back": 100.0}
CONSOLE = [
    [0.0, "o", "[   30.000000] armed\r\nlab login: "],
    [50.0, "o", "[   80.000000] sysrq: Trigger a crash\r\n[   80.000001] Kernel panic - not syncing: sysrq triggered crash\r\n"],
    [68.4, "o", "[    1.000000] the second kernel\r\n"],
    [108.0, "o", "[    9.000000] saved\r\n[    9.100000] reboot: Restarting system\r\n"],
    [148.0, "o", "lab login: "],
]
MARKUP = "<script>alert(1)</script></pre>`[[[ proof() ]]]"


def compressed(console) -> bytes:
    """A recording of these events."""
    return gzip.compress("\n".join(map(json.dumps, [{"version": 2, "width": 120, "height": 40}, *console])).encode(), mtime=0)


def recording(folder: Path, console=CONSOLE, stages=STAGES, panic: str = REASON):
    """The recording of a crash; None where there is none."""
    cast = folder / "x.cast.gz"
    cast.write_bytes(compressed(console))
    crash = {"id": "panic", "panic": panic, "stages": stages, "seconds": 105.0, "ran_at": "2026-01-02T03:04:06Z", "dump": {"path": "x"}}
    return recordings(RecordedRun("debian-13", "x", {"snippets": [crash]}, cast)).get("panic")


def site(folder: Path, *targets: str, console=CONSOLE, panic: str = REASON):
    """A guide of the pages x and y, of which x has crashed on these targets: its configuration, and the context of the page x."""
    config = one_language(folder, {"x": PAGE, "y": "# Y {#y}\n"})
    guide = read_guide(config)
    for target in targets or ["debian-13"]:
        evidence(config, guide, target)
        path = config.evidence_dir / target / "x.json"
        path.with_suffix(".cast.gz").write_bytes(compressed(console))
        crash = {"stages": STAGES, "panic": panic, "seconds": 105.0}
        changed(path, lambda data, crash=crash: (data.update(seconds=200.0), entry(data, "panic").update(crash)))
    return config, replace(context_of(config, guide, "en"), page="x", base="../")


def printed(recording, until: float = 1e9) -> str:
    return "".join(text for at, text in recording.pieces if at <= until)


def of_the_guide():
    """The recording of each crash in the evidence of this guide, with its name and its stages."""
    for path in sorted((ROOT / "evidence").rglob("*.json")):
        data = json.loads(path.read_text())
        stages = {entry["id"]: entry.get("stages") for entry in data["snippets"]}
        found = recordings(RecordedRun(data["target"], data["page"], data, path.with_suffix(".cast.gz")))
        yield from ((f"{data['target']}/{data['page']}#{name}", stages[name], recording) for name, recording in found.items())


@pytest.mark.parametrize(
    "sequence",
    [
        "\x1b]0;title\x07", "\x1b]8;;https://example.org/\x1b\\link\x1b]8;;\x1b\\", "\x1b]52;c;aGk=\x07", "\x1bP1$r0m\x1b\\",
        "\x1b_apc\x1b\\", "\x1b[8;500;500t", "\x1b[2J\x1b[H", "\x1b[?1049h", "\x1b[31;40m", "\x1b[5;8m",
        "\x1bc", "\x1b#8", "\x1b(0", "\x9b2J", "\x9d0;t\x9c",
        "\x1b\x1b[0m[2J", "\x07", "\x0e", "\x00", "\u202e", "\u2066", "\ud800", "\U000e0041",
    ],
)  # fmt: skip
def test_nothing_but_text_is_played(sequence, tmp_path):
    """Also when two readings of the console have parted the sequence."""
    around = [[50.5, "o", f"a{sequence}b\r\n"], [50.6, "o", f"c{sequence[:-1]}"], [50.7, "o", f"{sequence[-1]}d\r\n"]]
    found = recording(tmp_path, console=[*CONSOLE[:2], *around, *CONSOLE[2:]])
    assert all(part == "" or part.isprintable() for part in re.split(r"[\r\n\t\b]", printed(found)))
    assert printed(found).isascii()
    head, *rows = map(json.loads, found.cast().split("\n"))
    assert head == {"version": 2, "width": COLUMNS, "height": ROWS}
    assert {kind for _, kind, _ in rows} == {"o"}
    assert "".join(text for *_, text in rows) == printed(found)


def test_only_what_the_console_printed_is_played(tmp_path):
    others = [[49.0, "i", "typed"], [49.0, "r", "500x500"], [49.0, "m", "marker"], [49.0, "x", "0"]]
    assert recording(tmp_path, console=[CONSOLE[0], *others, *CONSOLE[1:]]).cast() == recording(tmp_path).cast()


def test_pauses_are_cut_and_each_chapter_shows_its_moment(tmp_path):
    found = recording(tmp_path)
    times = [at for at, _ in found.pieces]
    assert times == sorted(times) and max(after - before for before, after in zip(times, times[1:], strict=False)) <= PAUSE_S
    assert found.seconds < 12
    at = {chapter.stage: chapter.at for chapter in found.chapters}
    assert {chapter.stage: chapter.seconds for chapter in found.chapters} == STAGES
    assert list(at) == list(STAGES) and list(at.values()) == sorted(at.values())
    assert printed(found, at["panicked"]).endswith("Kernel panic - not syncing: sysrq triggered crash\r\n")
    assert printed(found, at["capturing"]).endswith("the second kernel\r\n")
    assert printed(found, at["coming back"]).endswith("reboot: Restarting system\r\n")
    assert printed(found, at["back"]).endswith("Restarting system\r\nlab login: ")
    assert found.still == f"[   80.000000] sysrq: Trigger a crash\n[   80.000001] Kernel panic - not syncing: {REASON}"
    assert (found.date, found.dumped) == ("2026-01-02", True)


def test_a_panic_that_is_noticed_when_the_capture_kernel_speaks_has_the_time_of_its_text(tmp_path):
    """As after an oops: the stage is late, and the console has the words."""
    oops = [50.0, "o", "[   80.000000] BUG: x\r\n[   80.000001] Oops: 0002 [#1] SMP\r\n"]
    stages = {"panicked": 20.0, "capturing": 20.0, "coming back": 60.0, "back": 100.0}
    found = recording(tmp_path, console=[CONSOLE[0], oops, *CONSOLE[2:]], stages=stages, panic="Oops: 0002 [#1]")
    assert [(chapter.stage, chapter.seconds) for chapter in found.chapters] == [("panicked", 1.6), *list(stages.items())[1:]]
    assert found.still.endswith("Oops: 0002 [#1] SMP")


def test_a_panic_without_words_begins_where_the_kernels_clock_goes_back(tmp_path):
    stages = {"panicked": 20.0, "capturing": 20.0, "coming back": 60.0, "back": 100.0}
    found = recording(tmp_path, console=[CONSOLE[0], *CONSOLE[2:]], stages=stages, panic="not told on the console")
    assert [chapter.stage for chapter in found.chapters] == ["capturing", "coming back", "back"]
    assert found.still.endswith("the second kernel") and len(found.still.split("\n")) <= SCREEN_LINES


@pytest.mark.parametrize(
    ("console", "panic"),
    [
        ([], REASON),
        (CONSOLE, "another reason"),
        (CONSOLE[:-2], REASON),
        ([*CONSOLE[:2], [51.0, "o", "x" * MOST_CHARACTERS], *CONSOLE[2:]], REASON),
    ],
    ids=["an empty console", "no such panic", "cut off before the machine came back", "too long"],
)
def test_what_cannot_be_replayed_is_not(console, panic, tmp_path):
    assert recording(tmp_path, console=console, panic=panic) is None


def test_without_a_recording_there_is_no_figure_and_no_player(tmp_path):
    config, context = site(tmp_path, console=[])
    assert figures.of_snippet(context, "panic") == ""
    assert figures.of_snippet(context, "before") == ""
    transcripts.write(config, context.guide, tmp_path / "out")
    assert list((tmp_path / "out").rglob("replay*")) == []


@pytest.mark.parametrize("rows", ['[5, "o", "a"]\n[4, "o", "b"]', '["1", "o", "a"]', '[NaN, "o", "a"]', '[1, "o", 5]', '[1e9, "o", "a"]'])
def test_a_recording_without_times_or_texts_is_an_error_of_ours(rows, tmp_path):
    cast = tmp_path / "x.cast.gz"
    cast.write_bytes(gzip.compress(rows.encode()))
    with pytest.raises(GuideError, match=r"x\.cast\.gz: no recording of a console: .*; ./guide verify x renews it"):
        RecordedRun("debian-13", "x", {}, cast).printed()


def test_markup_on_the_console_is_text(tmp_path):
    reason = f"sysrq {MARKUP}"
    console = [*CONSOLE[:1], [50.0, "o", f"```bash\r\n[   80.000001] Kernel panic - not syncing: {reason}\r\n"], *CONSOLE[2:]]
    config, context = site(tmp_path, console=console, panic=reason)
    shown = figures.of_snippet(context, "panic")
    assert "\n" not in shown and "`" not in shown and "[[[" not in shown, "neither Markdown nor macros can read it"
    assert etree.HTML(shown).findtext(".//pre/samp") == f"```bash\n[   80.000001] Kernel panic - not syncing: {reason}"
    transcripts.write(config, context.guide, tmp_path / "out")
    frame = etree.HTML((tmp_path / "out/en/proof/debian-13/x/replay-panic.html").read_text())
    scripts = [(script.get("type"), script.get("src")) for script in frame.iter("script")]
    player = "../../../../replay/"
    assert scripts == [("application/json", None), (None, f"{player}asciinema-player.min.js"), (None, f"{player}frame.js")]
    assert reason in json.loads(frame.findtext(".//script"))["cast"]


def test_only_the_frames_allow_webassembly_and_they_load_only_the_player(whole):
    _, out = whole
    allowing = {path for path in out.rglob("*.html") if "wasm-unsafe-eval" in path.read_text()}
    assert allowing == set(out.rglob("replay-*.html")) != set()
    policy = "default-src 'none'; script-src 'wasm-unsafe-eval' 'self'; style-src 'self'; img-src 'self'"
    assert all(f'content="{policy}"' in path.read_text() for path in allowing)
    assert {path.name for path in (out / "replay").iterdir()} == {*frames.PLAYER_FILES, *frames.OWN_FILES}


def test_every_replay_takes_at_most_150_kb(whole):
    _, out = whole
    player = sum(len(gzip.compress(path.read_bytes())) for path in (out / "replay").iterdir())
    frame = max(len(gzip.compress(path.read_bytes())) for path in out.rglob("replay-*.html"))
    assert player + frame <= 150_000


def test_the_crashes_of_this_guide_are_replayed():
    """Each from before the panic, or before the first words after it, in less than a minute; nearly all to the login.

    Of a page that was taken up after the crash, from a saved machine, the recording can end before the login.
    """
    without_login = []
    found = list(of_the_guide())
    assert "debian-13/quick-start#panic" in {name for name, *_ in found}
    for name, stages, each in found:
        first = each.chapters[0]
        assert each.seconds < 60, name
        assert [chapter.at for chapter in each.chapters] == sorted(chapter.at for chapter in each.chapters), name
        after = printed(each).removeprefix(printed(each, first.at))
        without_login += [] if "login:" in after or "loaded kdump kernel" in after else [name]
        assert abs(first.seconds - stages["panicked"]) < LATE_S or stages["panicked"] == stages["capturing"], name
    assert len(without_login) <= len(found) / 20, without_login


def shown_to(shown: str, release: str) -> list[str]:
    """The captions of the figures that a reader of this release sees."""
    every = etree.HTML(shown).findall(".//figure")
    own = [figure for figure in every if release in (figure.get("data-target") or release).split()]
    return ["".join(figure.find("figcaption").itertext()) for figure in own]


def test_a_release_sees_its_own_recording_else_that_of_the_nearest_run(tmp_path):
    _, context = site(tmp_path, "debian-13", "ubuntu-24.04")
    context = replace(context, config=replace(context.config, oldest_first=("ubuntu-22.04", "ubuntu-24.04", "debian-13", "debian-14")))
    shown = figures.of_snippet(context, "panic")
    assert shown_to(shown, "debian-13") == ["What the console showed on Debian 13, 2026-01-02"]
    assert shown_to(shown, "ubuntu-24.04") == ["What the console showed on Ubuntu 24.04, 2026-01-02"]
    captions = re.findall(r"<figcaption>What the console showed on (.*?),", shown)
    assert captions == ["Debian 13", "Ubuntu 24.04"], "the newest release comes first: it is the one for readers who have chosen none"
    assert figures._nearest(context.config.oldest_first, "ubuntu-22.04", ["debian-13", "ubuntu-24.04"]) == "ubuntu-24.04"
    assert figures._nearest(context.config.oldest_first, "debian-14", ["debian-13", "ubuntu-24.04"]) == "debian-13"
    assert figures._nearest(context.config.oldest_first, "no-age", ["debian-13", "ubuntu-24.04"]) == "debian-13"


def test_a_recording_of_other_code_is_not_shown(tmp_path):
    config, _ = site(tmp_path)
    file = tmp_path / "docs" / "x.md"
    file.write_text(file.read_text().replace("echo before", "echo after"))
    context = replace(context_of(config, read_guide(config), "en"), page="x", base="../")
    assert figures.of_snippet(context, "panic") == ""
    assert figures.of_page(context, "x", "panic") == ""


def test_a_figure_on_another_page_links_to_the_snippet(tmp_path):
    _, context = site(tmp_path)
    shown = figures.of_page(replace(context, page="y"), "x", "panic")
    assert 'href="../x/#panic"' in shown and "Crash" in shown_to(shown, "debian-13")[0]
    assert 'data-frame="../proof/debian-13/x/replay-panic.html"' in shown
    assert html.escape("[   80.000001]", quote=False) in html.unescape(shown)


@pytest.mark.parametrize(("page", "snippet"), [("none", "panic"), ("x", "none"), ("x", "before")])
def test_a_replay_of_no_crash_is_refused(page, snippet, tmp_path):
    _, context = site(tmp_path)
    with pytest.raises(GuideError, match="expected a page and a snippet that crashes the machine"):
        figures.of_page(context, page, snippet)


def test_a_control_sequence_without_end_is_not_kept_for_ever():
    """Each piece would be looked through again with all that was kept of those before it."""
    pieces = [(0.0, "\x1b[" + "0" * 1000), *((float(number), "0") for number in range(1, 50)), (50.0, "m login:")]
    shown = "".join(text for _, text in _readable(pieces))
    assert shown.endswith("login:")
    begun = [(0.0, "a\x1b[3"), (1.0, "1mb")]
    assert "".join(text for _, text in _readable(begun)).replace("\x1b[31m", "") == "ab"
