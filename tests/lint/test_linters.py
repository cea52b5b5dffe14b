"""shellcheck's and ruff's findings stand at the page's own lines, and what pages need is no finding."""

from __future__ import annotations

import pytest
from guides import HEAD, one_language

from checks.lint import program, ruff, shellcheck, snippets
from checks.model import GuideError
from checks.pages.reader import read_guide


def findings(folder, text: str) -> list[str]:
    config = one_language(folder, {"x": HEAD + text})
    return [str(problem) for problem in snippets.check(read_guide(config), config)]


def test_shell_findings_have_the_line_of_the_page(tmp_path):
    assert findings(tmp_path, "```bash {#a}\ntrue\n```\n\n```bash {#b}\ntrue\ncat $HOME/x\n```\n") == [
        "docs/x.md:10: b: SC2086 (info): Double quote to prevent globbing and word splitting."
    ]


def test_findings_of_many_calls_stand_in_the_order_of_the_page(tmp_path, monkeypatch):
    monkeypatch.setattr(shellcheck, "MOST", 2)
    text = "".join(f"```bash {{#s{number}}}\ncat $x{number}\n```\n\n" for number in range(9))
    found = findings(tmp_path, text)
    assert [line.split(": ")[:2] for line in found] == [[f"docs/x.md:{5 + 4 * number}", f"s{number}"] for number in range(9)]


def test_the_settings_of_the_users_shell_decide_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("SHELLCHECK_OPTS", "--exclude=SC2086")
    assert len(findings(tmp_path, "```bash {#a}\ncat $HOME/x\n```\n")) == 1


def test_a_snippet_does_not_see_the_files_of_the_others(tmp_path):
    text = "```bash {#a}\n. ./1.sh\n. ./1\n```\n\n```bash {#b}\nwhile true; do break; done\n```\n"
    assert findings(tmp_path, text) == []


def test_a_syntax_error_in_shell(tmp_path):
    found = findings(tmp_path, "```bash {#a}\nif true; then\n```\n")
    assert any(" a: SC1073 (error)" in text for text in found)


def test_variables_and_functions_live_from_snippet_to_snippet(tmp_path):
    text = '```bash {#a}\nf() { true; }\nrelease=1\ncd /tmp\n```\n\n```bash {#b}\nf "$release"\n. ./x.sh\nsudo reboot\ntrue\n```\n'
    assert findings(tmp_path, text) == []


def test_python_findings_have_the_line_of_the_page(tmp_path):
    text = "```python {#a}\nimport os\n```\n\n```python {#b}\nx = 1\nprint(y)\n```\n"
    assert findings(tmp_path, text) == ["docs/x.md:5: a: F401 [*] `os` imported but unused", "docs/x.md:10: b: F821 Undefined name `y`"]


def test_python_is_formatted(tmp_path):
    assert findings(tmp_path, "```python {#a}\nx = 1\nprint( x )\n```\n") == [
        "docs/x.md:5: a: ruff format would write it otherwise:\n@@ -1,2 +1,2 @@\n x = 1\n-print( x )\n+print(x)"
    ]


def test_a_syntax_error_in_python_hides_no_other_finding(tmp_path):
    found = findings(tmp_path, "```python {#a}\ndef (\n```\n\n```python {#b}\nprint( 1 )\n```\n")
    assert found[0].startswith("docs/x.md:5: a: invalid-syntax")
    assert found[-1].startswith("docs/x.md:9: b: ruff format")


@pytest.mark.parametrize(
    "language, code, linter, about",
    [
        ("bash", "true", shellcheck, "shellcheck has not ended after 1 s on the snippet docs/x.md:4 (#a): undo what was changed last"),
        ("python", "x = 1", ruff, "ruff has not ended after 1 s on the snippets from docs/x.md:4 (#a) to docs/x.md:8 (#b): undo"),
    ],
)
def test_a_linter_that_does_not_end_is_a_message(tmp_path, monkeypatch, language, code, linter, about):
    text = f"```{language} {{#a}}\n{code}\n```\n\n```{language} {{#b}}\n{code} # b\n```\n"
    slow = tmp_path / "bin" / about.split()[0]
    slow.parent.mkdir()
    slow.write_text("#!/bin/sh\ncase $1 in --version) echo 1 ;; *) exec sleep 600 ;; esac\n")
    slow.chmod(0o755)
    for module in (linter, program):
        monkeypatch.setattr(module, "tool", lambda name: str(slow))
    monkeypatch.setattr(program, "WITHIN_S", 1)
    monkeypatch.setattr(linter, "portion", lambda count, at_a_time: 1 if linter is shellcheck else count)
    with pytest.raises(GuideError) as told:
        findings(tmp_path, text)
    assert str(told.value).startswith(about)


def test_a_page_without_snippets_needs_no_tool(tmp_path, monkeypatch):
    monkeypatch.setattr(program, "tool", lambda name: 1 / 0)
    assert findings(tmp_path, "# X\n") == []


def test_an_example_is_what_pytest_examples_would_make_of_it(tmp_path):
    from pytest_examples import find_examples

    config = one_language(tmp_path, {"x": HEAD + "\n```python {#a}\nx = 1\n```\n"})
    (ours,) = (ruff.example(snippet) for snippet in read_guide(config).pages["en", "x"].snippets)
    (theirs,) = find_examples(tmp_path / "docs/x.md")
    assert (ours.source, ours.start_line, ours.end_line) == (theirs.source, theirs.start_line, theirs.end_line)
