"""./guide review takes pages and data from a branch and nothing else, and shows what the branch changes."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from branches import Branches, add, git, link, replace, submodule

from checks import config as configuration
from checks.commands import review
from checks.commands.changes import printable


@pytest.fixture
def branches(tmp_path):
    return Branches(tmp_path)


SHAPES = "decides which outputs agree with a page, so it counts as code"
# What a branch changes that is neither page, image nor data, and how the list names it.
OTHER: dict[str, tuple[Callable[[Path], object], str]] = {
    "a program of the machinery": (add("checks/cli.py"), "checks/cli.py"),
    "guide": (add("guide", mode=0o755), "guide: an executable file"),
    "the site's settings": (replace("mkdocs.yml", "extra:", "extra: # x"), "mkdocs.yml"),
    "another mkdocs.yml": (add("mkdocs.en.yml"), "mkdocs.en.yml"),
    "the theme": (add("theme/main.html"), "theme/main.html"),
    "tests": (add("tests/test_x.py"), "tests/test_x.py"),
    "a conftest.py beside the tests": (add("conftest.py"), "conftest.py"),
    "a conftest.py among the pages": (add("docs/conftest.py"), "docs/conftest.py"),
    "a Python file among the pages": (add("docs/test_x.py"), "docs/test_x.py"),
    "a script among the pages": (add("docs/x.js"), "docs/x.js"),
    "another Markdown suffix": (add("docs/x.markdown"), "docs/x.markdown"),
    "a page whose suffix is upper case": (add("docs/x.MD"), "docs/x.MD"),
    "a hidden page": (add("docs/.x.md"), "docs/.x.md"),
    "a page in a hidden folder": (add("docs/.x/y.md"), "docs/.x/y.md"),
    "an executable page": (lambda folder: (folder / "docs/one.md").chmod(0o755), "docs/one.md: an executable file"),
    "a link for a page": (link("docs/x.md", "/etc/hostname"), "docs/x.md: a symbolic link"),
    "a link for a folder": (link("docs/folder", "/etc"), "docs/folder: a symbolic link"),
    "a link for an image": (link("docs/x.png", "one.md"), "docs/x.png: a symbolic link"),
    "a submodule": (submodule, "docs/sub: a submodule"),
    "modules": (add(".gitmodules", '[submodule "x"]\n\tpath = docs/sub\n\turl = /tmp\n'), ".gitmodules"),
    "attributes": (add(".gitattributes", "* filter=x\n"), ".gitattributes"),
    "attributes among the pages": (add("docs/.gitattributes", "* filter=x\n"), "docs/.gitattributes"),
    "the lock file": (add("requirements.lock"), "requirements.lock"),
    "the list of dependencies": (add("requirements.in"), "requirements.in"),
    "evidence": (add("evidence/debian-13/one.json"), "evidence/debian-13/one.json"),
    "a workflow": (add(".github/workflows/x.yml"), ".github/workflows/x.yml"),
    "pytest's settings": (add("pyproject.toml"), "pyproject.toml"),
    "what may differ in an output": (add("data/shapes.yml"), f"data/shapes.yml: {SHAPES}"),
    "a file of no kind": (add("NOTES"), "NOTES"),
    "a name with a newline": (add("docs/x\ny.md"), "docs/x\\ny.md"),
    "a name that a terminal obeys": (add("docs/\x1b]0;x\x07.md"), "docs/\\x1b]0;x\\x07.md"),
    "a name that is no UTF-8": (lambda folder: (folder / "docs" / os.fsdecode(b"\xff.md")).write_text("x"), "docs/\\xff.md"),
    "a name with a backslash": (add("docs/x\\y.md"), "docs/x\\y.md"),
    "a removed program": (lambda folder: (folder / "targets.yml").rename(folder / "targets.py"), "targets.py"),
}  # fmt: skip


@pytest.mark.parametrize("name", OTHER)
def test_what_is_no_page_and_no_data_is_refused_with_a_list(branches, name, capsys):
    change, listed = OTHER[name]
    branches.branch(change)
    assert branches.review_here("--no-run") == 2
    printed = capsys.readouterr().err
    assert f"\n    {listed}\n" in printed
    assert "\x1b" not in printed
    assert "--ignore-other" in printed
    assert not list((branches.folder / ".guide" / "review").glob("*"))


# What a checkout of the branch would make ./guide or Python obey, and how it is refused, whatever else is asked for.
BELIEVED = {
    ".venv/bin/python": "./guide would take it for its own",
    ".venv/stamp": "./guide would take it for its own",
    ".venv": "./guide would take it for its own",
    ".VENV/stamp": "./guide would take it for its own",
    ".guide/lint/passed": "./guide would take it for its own",
    ".guide/failed/x.txt": "./guide would take it for its own",
    "checks/__pycache__/cli.cpython-311.pyc": "compiled code, which nobody can read",
    "docs/__pycache__/x": "compiled code, which nobody can read",
    "yaml.so": "compiled code, which nobody can read",
    "checks/x.cpython-311-x86_64-linux-gnu.so": "compiled code, which nobody can read",
    "sitecustomize.py": "every Python that ./guide starts would run it",
    "usercustomize/__init__.py": "every Python that ./guide starts would run it",
}


@pytest.mark.parametrize("path", BELIEVED)
def test_what_a_checkout_would_obey_is_refused_always(branches, path, capsys):
    branches.branch(lambda folder: (add(path)(folder), git(folder, "add", "-f", path)))
    assert branches.review_here("--no-run", "--ignore-other") == 2
    printed = capsys.readouterr()
    assert f"\n    {path}: {BELIEVED[path]}\n" in printed.err
    assert "checked out or merged" in printed.err and printed.out == ""


def test_what_a_checkout_would_obey_is_refused_where_the_branch_has_kept_it(branches, capsys):
    """It is in the commit that the branch comes from, so the branch does not change it, and main has removed it since."""
    add(".venv/stamp")(branches.folder)
    git(branches.folder, "add", "-f", ".venv")
    git(branches.folder, "commit", "-qm", "a mistake")
    branches.branch(replace("docs/one.md", "echo two", "echo 2"))
    git(branches.folder, "rm", "-qr", ".venv")
    git(branches.folder, "commit", "-qm", "mended")
    assert branches.review_here("--no-run") == 2
    assert "    .venv/stamp: " in capsys.readouterr().err


def test_a_long_list_of_what_a_checkout_would_obey_is_cut(branches, capsys):
    branches.branch(lambda folder: ([add(f".venv/{n}")(folder) for n in range(30)], git(folder, "add", "-f", ".venv")))
    assert branches.review_here("--no-run") == 2
    printed = capsys.readouterr().err
    assert "has 30 files" in printed and "\n    and 20 more\n" in printed and len(printed.splitlines()) < 16


def test_outputs_are_compared_by_the_shapes_of_this_checkout(branches):
    """A branch that makes a shape wider has its pages read, and compared, with the shapes of main."""
    add("data/shapes.yml", "count: {pattern: '[0-9]++', why: x}\n")(branches.folder)
    git(branches.folder, "add", "-A")
    git(branches.folder, "commit", "-qm", "shapes")

    def change(folder: Path) -> None:
        replace("data/shapes.yml", "[0-9]++", ".++")(folder)
        replace("docs/two.md", "text {.output}", 'text {.output data-varies="count"}')(folder)

    branches.branch(change)
    ran = branches.review("--no-run", "--ignore-other")
    assert ran.status == 2
    assert "data-varies: count finds nothing in this output" in ran.out


def test_the_rest_can_be_reviewed_without_it_and_nothing_of_it_is_taken(branches):
    hostile = "import pathlib\npathlib.Path('/tmp/must-not-exist-guide-review').touch()\n"

    def change(folder: Path) -> None:
        add("docs/conftest.py", hostile)(folder)
        add("conftest.py", hostile)(folder)
        link("docs/hosts.md", "/etc/hostname")(folder)
        replace("mkdocs.yml", "theme", "hooks: [conftest.py]\ntheme")(folder)
        replace("docs/one.md", "echo two", "echo 2")(folder)

    branches.branch(change)
    ran = branches.review("--no-run", "--ignore-other")
    assert ran.status == 0, ran.out
    assert "NOT looked at and not taken: 4 files" in ran.out
    assert "4 other changed files were NOT looked at" in ran.out.splitlines()[-1]
    assert "changed  docs/one.md:" in ran.out
    assert not Path("/tmp/must-not-exist-guide-review").exists()


def test_what_is_new_changed_and_gone_is_shown_with_its_place(branches):
    def change(folder: Path) -> None:
        branches.guide.snippets("one", "echo one", "echo 2")
        branches.guide.page("new", "```bash {#fresh}\nprintf '\\033'\n```\n")
        (folder / "docs" / "two.md").unlink()
        replace("docs/text.md", "Only", "But")(folder)
        add("docs/images/x.png")(folder)

    branches.branch(change)
    ran = branches.review("--no-run")
    assert ran.status == 0, ran.out
    lines = ran.out.splitlines()
    assert "new      docs/new.md:8: new#fresh (bash)" in lines
    assert "changed  docs/one.md:12: one#s2 (bash)" in lines
    assert lines[lines.index("    -echo two") + 1] == "    +echo 2"
    assert "gone     docs/two.md:9: two#say-two (bash)" in lines
    assert "other text only, not run (git diff shows it): docs/images/x.png, docs/text.md, docs/two.md" in lines
    assert "1 snippet new, 1 changed, 1 gone" in lines
    assert "lint: nothing found" in lines
    assert lines[-1].startswith("review of theirs (") and lines[-1].endswith("): passed")
    assert not list((branches.folder / ".guide" / "review").glob("*")), "a review that passed leaves nothing"


CONTROL = 'echo "\x1b]0;owned\x07"'


def test_what_a_terminal_would_obey_is_shown_escaped(branches):
    branches.branch(replace("docs/two.md", "```text {.output}\ntwo", "```text {.output}\n\x9b31mtwo \u202e"))
    ran = branches.review("--no-run")
    assert not set(ran.out) & {"\x1b", "\x07", "\x9b", "\u202e"}
    assert printable(CONTROL + "\u202e\t\n\ud800") == 'echo "\\x1b]0;owned\\x07"\\u202e\t\\n\\ud800'


def test_changed_attributes_and_outputs_are_changes(branches):
    def change(folder: Path) -> None:
        replace("docs/one.md", "{#s1}", '{#s1 data-timeout="5"}')(folder)
        replace("docs/two.md", "\ntwo\n```\n\n```text", "\ntwo\n```\n\n```text")(folder)
        replace("docs/two.md", "{.output}\ntwo", "{.output}\nthree")(folder)

    branches.branch(change)
    out = branches.review("--no-run").out
    assert "    +(timeout_s: 5.0)" in out
    assert "    +three" in out
    assert "0 snippets new, 2 changed, 0 gone" in out


@pytest.mark.parametrize(
    ("change", "pages"),
    [
        (replace("docs/one.md", "echo one", "echo 1"), "one, two"),  # two goes on from one
        (replace("docs/two.md", "bash {#say-two}\necho two", "bash {#say-two}\necho 'two'"), "two"),
        (replace("docs/two.md", "{.output}\ntwo", "{.output}\nthree"), "two"),
        (replace("docs/one.md", "title: one", "title: another"), None),
        (replace("docs/text.md", "Only", "But"), None),
        (replace("targets.yml", "label: Debian 13", "label: Debian Trixie"), "one, two"),
        (replace("targets.yml", "label: Ubuntu 24.04", "label: Noble"), None),
    ],
)
def test_the_pages_that_run_are_those_whose_evidence_the_branch_ends(branches, monkeypatch, change, pages):
    """The run itself is verify's, which other tests see at work."""
    ran = []
    monkeypatch.setattr(review, "verify", lambda config, options: ran.append(", ".join(options.pages)) or 0)
    branches.branch(change)
    options = argparse.Namespace(branch="theirs", target="debian-13", ignore_other=False, no_run=False, no_reuse=False)
    assert review.review(configuration.load(branches.folder / "mkdocs.yml"), options) == 0
    assert ran == ([pages] if pages else [])


def test_data_is_shown_and_its_mistakes_are_messages(branches):
    branches.branch(replace("targets.yml", "suite: trixie", "suite: --option"))
    ran = branches.review("--no-run")
    assert ran.status == 2
    assert "targets.yml:" in ran.out and "expected the name of a suite" in ran.out
    git(branches.folder, "branch", "-qD", "theirs")
    branches.branch(replace("targets.yml", "label: Debian 13", "label: Debian Trixie"))
    out = branches.review("--no-run").out
    assert "data     targets.yml" in out
    assert "Debian Trixie" in out


def test_findings_are_listed_and_nothing_runs(branches):
    branches.branch(replace("docs/one.md", "echo one", "cat $x"))
    ran = branches.review()
    assert ran.status == 1
    assert "docs/one.md:8: s1: SC2086" in ran.out or "SC2086" in ran.out
    assert "no page was run: the findings come first" in ran.out
    assert "FAILED" in ran.out.splitlines()[-2]
    (kept,) = (branches.folder / ".guide" / "review").iterdir()
    assert (kept / "docs" / "one.md").exists()


def test_pages_that_are_wrong_are_refused_with_their_lines(branches):
    branches.branch(replace("docs/one.md", "{#s2}", "{#s1}"))
    ran = branches.review("--no-run")
    assert ran.status == 2
    assert "docs/one.md:12" in ran.out


@pytest.mark.container
def test_the_changed_pages_run_and_a_wrong_output_fails(branches, nothing_left):
    branches.branch(replace("docs/two.md", "echo two", "echo 2"))
    ran = branches.review()
    assert ran.status == 1, ran.out
    assert "to run on" in ran.out and ": two" in ran.out
    assert "FAILED" in ran.out
    (kept,) = (branches.folder / ".guide" / "review").iterdir()
    assert list(kept.glob(".guide/failed/*/two/say-two.txt"))
    assert branches.guide.committed() == branches.guide.committed()
    assert not (branches.folder / "evidence").exists(), "the evidence of a review is thrown away"
    git(branches.folder, "branch", "-qD", "theirs")
    branches.branch(replace("docs/one.md", "echo one", "echo 1"))
    ran = branches.review()
    assert ran.status == 0, ran.out
    assert "printed by one#s1, for which the page shows no output:\n    1\n" in ran.out
