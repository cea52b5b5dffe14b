"""What a page shows as output is what the run printed whose evidence holds. Nobody runs a page again because an output was edited."""

from __future__ import annotations

import pytest
from guides import this_config, this_evidence, this_guide
from recorded import PAGE, site_with_evidence

from checks.cli import main
from checks.evidence.shown import other_outputs
from checks.evidence.validity import RecordedEvidence
from checks.pages.reader import read_guide
from checks.pages.shapes import Shapes

SHOWN = "```text {.output}\nbefore\n```"
RENEW = "./guide verify index --target debian-13 --update"


@pytest.fixture
def problems(tmp_path):
    """A function that gives the problems of the page after ``SHOWN`` was edited, once the page has run."""
    config, _, _ = site_with_evidence(tmp_path)
    page = config.docs["en"] / "index.md"
    shapes = Shapes.load(config.shapes_file, config.relative(config.shapes_file))

    def edited(text: str, code: str = "echo before") -> list[str]:
        page.write_text(PAGE.replace(SHOWN, text).replace("echo before", code))
        guide = read_guide(config)
        return list(map(str, other_outputs(guide.primary[0], RecordedEvidence(config, guide), shapes)))

    return edited


@pytest.mark.parametrize(
    "text",
    [
        SHOWN,
        SHOWN.replace("before", "...\nbefore"),
        '```text {.output data-target="ubuntu-*"}\nsomething else\n```',  # no run on Ubuntu says otherwise
        '```text {.output data-target="debian-13"}\nbefore\n```\n\n```text {.output data-target="ubuntu-24.04"}\n```',
    ],
    ids=["as it was", "elided", "of another release", "to be filled by another release"],
)
def test_an_output_that_the_run_printed_or_that_is_of_no_run_is_right(problems, text):
    assert problems(text) == []


@pytest.mark.parametrize(
    "text", ["```text {.output}\nafter\n```", "```text {.output}\n```", '```text {.output data-target="debian-*"}\nbefore\nmore\n```']
)
def test_an_output_that_no_run_printed_is_told_with_its_line(problems, text):
    line = PAGE[: PAGE.index(SHOWN)].count("\n") + 1
    assert problems(text) == [f"docs/index.md:{line}: before: this output is not what the run on debian-13 printed: {RENEW}"]


def test_where_the_snippet_has_changed_the_run_says_nothing_of_its_output(problems):
    assert problems("```text {.output}\nafter\n```", code="echo after") == []


def test_a_site_with_such_an_output_is_not_built(tmp_path, capsys):
    config, _, _ = site_with_evidence(tmp_path)
    page = config.docs["en"] / "index.md"
    page.write_text(PAGE.replace(SHOWN, SHOWN.replace("before", "after")))
    assert main(["--config", str(config.file), "build"]) == 2
    assert "before: this output is not what the run on debian-13 printed" in capsys.readouterr().err
    assert not (config.root / "site").exists()


def test_the_outputs_of_this_guide_are_those_of_its_evidence():
    config, recorded = this_config(), this_evidence()
    shapes = Shapes.load(config.shapes_file, config.relative(config.shapes_file))
    assert [problem for page in this_guide().pages.values() for problem in other_outputs(page, recorded, shapes)] == []
