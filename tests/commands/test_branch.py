"""A branch is read by git's plumbing: no name, tree, hook or variable makes git or ./guide do anything else."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from branches import Branches, add, git, replace
from guides import GuideFolder, this_config

from checks.commands import branch
from checks.commands.allowed import Allowed, believed
from checks.commands.branch import NOTHING, PLAIN_FILE, Change, Repository, plain_path
from checks.model import GuideError


@pytest.fixture
def branches(tmp_path):
    return Branches(tmp_path)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nothing-of-this-name", "there is no branch or commit 'nothing-of-this-name'"),
        ("main:docs", "there is no branch or commit"),
        ("", "'' is no name of a branch"),
        ("a b", "'a b' is no name of a branch"),
        ("x\n--output=/tmp/y", "is no name of a branch"),
        ("../../etc", "there is no branch or commit"),
        ("0" * 40, "there is no branch or commit"),
    ],
)
def test_a_name_that_is_no_commit_is_a_message(branches, name, words):
    ran = branches.review(branch=name)
    assert ran.status == 2
    assert words in ran.out
    assert "Traceback" not in ran.out


@pytest.mark.parametrize("name", ["--output=x", "-h0", "--upload-pack=touch x"])
def test_a_name_that_looks_like_an_option_is_refused(branches, name):
    ran = branches.guide.guide("review", "--", name)
    assert ran.status == 2
    assert "is no name of a branch" in ran.out


def test_a_branch_without_a_common_history_is_a_message(branches):
    git(branches.folder, "checkout", "-q", "--orphan", "theirs")
    git(branches.folder, "commit", "-qm", "x")
    git(branches.folder, "checkout", "-q", "main")
    ran = branches.review()
    assert ran.status == 2
    assert "no history in common" in ran.out


def test_a_folder_that_is_no_repository_is_a_message(tmp_path):
    guide = GuideFolder(tmp_path)
    guide.snippets("one", "true")
    ran = guide.guide("review", "main", GIT_CEILING_DIRECTORIES=str(tmp_path.parent))
    assert ran.status == 2
    assert "git rev-parse" in ran.out or "no branch" in ran.out
    assert "Traceback" not in ran.out


def test_no_hook_filter_or_setting_of_the_branch_runs(branches, tmp_path):
    """Git is used without a checkout, so nothing that the branch names is called, even where this repository defines it."""
    branches.branch(add(".gitattributes", "* filter=x diff=x text eol=crlf export-subst\n"))
    seen = tmp_path / "seen-by-a-filter"
    for key in ("filter.x.smudge", "filter.x.clean", "filter.x.process", "diff.x.textconv", "diff.x.command", "core.fsmonitor"):
        git(branches.folder, "config", key, f"touch {seen}; cat")
    for name in ("post-checkout", "post-index-change", "reference-transaction"):
        hook = branches.folder / ".git" / "hooks" / name
        hook.write_text(f"#!/bin/sh\ntouch {seen}\n")
        hook.chmod(0o755)
    ran = branches.review("--no-run", "--ignore-other")
    assert ran.status == 0, ran.out
    assert not seen.exists()


def test_variables_of_git_name_no_other_repository(branches, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    git(other, "init", "-q")
    branches.branch(replace("docs/one.md", "echo two", "echo 2"))
    ran = branches.guide.guide("review", "--no-run", "theirs", GIT_DIR=str(other / ".git"), GIT_WORK_TREE=str(other))
    assert ran.status == 0, ran.out


def raw_tree(folder: Path, entries: list[tuple[str, bytes, str]]) -> str:
    """A tree object that git itself would not make: (mode, name, object) of each entry."""
    content = b"".join(mode.encode() + b" " + name + b"\0" + bytes.fromhex(identity) for mode, name, identity in entries)
    done = subprocess.run(
        ["git", "hash-object", "-t", "tree", "-w", "--stdin", "--literally"], cwd=folder, input=content, capture_output=True, check=True
    )
    return done.stdout.decode().strip()


@pytest.mark.parametrize("name", [b"..", b".", b".git", b"a/../../b", b"/etc"])
def test_a_tree_that_git_would_not_make_cannot_leave_the_folder(branches, name):
    page = git(branches.folder, "hash-object", "-w", "docs/one.md")
    inner = raw_tree(branches.folder, [("100644", b"x.md", page)])
    docs = raw_tree(branches.folder, [("40000", name, inner)])
    commit = git(branches.folder, "commit-tree", raw_tree(branches.folder, [("40000", b"docs", docs)]), "-p", "main", "-m", "x")
    git(branches.folder, "update-ref", "refs/heads/theirs", commit)
    before = branches.guide.committed()
    ran = branches.review("--no-run", "--ignore-other")
    assert ran.status == 2, ran.out
    assert "Traceback" not in ran.out
    assert branches.guide.committed() == before


def test_a_name_that_is_a_file_and_a_folder_is_a_message(branches):
    page = git(branches.folder, "hash-object", "-w", "docs/one.md")
    inner = raw_tree(branches.folder, [("100644", b"y.md", page)])
    docs = raw_tree(branches.folder, [("100644", b"x.md", page), ("40000", b"x.md", inner)])
    commit = git(branches.folder, "commit-tree", raw_tree(branches.folder, [("40000", b"docs", docs)]), "-p", "main", "-m", "x")
    with pytest.raises(GuideError, match=r"docs/x\.md/y\.md: a file of the branch cannot be written"):
        Repository(branches.folder).write(commit, lambda path: path.startswith("docs/"), branches.folder / ".guide")


def test_the_files_of_a_branch_are_bounded(branches, tmp_path, monkeypatch):
    folder = tmp_path / "new"
    folder.mkdir()
    for bound, words in (("MOST_FILE_BYTES", "a page or an image has at most"), ("MOST_BYTES", "at most"), ("MOST_FILES", "at most")):
        with monkeypatch.context() as patched:
            patched.setattr(branch, bound, 1)
            with pytest.raises(GuideError, match=words):
                Repository(branches.folder).write("main", lambda path: path.startswith("docs/"), folder)
    assert list(folder.iterdir()) == []


def test_a_guide_below_the_root_of_the_repository_is_reviewed_alone(tmp_path):
    folder = tmp_path / "sub" / "guide"
    folder.mkdir(parents=True)
    git(tmp_path, "init", "-q")
    guide = GuideFolder(folder)
    guide.snippets("one", "echo one")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "main")
    git(tmp_path, "checkout", "-qb", "theirs")
    guide.snippets("one", "echo 1")
    git(tmp_path, "commit", "-qam", "theirs")
    (tmp_path / "beside").write_text("x")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "more")
    git(tmp_path, "checkout", "-q", "main")
    assert guide.guide("review", "--no-run", "theirs~1").status == 0
    ran = guide.guide("review", "--no-run", "theirs")
    assert ran.status == 2
    assert "\n    ../beside\n" in ran.out


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("docs/en/quick-start.md", True), ("docs/zh/remote/ssh.md", True), ("docs/en/images/x.png", True), ("docs/en/x.svg", True),
        ("data/targets.yml", True), ("data/glossary.yml", True), ("data/new.yml", True),
        ("data/shapes.yml", False),
        ("docs/x.md", False), ("docs/fr/x.md", False), ("data/x.yaml", False), ("data/x.py", False), ("data/bench/x.yml", False),
        ("data/../checks/cli.yml", False), ("docs/en/../../guide.md", False), ("docs/en/x.html", False), ("README.md", False),
        ("docs/en/x.md/../y.md", False), ("docs/en//x.md", False), ("docs/en/-x.md", False),
    ],
)  # fmt: skip
def test_which_paths_are_pages_and_data(path, allowed):
    rules = Allowed(this_config())
    assert rules.path(path) is allowed
    assert (rules.refusal(Change(path, PLAIN_FILE)) is None) is allowed
    assert (rules.refusal(Change(path, NOTHING)) is None) is allowed
    assert plain_path("a/b.md")
    assert believed(path) is None
