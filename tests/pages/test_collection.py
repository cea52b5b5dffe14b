"""What is wrong with a page ends a session before anything is listed or run, however pytest is started."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from guides import ROOT

from checks import cli
from checks.commands import verify as verify_command

WRONG = "cat $HOME/x"


def collect(folder, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-c",
        os.devnull,
        "--rootdir",
        str(folder),
        "-p",
        "checks.pytest_plugin.plugin",
        "-p",
        "no:cacheprovider",
    ]
    return subprocess.run(
        [*command, "-q", *arguments, "docs"], cwd=folder, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )


def test_items_have_the_order_of_the_pages_and_the_group_of_their_machine(make_guide):
    make_guide.snippets("b", "true", after="c")
    make_guide.snippets("c", "echo 1", "echo 2")
    done = collect(make_guide.folder, "--collect-only", "--target=debian-13")
    listed = [line for line in done.stdout.splitlines() if "::" in line]
    assert [line.split("/")[-1] for line in listed] == ["c.md::s1[debian-13]", "c.md::s2[debian-13]", "b.md::s1[debian-13]"]


@pytest.mark.parametrize("way", [["--collect-only"], [], ["-n2"]], ids=repr)
def test_a_finding_of_a_linter_ends_the_session(make_guide, way):
    make_guide.snippets("p", "true", WRONG)
    for _ in range(2):  # the second time with what passed the first time
        done = collect(make_guide.folder, *way)
        assert done.returncode == pytest.ExitCode.USAGE_ERROR, done.stdout + done.stderr
        assert "docs/p.md:13: s2: SC2086 (info)" in done.stdout + done.stderr
        assert "::" not in done.stdout


def test_a_target_that_there_is_not_is_told_at_once(make_guide):
    make_guide.snippets("p", "true")
    done = collect(make_guide.folder, "--collect-only", "--target=nope")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "nope" in done.stderr


def test_all_pages_are_named_by_their_folder_and_some_by_their_files(make_guide, monkeypatch):
    """pytest makes the items of a whole folder for each of its files that is named: quadratic in time and memory."""
    for name in ("a", "b"):
        make_guide.snippets(name, "true")
    asked = []
    monkeypatch.setattr(verify_command, "run_pytest", lambda config, target, *arguments, **_: asked.append(arguments) or 0)
    for pages in ([], ["b"]):
        assert cli.main(["--config", str(make_guide.folder / "mkdocs.yml"), "verify", *pages]) == 0
    assert [[word for word in each if not word.startswith("-")] for each in asked] == [["docs"], ["docs/b.md"]]


def test_verify_of_pages_without_a_machine(make_guide):
    page = make_guide.folder / "docs" / "p.md"
    page.write_text("# P {#p}\n")
    ran = make_guide.guide("verify", "p")
    assert (ran.status, ran.out) == (0, "these pages have no snippets\n")
    page.write_text("# P {#p}\n\n```bash {#a}\ntrue\n```\n")
    ran = make_guide.guide("verify", "p")
    assert ran.status == 2
    assert ran.out.startswith("docs/p.md:1: this page has snippets, but its front matter names no machine")


def test_verify_of_a_wrong_page_runs_nothing(make_guide):
    make_guide.snippets("q", "true")
    make_guide.page("p", "```bash\ntrue\n```\n")
    ran = make_guide.guide("verify", "q", "--target", "debian-13")
    assert ran.status == 2
    assert ran.out.startswith("docs/p.md:8: this snippet has no id")
    assert "PASSED" not in ran.out


def test_pytest_works_by_itself():
    """As CONTRIBUTING has it: the program of the environment, which nobody tells where the checkout is."""
    program = Path(sys.executable).with_name("pytest")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    place = "docs/en/quick-start.md"
    command = [program, "--collect-only", "-q", "--target=debian-13", place]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{place}::install-kdump-tools[debian-13]" in done.stdout
