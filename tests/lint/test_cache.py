"""What passed a linter is not looked at again, and nothing else is spared."""

from __future__ import annotations

import pytest
from guides import HEAD, one_language

from checks.lint import program, ruff, shellcheck, snippets
from checks.lint.cache import PassedTexts
from checks.pages.reader import read_guide

SHELL = "```bash {#a}\ntrue\n```\n\n"
PYTHON = "```python {#b}\nprint(1)\n```\n\n"
WRONG = "```bash {#c}\ncat $HOME/x\n```\n\n```python {#d}\nimport os\n```\n"
FOUND = ["c: SC2086 (info): Double quote to prevent globbing and word splitting.", "d: F401 [*] `os` imported but unused"]


class Site:
    """A guide of one page, and which snippets its linters were asked about."""

    def __init__(self, folder, monkeypatch):
        self.config = one_language(folder, {"x": HEAD + SHELL + PYTHON + WRONG})
        self.passed = self.config.work_dir / "lint" / "passed"
        self.asked: list[str] = []
        for linter in (shellcheck, ruff):
            monkeypatch.setattr(linter, "findings", self._counted(linter.findings))

    def _counted(self, findings):
        def counted(snippets):
            self.asked += [snippet.id for snippet in snippets]
            return findings(snippets)

        return counted

    def lint(self) -> tuple[list[str], list[str]]:
        """What is found, without its place; and the ids that were asked about."""
        self.asked.clear()
        found = [problem.text for problem in snippets.check(read_guide(self.config), self.config)]
        return found, sorted(self.asked)


@pytest.fixture
def site(tmp_path, monkeypatch):
    return Site(tmp_path, monkeypatch)


def test_what_is_wrong_is_found_each_time_and_the_rest_is_looked_at_once(site):
    assert site.lint() == (FOUND, ["a", "b", "c", "d"])
    assert site.lint() == (FOUND, ["c", "d"])


def test_another_text_is_looked_at_and_an_earlier_one_is_still_known(site):
    site.lint()
    page = site.config.docs["en"] / "x.md"
    before = page.read_text()
    page.write_text("---\nmachine: container\n---\n\nNew words.\n\n" + before.removeprefix(HEAD).replace("\ntrue\n", "\ntrue # x\n"))
    assert site.lint() == (FOUND, ["a", "c", "d"])
    page.write_text(before)
    assert site.lint() == (FOUND, ["c", "d"])


def test_a_finding_has_the_line_that_the_snippet_has_now(site):
    site.lint()
    page = site.config.docs["en"] / "x.md"
    page.write_text(page.read_text().replace(HEAD, HEAD + "One line more.\n\n"))
    assert [problem.line for problem in snippets.check(read_guide(site.config), site.config)] == [15, 19]


@pytest.mark.parametrize("name, again", [("shellcheck", ["a", "c", "d"]), ("ruff", ["b", "c", "d"])])
def test_another_version_of_a_tool_looks_at_everything(site, monkeypatch, name, again):
    site.lint()
    version = program.version
    for linter in (shellcheck, ruff):
        monkeypatch.setattr(linter, "version", lambda asked: version(asked) + ("and a half" if asked == name else ""))
    assert site.lint() == (FOUND, again)


def test_another_option_looks_at_everything(site, monkeypatch):
    site.lint()
    monkeypatch.setattr(shellcheck, "OPTIONS", (*shellcheck.OPTIONS, "--enable=require-variable-braces"))
    found, asked = site.lint()
    assert asked == ["a", "c", "d"]
    assert any("SC2250" in text for text in found)
    check, layout = ruff.options()
    monkeypatch.setattr(ruff, "options", lambda: (check, (*layout, "--config=indent-width=2")))
    assert site.lint()[1] == ["b", "c", "d"]


@pytest.mark.parametrize("damage", [lambda data: data[:30], lambda data: b"\xff" + data, lambda data: b"", lambda data: b"\0" * len(data)])
def test_what_is_damaged_is_as_if_it_were_not_there(site, damage):
    site.lint()
    site.passed.write_bytes(damage(site.passed.read_bytes()))
    assert site.lint() == (FOUND, ["a", "b", "c", "d"])
    assert site.lint() == (FOUND, ["c", "d"])


def test_a_folder_that_cannot_be_written_costs_only_time(site):
    site.config.work_dir.write_text("a file where the folder should be")
    assert site.lint() == site.lint() == (FOUND, ["a", "b", "c", "d"])


def test_entries_of_old_texts_are_dropped_in_time(tmp_path, monkeypatch):
    monkeypatch.setattr("checks.lint.cache.OLD_KEPT", 3)
    file = tmp_path / "passed"
    for number in range(20):
        PassedTexts(file, tmp_path).save([f"{number}a", f"{number}b"])
    assert file.read_text().split() == ["19a", "19b", "18a", "18b", "17a"]
    assert [path.name for path in tmp_path.iterdir()] == ["passed"]
