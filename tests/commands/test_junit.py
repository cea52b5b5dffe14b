"""The line that ends ./guide test, and what is tried a second time: from what each run has reported."""

from __future__ import annotations

from checks.commands import junit


def report(path, **cases):
    inner = "".join(f'<testcase classname="docs.en.deep.{name}.md" name="s1[x]">{case}</testcase>' for name, case in cases.items())
    path.write_text(f"<testsuites><testsuite>{inner}</testsuite></testsuites>")
    return path


def test_all_reports_are_counted_together(tmp_path):
    one = report(tmp_path / "one.xml", a="", b="<properties/>", c="<failure/>")
    two = report(tmp_path / "two.xml", a="<skipped/>", b="<error/>", c="")
    assert junit.line([(one, None), (two, None)]) == "3 passed, 2 failed, 1 skipped"


def test_nothing_skipped_is_not_said(tmp_path):
    assert junit.line([(report(tmp_path / "one.xml", a=""), None)]) == "1 passed, 0 failed"


def test_a_second_try_takes_the_place_of_the_first(tmp_path):
    one = report(tmp_path / "one.xml", a="", b="<failure/>", c="<failure/>")
    two = report(tmp_path / "two.xml", b="", c="<failure/>")
    assert junit.line([(one, two)]) == "2 passed, 1 failed"


def test_a_run_that_left_no_report_is_told(tmp_path):
    (tmp_path / "cut.xml").write_text("<testsuites><testsuite>")
    said = junit.line([(report(tmp_path / "one.xml", a=""), None), (tmp_path / "cut.xml", None), (tmp_path / "none.xml", None)])
    assert said == "1 passed, 0 failed; no report: cut.xml; no report: none.xml"


def test_a_page_fails_as_a_whole_and_a_test_by_itself(tmp_path):
    path = tmp_path / "one.xml"
    path.write_text(
        """<testsuite><testcase classname="docs.en.remote.ssh.md" name="a[debian-13]"><failure/></testcase>
        <testcase classname="docs.en.remote.ssh.md" name="b[debian-13]"><failure/></testcase>
        <testcase classname="docs.en.kexec.md" name="a[debian-13]"/>
        <testcase classname="tests.test_vm" name="test_it[1-x]"><error/></testcase>
        <testcase classname="tests.test_vm" name="test_it[a@b]@machines"><failure/></testcase></testsuite>"""
    )
    assert junit.failed(path) == ["docs/en/remote/ssh.md", "tests/test_vm.py::test_it[1-x]", "tests/test_vm.py::test_it[a@b]"]


TESTS = """
from pathlib import Path
import pytest

def test_it():
    pass

@pytest.mark.xdist_group("machines")
def test_late():
    seen = Path(__file__).with_name("seen")
    if not seen.exists():
        seen.touch()
        raise AssertionError("the first time")
"""


def test_the_tests_come_first_then_the_pages_side_by_side_what_failed_again_and_one_line_at_the_end(make_guide):
    make_guide.snippets("one", "true", "echo x")
    make_guide.snippets("two", "false")
    (make_guide.folder / "tests").mkdir()
    (make_guide.folder / "tests" / "test_it.py").write_text(TESTS)
    ran = make_guide.guide("test")
    assert ran.status == 1, ran.out
    assert ran.out.index("FAILED tests/test_it.py::test_late") < ran.out.index("FAILED docs/two.md")
    assert ran.out.count("created: 2/2 workers") == 2, "the tests and the pages; what is tried again is alone"
    assert "once more, alone: tests/test_it.py::test_late" in ran.out
    assert "once more, alone: docs/two.md" in ran.out
    *_, late, line = ran.out.strip().splitlines()
    assert late == "passed at the second try only: tests/test_it.py::test_late"
    assert line == "4 passed, 1 failed"
