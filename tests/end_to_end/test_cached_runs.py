"""What a second run repeats and what it does not, in real containers."""

from __future__ import annotations

import concurrent.futures
import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from guides import ROOT

pytestmark = [pytest.mark.container, pytest.mark.usefixtures("nothing_left")]

UNIQUE = "date +%s%N"  # another output each time it is really run


def run(guide, *pages, status=0, **options):
    ran = guide.guide("verify", *pages, reuse=True, **options)
    assert ran.status == status, ran.out
    return ran


def printed(ran, page):
    return [entry["output"] for entry in ran.evidence[page]["snippets"]]


@pytest.fixture
def tree(make_guide, tmp_path):
    """root -> one, two; and a page beside them. Of this test alone, since states are found by what is in the snippets."""
    make_guide.snippets("root", f"echo {tmp_path}", f"{UNIQUE} | tee ~/root")
    make_guide.snippets("one", "cat ~/root", UNIQUE, "touch ~/one", after="root")
    make_guide.snippets("two", "ls", UNIQUE, after="root")
    make_guide.snippets("beside", f"echo {tmp_path}", UNIQUE)
    return make_guide


def test_what_has_not_changed_is_not_run_again_and_keeps_its_date(tree):
    first = run(tree)
    second = run(tree)
    assert "9 of 9 were not run again" in second.out
    assert "PASSED (run of 20" in second.out
    assert second.evidence == first.evidence
    fresh = run(tree, "--no-reuse")
    assert "not run again" not in fresh.out
    assert all(printed(fresh, page)[1] != printed(first, page)[1] for page in first.evidence)


def test_prose_and_outputs_are_not_in_the_key(tree):
    first = run(tree)
    path = tree.folder / "docs" / "one.md"
    text = path.read_text().replace("# one", "Some more prose.\n\n# one")
    path.write_text(text.replace("touch ~/one\n```\n", "touch ~/one\n```\n\n```text {.output}\nsomething\n```\n"))
    again = run(tree, status=1)
    assert "it printed something else than the page shows" in again.out
    assert re.search(r"\+ the run of 20\S+, which is not repeated: --no-reuse would", again.out)
    assert "8 of 8 were not run again" in again.out
    assert again.evidence == first.evidence


def test_a_changed_snippet_unsettles_its_page_and_those_after_it(tree):
    first = run(tree)
    path = tree.folder / "docs" / "one.md"
    path.write_text(path.read_text().replace("touch ~/one", "touch ~/other"))
    second = run(tree)
    assert "6 of 9 were not run again" in second.out
    assert printed(second, "one")[0] == printed(first, "one")[0], "the root's state was restored, not made again"
    assert printed(second, "one")[1] != printed(first, "one")[1]
    assert second.evidence["two"] == first.evidence["two"]
    path = tree.folder / "docs" / "root.md"
    path.write_text(path.read_text().replace("tee ~/root", "tee ~/root ~/more"))
    third = run(tree)
    assert "2 of 9 were not run again" in third.out, "the page beside them"
    assert "more" in printed(third, "two")[0]


@pytest.mark.slow
def test_siblings_do_not_meet_and_a_lost_state_is_made_again(tree, tmp_path):
    states = {"GUIDE_CACHE": str(tmp_path / "cache")}
    (tmp_path / "cache").mkdir()
    first = run(tree, **states)
    assert printed(first, "two")[0] == "root", "nothing of its sibling"
    # the containers' images go, as if somebody had pruned the engine's
    from checks.machines import engine as engines

    for program in engines.answering():
        engine = engines.Engine(program, ())
        folder = tmp_path / "cache" / "states"
        for image in {
            line for path in folder.glob("machines/*/state.json") for line in re.findall(r'"image": "([^"]+)"', path.read_text())
        }:
            engine.call("rmi", image, check=False)
    path = tree.folder / "docs" / "one.md"
    path.write_text(path.read_text().replace("touch ~/one", "touch ~/other"))
    second = run(tree, **states)
    assert "cannot be restored" in second.out
    assert "1 failed" not in second.out
    assert tree.guide("clean", "--states", **states).status == 0


@pytest.mark.slow
def test_two_runs_at_once_do_not_disturb_each_other(tree):
    with concurrent.futures.ThreadPoolExecutor(2) as threads:
        both = list(threads.map(lambda _: run(tree), range(2)))
    assert all("9 passed" in ran.out for ran in both)
    # whoever came second waited for the state of the first one, and took it
    assert printed(both[0], "one") == printed(both[1], "one")


@pytest.mark.slow
def test_pages_run_side_by_side(tree):
    ran = run(tree, "--no-reuse", "--jobs", "3")
    assert "created: 3/3 workers" in ran.out or "3 workers" in ran.out
    assert printed(ran, "one")[0] == printed(ran, "root")[1] == ran.evidence["root"]["snippets"][1]["output"]
    assert printed(ran, "two")[0] == "root"


@pytest.mark.slow
def test_a_page_that_fails_side_by_side_fails_once(make_guide, tmp_path):
    make_guide.snippets("root", f"echo {tmp_path}", "false")
    make_guide.snippets("one", "true", after="root")
    make_guide.snippets("two", "true", after="root")
    ran = run(make_guide, "--jobs", "2", status=1)
    assert ran.out.count("exit status 1, expected 0") >= 1
    assert "not run, since docs/root.md" in ran.out
    assert ran.evidence == {}


def test_a_setting_that_is_none_is_named(make_guide):
    ran = make_guide.guide("verify", "--jobs", "many")
    assert ran.status == 2
    assert "--jobs: expected a number from 1 to 9999, or auto" in ran.out
    config = make_guide.folder / "mkdocs.yml"
    config.write_text(config.read_text().rstrip() + "\n    states: {gib: none}\n")
    ran = make_guide.guide("list")
    assert ran.status == 2
    assert "extra.checks.states.gib: expected a number, found 'none'" in ran.out


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_guide_alone_ends_it_and_its_machine(make_guide, number):
    make_guide.snippets("page", "sleep 3000", attributes='data-timeout="3000"')
    command = [sys.executable, "-m", "checks", "--config", str(make_guide.folder / "mkdocs.yml"), "verify"]
    run = subprocess.Popen(
        command, cwd=make_guide.folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    while not (mine := _machines_below(run.pid)) and run.poll() is None:
        time.sleep(0.2)
    assert mine, "the machine started"
    run.send_signal(number)
    output, _ = run.communicate(timeout=300)
    assert run.returncode == 130, output
    assert b"Traceback" not in output
    assert not set(mine) & {name for engine in _engines() for name, _ in engine.ours()}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("after_s", [0.3, 0.8, 1.3])
def test_a_signal_while_guide_starts_ends_it_without_a_traceback(make_guide, number, after_s):
    """Whatever it is doing at that moment: loading itself, loading pytest, reading pages."""
    make_guide.snippets("page", "sleep 3000", attributes='data-timeout="3000"')
    command = [sys.executable, "-m", "checks", "--config", str(make_guide.folder / "mkdocs.yml"), "verify"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    run = subprocess.Popen(command, cwd=make_guide.folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    time.sleep(after_s)
    run.send_signal(number)
    output, _ = run.communicate(timeout=300)
    assert run.returncode in (130, -number), output
    assert b"Traceback" not in output


def _engines():
    from checks.machines import engine as engines

    return [engines.Engine(program, ()) for program in engines.answering()]


def _machines_below(pid: int) -> list[str]:
    """The containers whose runner is a descendant of this process."""
    below = {pid}
    for _ in range(3):
        for parent in list(below):
            with contextlib.suppress(OSError):
                below |= {int(word) for word in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()}
    return [
        name for engine in _engines() for name, owner in engine.ours() if name.startswith("guide-") and int(owner.split(":")[0]) in below
    ]
