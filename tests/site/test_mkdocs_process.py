"""The processes that run MkDocs: they stay between builds, and none outlives the process that made it."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
from guides import ROOT, one_language, two_languages

from checks.model import GuideError
from checks.pages.reader import read_guide
from checks.site import build as building
from checks.site.mkdocs_process import MkDocsProcesses
from checks.site.rendering import page_clock
from checks.site.rendering.page_clock import PageClock, Shared

# MkDocs calls on_config of the file hook.py beside mkdocs.yml, which names it, in the process of each language.
HOOK = "import os, time\nfrom pathlib import Path\n\ndef on_config(config):\n    folder = Path(__file__).parent\n    {}\n"
WRITE_PID = "(folder / f'pid-{os.getpid()}').touch()"


@pytest.fixture
def config(tmp_path):
    """A guide of one page in one language, with the site's theme."""
    shutil.copytree(ROOT / "theme", tmp_path / "theme")
    config = one_language(tmp_path, {"index": "# Title\n"})
    (tmp_path / "hook.py").touch()
    config.file.write_text(config.file.read_text() + "\nhooks: [hook.py]\n")
    return config


def pids(folder: Path) -> set[int]:
    return {int(file.name.removeprefix("pid-")) for file in folder.glob("pid-*")}


def lives(pid: int) -> bool:
    """Whether the process runs: one that has ended and that nobody has waited for is a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_until(condition, what: str, limit_s: float = 60) -> None:
    start = time.monotonic()
    while not condition():
        assert time.monotonic() - start < limit_s, what
        time.sleep(0.05)


def test_a_process_stays_for_the_next_build_until_it_is_stopped(config, tmp_path):
    (tmp_path / "hook.py").write_text(HOOK.format(WRITE_PID))
    guide = read_guide(config)
    with MkDocsProcesses(config) as processes:
        for name, expected in (("first", 1), ("second", 1), ("third", 2)):
            if name == "third":
                processes.stop()
            building.make(config, guide, processes, tmp_path / name, building.LOCAL_URL, strict=True)
            assert len(pids(tmp_path)) == expected
    assert not any(map(lives, pids(tmp_path)))


def test_what_plugins_print_does_not_reach_standard_output(config, tmp_path, capfd, monkeypatch):
    monkeypatch.setattr(building, "MkDocsProcesses", MkDocsProcesses)  # a process of this test, with the test's standard error
    (tmp_path / "hook.py").write_text(HOOK.format("print('loud'); os.system('echo louder')"))
    building.build(config, tmp_path / "out")
    printed = capfd.readouterr()
    assert printed.out == ""
    assert "loud" in printed.err and "louder" in printed.err


def test_a_process_that_dies_is_one_error_and_the_next_build_has_a_new_process(config, tmp_path):
    (tmp_path / "hook.py").write_text(HOOK.format("os._exit(7) if not (folder / 'mended').exists() else None"))
    guide = read_guide(config)
    with MkDocsProcesses(config) as processes:
        with pytest.raises(GuideError, match=r"^mkdocs\.yml: the process that builds en died before the end"):
            building.make(config, guide, processes, tmp_path / "first", building.LOCAL_URL, strict=True)
        (tmp_path / "mended").touch()
        building.make(config, guide, processes, tmp_path / "second", building.LOCAL_URL, strict=True)


LATE = "MkDocs has not rendered this page within 4 s. Undo what was changed last"
# For the page late.md: a regular expression that never ends, which holds Python's lock; what happens only once all pages are HTML;
# and a process that dies. (the hook and the line of it, the message)
NEVER_ENDS = {
    "a regular expression": ("on_page_markdown(text, page, **_)", "re.match('(a*)*b', 'a' * 60)", LATE),
    "a template": ("on_page_context(context, page, **_)", "time.sleep(600)", LATE),
    "a process that dies": ("on_page_markdown(text, page, **_)", "os._exit(9)", "the process that builds en died while it rendered"),
}


@pytest.mark.parametrize("case", NEVER_ENDS)
def test_a_page_that_is_never_rendered_ends_the_process_and_is_named(config, tmp_path, case, capfd):
    header, line, words = NEVER_ENDS[case]
    (tmp_path / "docs" / "late.md").write_text("# Late\n")
    (tmp_path / "hook.py").write_text(f"import os, re, time\n\ndef {header}:\n    if 'late' in page.file.src_uri:\n        {line}\n")
    guide = read_guide(config)
    with MkDocsProcesses(config, page_within_s=4) as processes, pytest.raises(GuideError) as told:
        building.make(config, guide, processes, tmp_path / "out", building.LOCAL_URL, strict=True)
    assert str(told.value).startswith(f"docs/late.md: {words}")
    assert "Traceback" not in capfd.readouterr().err


def test_the_time_of_a_page_begins_with_it_and_stops_between_pages(tmp_path, monkeypatch):
    """Twice for each page: for its Markdown, and for its template. What MkDocs does between and after them has no time."""
    calls = []
    monkeypatch.setattr(page_clock.faulthandler, "dump_traceback_later", lambda limit_s, **more: calls.append((limit_s, more["exit"])))
    monkeypatch.setattr(page_clock.faulthandler, "cancel_dump_traceback_later", lambda: calls.append("stop"))
    noted = ctypes.create_string_buffer(100)
    shared = Shared(noted, ctypes.c_bool(False))
    clock = PageClock(shared, 7)
    page = SimpleNamespace(file=SimpleNamespace(abs_src_path=str(tmp_path / "docs" / "x.md")))
    settings = SimpleNamespace(config_file_path=str(tmp_path / "mkdocs.yml"))
    for begin, end in ((clock.on_pre_page, clock.on_page_content), (partial(clock.on_page_context, {}), clock.on_post_page)):
        begin(page=page, config=settings)
        assert noted.value.endswith(b" docs/x.md")
        end("<p>", page=page)
        assert noted.value == b""
    assert calls == [(7, True), "stop"] * 2
    shared.superseded.value = True
    with pytest.raises(SystemExit):
        clock.on_pre_page(page=page, config=settings)
    assert len(calls) == 4 and noted.value == b""


def test_a_process_that_was_killed_between_two_builds_is_replaced(config, tmp_path):
    (tmp_path / "hook.py").write_text(HOOK.format(WRITE_PID))
    guide = read_guide(config)
    with MkDocsProcesses(config) as processes:
        building.make(config, guide, processes, tmp_path / "first", building.LOCAL_URL, strict=True)
        (killed,) = pids(tmp_path)
        os.kill(killed, signal.SIGKILL)
        wait_until(lambda: not lives(killed), "the process lives on")
        time.sleep(0.5)  # the executor has to notice it
        building.make(config, guide, processes, tmp_path / "second", building.LOCAL_URL, strict=True)
    assert len(pids(tmp_path)) == 2


@pytest.mark.parametrize("number, status", [(signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)])
def test_no_process_outlives_a_build_that_is_interrupted_or_killed(number, status, tmp_path):
    pages = {"index": "# Title\n"}
    config = two_languages(tmp_path, {"en": pages, "zh": pages})
    for file in config.languages.values():
        file.write_text(file.read_text() + "\nhooks: [hook.py]\n")
    (tmp_path / "hook.py").write_text(HOOK.format(f"{WRITE_PID}; time.sleep(600)"))
    command = [sys.executable, "-m", "checks", "--config", str(config.file), "build", "--out", str(tmp_path / "out")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    parent = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        wait_until(lambda: len(pids(tmp_path)) == 2, "no build has begun")
        # A terminal sends Ctrl-C to every process of the group.
        os.killpg(parent.pid, number) if number == signal.SIGINT else os.kill(parent.pid, number)
        _, error = parent.communicate(timeout=300)
        wait_until(lambda: not any(map(lives, pids(tmp_path))), "a process lives on")
    finally:
        for pid in {parent.pid, *pids(tmp_path)}:
            if lives(pid):
                os.kill(pid, signal.SIGKILL)
    assert parent.returncode == status
    assert "Traceback" not in error
    if number == signal.SIGINT:
        assert error.splitlines()[-1] == "interrupted"
