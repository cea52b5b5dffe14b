"""The line that ends ./guide test: over several runs, from what each has reported."""

from __future__ import annotations

from checks import tally


def report(path, *cases):
    inner = "".join(f"<testcase>{case}</testcase>" for case in cases)
    path.write_text(f"<testsuites><testsuite>{inner}</testsuite></testsuites>")
    return path


def test_all_reports_are_counted_together(tmp_path):
    one = report(tmp_path / "one.xml", "", "<properties/>", "<failure/>")
    two = report(tmp_path / "two.xml", "<skipped/>", "<error/>", "")
    assert tally.line([one, two]) == "3 passed, 2 failed, 1 skipped"


def test_nothing_skipped_is_not_said(tmp_path):
    assert tally.line([report(tmp_path / "one.xml", "")]) == "1 passed, 0 failed"


def test_a_run_that_left_no_report_is_told(tmp_path):
    (tmp_path / "cut.xml").write_text("<testsuites><testsuite>")
    said = tally.line([report(tmp_path / "one.xml", ""), tmp_path / "cut.xml", tmp_path / "none.xml"])
    assert said == "1 passed, 0 failed; no report: cut.xml; no report: none.xml"


def test_the_tests_come_first_then_the_pages_side_by_side_and_one_line_at_the_end(make_guide):
    make_guide.snippets("one", "true", "echo x")
    make_guide.snippets("two", "false")
    (make_guide.folder / "tests").mkdir()
    (make_guide.folder / "tests" / "test_it.py").write_text("def test_it():\n    pass\n")
    ran = make_guide.guide("test")
    assert ran.status == 1, ran.out
    assert ran.out.index("tests/test_it.py") < ran.out.index("2 workers")
    assert "3 passed, 1 failed" in ran.out.splitlines()
