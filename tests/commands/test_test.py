"""``./guide test``: what it runs, what it leaves alone and says so, the second try, and the line at the end."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from guides import ROOT

from checks.commands import junit
from checks.commands.display import Display, Estimates
from checks.commands.verify import STATUS


def report(path, **cases):
    inner = "".join(f'<testcase classname="docs.en.deep.{name}.md" name="s1[x]">{case}</testcase>' for name, case in cases.items())
    path.write_text(f"<testsuites><testsuite>{inner}</testsuite></testsuites>")
    return path


def test_all_reports_are_counted_together(tmp_path):
    one = report(tmp_path / "one.xml", a="", b="<properties/>", c="<failure/>")
    two = report(tmp_path / "two.xml", d="<skipped/>", e="<error/>", f="")
    assert junit.summary_line([one, two]) == "3 passed, 2 failed, 1 skipped"


def test_nothing_skipped_is_not_said(tmp_path):
    assert junit.summary_line([report(tmp_path / "one.xml", a="")]) == "1 passed, 0 failed"


def test_a_second_try_takes_the_place_of_the_first(tmp_path):
    one = report(tmp_path / "one.xml", a="", b="<failure/>", c="<failure/>")
    two = report(tmp_path / "two.xml", b="", c="<failure/>")
    assert junit.summary_line([one, two]) == "2 passed, 1 failed"


def test_a_run_that_left_no_report_is_named(tmp_path):
    (tmp_path / "half.xml").write_text("<testsuites><testsuite>")
    line = junit.summary_line([report(tmp_path / "one.xml", a=""), tmp_path / "half.xml", tmp_path / "none.xml"])
    assert line == "1 passed, 0 failed; no report: half.xml; no report: none.xml"


def test_failed_tests_are_named_in_their_order(tmp_path):
    failed = junit.failed_tests(report(tmp_path / "one.xml", a="<failure/>", b="", c="<error/>"))
    assert failed == ["docs.en.deep.a.md s1[x]", "docs.en.deep.c.md s1[x]"]


TESTS = """
from pathlib import Path
import pytest

def test_it():
    pass

@pytest.mark.slow
def test_of_minutes():
    raise AssertionError("only --all runs this")

def test_late():
    seen = Path(__file__).with_name("seen")
    if not seen.exists():
        seen.touch()
        raise AssertionError("the first time")
"""


@pytest.mark.container
def test_changed_pages_run_valid_ones_do_not_and_what_failed_is_tried_once_more(make_guide, nothing_left):
    make_guide.snippets("one", "true", "echo x")
    make_guide.snippets("two", "echo y")
    assert make_guide.guide("verify").status == 0
    make_guide.snippets("two", "echo y", "false")
    make_guide.snippets("three", "echo z")
    (make_guide.folder / "tests").mkdir()
    (make_guide.folder / "tests" / "test_it.py").write_text(TESTS)
    before = make_guide.committed()
    ran = make_guide.guide("test")
    assert ran.status == 1, ran.out
    assert "running the tests, and on debian-13 docs/three.md, docs/two.md; the evidence of 1 of 3 pages holds" in ran.out
    assert "docs/one.md" not in ran.out
    assert "once more, alone: docs.two.md s2[debian-13], tests.test_it test_late" in ran.out
    assert "passed at the second try only: tests.test_it test_late" in ran.out
    assert "1 of 3 pages were not run again on debian-13: their evidence of 20" in ran.out
    assert ran.out.strip().splitlines()[-1] == "4 passed, 1 failed"
    assert make_guide.committed() == before, "nothing in the tree is changed"


@pytest.mark.container
def test_all_runs_every_page_and_test_and_renews_the_evidence(make_guide, nothing_left):
    make_guide.snippets("one", "date +%s%N")
    first = make_guide.guide("verify").evidence["one"]["snippets"][0]["output"]
    (make_guide.folder / "tests").mkdir()
    (make_guide.folder / "tests" / "test_it.py").write_text("import pytest\n\n@pytest.mark.slow\ndef test_of_minutes():\n    pass\n")
    ran = make_guide.guide("test", "--all")
    assert ran.status == 0, ran.out
    assert ran.out.strip().splitlines()[-2:] == ["all 1 pages were run on debian-13", "2 passed, 0 failed"]
    assert ran.evidence["one"]["snippets"][0]["output"] != first


@pytest.mark.slow  # --all alone measures coverage
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_coverage_is_measured_by_any_number_of_workers(jobs, make_guide):
    """The arguments that --all adds on this repository; a generated guide has no code of its own to measure."""
    (make_guide.folder / "tests").mkdir()
    for name in ("one", "two"):
        (make_guide.folder / "tests" / f"test_{name}.py").write_text("def test_it():\n    import checks.model\n")
    make_guide.page("prose", "Nothing runs here.\n")
    command = [sys.executable, "-m", "checks.pytest_plugin", "--rootdir", str(make_guide.folder), "-p", "checks.pytest_plugin.plugin"]
    command += ["-c", os.devnull, f"--guide-config={make_guide.folder / 'mkdocs.yml'}", f"--guide-jobs={jobs}", "--dist=loadfile", "tests"]
    command += ["--cov=checks", "--cov-branch", "--cov-report=term"]
    done = subprocess.run(command, cwd=make_guide.folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
    assert done.returncode == 0 and "2 passed" in done.stdout, done.stdout + done.stderr
    assert "checks/model.py" in done.stdout


@pytest.mark.container
def test_where_no_page_has_evidence_only_those_run_that_always_do(make_guide, nothing_left):
    config = make_guide.folder / "mkdocs.yml"
    config.write_text(config.read_text().rstrip() + "\n    always_run: [one]\n")
    make_guide.snippets("one", "true")
    make_guide.snippets("two", "true")
    ran = make_guide.guide("test")
    assert ran.status == 0, ran.out
    assert "on debian-13 docs/one.md; the evidence of 0 of 2 pages holds" in ran.out
    assert "1 pages have no valid evidence on debian-13 and were not run: ./guide verify runs them" in ran.out
    assert ran.out.strip().splitlines()[-1] == "1 passed, 0 failed"


def test_a_test_file_that_cannot_be_imported_fails_the_run_at_once(make_guide):
    make_guide.page("prose", "Nothing runs here.\n")
    (make_guide.folder / "tests").mkdir()
    (make_guide.folder / "tests" / "test_it.py").write_text("import nothing_of_this_name\n")
    ran = make_guide.guide("test")
    assert ran.status == 1
    assert "once more" not in ran.out
    assert ran.out.strip().splitlines()[-1] == "0 passed, 1 failed"


GOOD, BAD = "def test_it():\n    pass\n", "def test_it():\n    assert False\n"
# What is tried: the files of tests/, pytest's arguments, the exit status.
ENDS = {
    "a file that cannot be imported": ({"test_a": "import nothing_of_this_name\n"}, [], 1),
    "as many failures as may be, with workers": ({"test_a": BAD, "test_b": GOOD}, ["-n", "2", "-x"], 1),
    "Ctrl-C": ({"test_a": "def test_it():\n    raise KeyboardInterrupt\n"}, [], 130),
    "an argument that there is not": ({"test_a": GOOD}, ["--nothing-of-this-name"], 2),
}


@pytest.mark.parametrize("case", ENDS)
def test_only_what_was_interrupted_has_the_status_of_that(case, make_guide):
    """Pytest's exit status 2 is that of Ctrl-C, of a file that it cannot collect, and of -x with workers."""
    files, arguments, status = ENDS[case]
    (make_guide.folder / "tests").mkdir()
    for name, text in files.items():
        (make_guide.folder / "tests" / f"{name}.py").write_text(text)
    ran = make_guide.guide("test", "tests", *arguments)
    assert ran.status == status, ran.out


def test_a_run_that_takes_too_long_is_ended_and_says_what_to_change(tmp_path, capfd):
    display = Display(Estimates(tmp_path, ""), run_minutes=0.02)
    status = display.run([sys.executable, "-c", "import time; print('began', flush=True); time.sleep(600)"], tmp_path)
    printed = capfd.readouterr().out
    assert "the run has taken more than 0.02 minutes and is ended" in printed and "run_minutes` in mkdocs.yml" in printed
    assert STATUS.get(status, 2) == 2
