"""Outputs for some targets only: which one counts where, and which one --update renews."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from guides import two_languages

from checks.model import Outcome, Output, Snippet
from checks.pages.reader import read_guide
from checks.pages.shapes import Shapes
from checks.pytest_plugin import summary
from checks.running.failures import judge
from checks.running.update import update

NONE = Shapes()


def snippet(*outputs: tuple[str, str]) -> Snippet:
    """With an output for each (data-target, text), on lines 10, 20, …"""
    made = tuple(Output(text, 10 * n, 10 * n + 2, tuple(globs.split())) for n, (globs, text) in enumerate(outputs, 1))
    return Snippet("page", "say", "bash", "echo", Path("docs/en/page.md"), 5, 7, outputs=made)


@pytest.mark.parametrize(
    ("outputs", "chosen"),
    [
        ([], {"debian-13": None}),
        ([("*", "1")], {"debian-13": "1", "ubuntu-24.04": "1"}),
        ([("debian-*", "1")], {"debian-13": "1", "ubuntu-24.04": None}),
        ([("debian-*", "1"), ("*", "2")], {"debian-13": "1", "ubuntu-24.04": "2"}),
        ([("ubuntu-22.04", "1"), ("ubuntu-* debian-13", "2")], {"debian-13": "2", "ubuntu-22.04": "1", "ubuntu-24.04": "2"}),
    ],
)
def test_the_first_output_that_is_for_the_target_counts(outputs, chosen):
    made = snippet(*outputs)
    assert {target: (output := made.output_for(target)) and output.text for target in chosen} == chosen


def test_a_run_is_compared_with_the_output_of_its_target_and_the_report_names_its_line():
    made = snippet(("debian-*", "deb"), ("ubuntu-24.04", "ubu"))
    outcome = Outcome("say", "0", output=b"ubu\n", exit_status=0)
    assert judge(made, outcome, NONE, "ubuntu-24.04") is None
    assert judge(made, outcome, NONE, "debian-13").startswith("docs/en/page.md:10: #say: it printed something else")
    outcome.output = b"deb\n"
    assert judge(made, outcome, NONE, "ubuntu-24.04").startswith("docs/en/page.md:20: #say: it printed something else")
    assert judge(made, outcome, NONE, "ubuntu-22.04") is None


@pytest.mark.parametrize(
    ("outputs", "told"),
    [([], False), ([("*", "1")], False), ([("debian-*", "1")], True), ([("debian-*", "1"), ("ubuntu-*", "2")], False)],
)
def test_what_had_nothing_to_be_compared_with_is_noted(outputs, told):
    assert bool(summary.properties(snippet(*outputs), "ubuntu-24.04")) is told
    assert summary.properties(snippet(*outputs), "debian-13") == []


PAGE = """\
---
machine: container
---

# {title} {{#title}}

```bash {{#say}}
echo new
```

```text {{.output data-target="debian-*"}}
old
```

```text {{.output}}
...
old
```

```bash {{#only}}
echo new
```

```text {{.output data-target="debian-13"}}
old
```
"""


@pytest.fixture
def config(tmp_path):
    return two_languages(tmp_path, {language: {"page": PAGE.format(title=title)} for language, title in (("en", "T"), ("zh", "题"))})


def shown(config, language: str) -> list[str]:
    return re.findall(r"```text.*\n(?s:(.*?)\n)?```", config.docs[language].joinpath("page.md").read_text())


@pytest.mark.parametrize(
    ("target", "after"),
    [("debian-13", ["new", "...\nold", "new"]), ("ubuntu-24.04", ["old", "new", "old"])],
)
def test_update_renews_the_output_that_counts_in_every_language_and_adds_none(target, after, config):
    printed = {("page", each.id, each.sha256): "new" for page in read_guide(config).primary for each in page.snippets}
    changed = update(config, printed, NONE, target)
    assert sorted(map(str, changed)) == ["docs/en/page.md", "docs/zh/page.md"]
    assert shown(config, "en") == shown(config, "zh") == after


def test_update_fills_an_empty_output(config):
    for folder in config.docs.values():
        file = folder / "page.md"
        file.write_text(file.read_text() + '\n```text {.output data-target="ubuntu-*"}\n```\n')
    printed = {("page", each.id, each.sha256): "two\nlines" for page in read_guide(config).primary for each in page.snippets}
    update(config, printed, NONE, "ubuntu-24.04")
    assert shown(config, "en")[3] == shown(config, "zh")[3] == "two\nlines"
