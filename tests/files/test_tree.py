"""What a stranger may have put into the folders of a guide: each entry is refused with its name before anything is read.

A case more is one line in CASES: what makes the entry, the folder of the site given; and the words that are expected.
"""

# ruff: noqa: E501  what is expected stands as it is, in one line

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from guides import ROOT, GuideFolder

from checks import config as configuration
from checks.model import GuideError

KINDS = "expected a page (.md) or a picture (.avif, .gif, .jpeg, .jpg, .png, .svg, .webp): nothing else may lie among the pages"
UNSEEN = "expected a name without control characters and other characters that nobody sees"


def link(target: str, name: str) -> Callable[[Path], object]:
    return lambda site: _parent(site / name).symlink_to(target)


def file(name: str | bytes) -> Callable[[Path], object]:
    return lambda site: _parent(site / os.fsdecode(name)).touch()


def folder(name: str) -> Callable[[Path], object]:
    return lambda site: (site / name).mkdir(parents=True)


def fifo(name: str) -> Callable[[Path], object]:
    return lambda site: os.mkfifo(_parent(site / name))


def device(name: str) -> Callable[[Path], object]:
    return lambda site: os.mknod(_parent(site / name), 0o20666, os.makedev(1, 5))  # /dev/zero


def unix_socket(name: str) -> Callable[[Path], object]:
    def make(site: Path) -> None:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(str(_parent(site / name)))

    return make


def moved(name: str, elsewhere: str) -> Callable[[Path], object]:
    """The folder is moved, and a link stands in its place."""

    def make(site: Path) -> None:
        if not (site / name).exists():
            (site / name).mkdir()
        (site / name).rename(site / elsewhere)
        (site / name).symlink_to(elsewhere)

    return make


def _parent(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


LINK = "expected a file or a folder, found a symbolic link to"
CASES = [
    # links
    (link("/etc/shadow", "docs/shadow.txt"), f"docs/shadow.txt: {LINK} /etc/shadow"),
    (link("/etc/hostname", "docs/hosts.md"), f"docs/hosts.md: {LINK} /etc/hostname"),
    (link("nowhere", "docs/dangling.md"), f"docs/dangling.md: {LINK} nowhere"),
    (link("..", "docs/up"), f"docs/up: {LINK} .."),
    (link("loop.md", "docs/loop.md"), f"docs/loop.md: {LINK} loop.md"),
    (link("/", "docs/deep/er/root"), f"docs/deep/er/root: {LINK} /"),
    (link("index.md", "docs/.hidden.md"), f"docs/.hidden.md: {LINK} index.md"),
    (link("index.md", "docs/.#index.md"), f"docs/.#index.md: {LINK} index.md"),
    (link("/etc/shadow@x.1", "docs/.#index.md"), f"docs/.#index.md: {LINK} /etc/shadow@x.1"),
    (link("/dev/zero", "data/facts.yml"), f"data/facts.yml: {LINK} /dev/zero"),
    (link("/etc", "theme/overrides"), f"theme/overrides: {LINK} /etc"),
    (link("/etc/passwd", "evidence/debian-13/x.json"), f"evidence/debian-13/x.json: {LINK} /etc/passwd"),
    (link("/etc/cron.d/x", ".guide/failed/debian-13/index/a.txt"), f".guide/failed/debian-13/index/a.txt: {LINK} /etc/cron.d/x"),
    (link("/tmp/x", ".guide/junit-debian-13.xml"), f".guide/junit-debian-13.xml: {LINK} /tmp/x"),
    (link("/tmp", ".guide/evidence"), f".guide/evidence: {LINK} /tmp"),
    (moved("docs", "pages"), "docs: expected a folder or file of the guide, found a symbolic link"),
    (moved("evidence", "proofs"), "evidence: expected a folder or file of the guide, found a symbolic link"),
    (moved("data", "facts"), "data: expected a folder or file of the guide, found a symbolic link"),
    (moved(".guide", "scratch"), ".guide: expected a folder or file of the guide, found a symbolic link"),
    (moved("targets.yml", "others.yml"), "targets.yml: expected a folder or file of the guide, found a symbolic link"),
    # what is neither a file nor a folder
    (fifo("docs/pipe.md"), "docs/pipe.md: expected a file or a folder, found a named pipe"),
    (fifo("docs/.swp"), "docs/.swp: expected a file or a folder, found a named pipe"),
    (fifo("data/facts.yml"), "data/facts.yml: expected a file or a folder, found a named pipe"),
    (fifo("evidence/debian-13/x.json"), "evidence/debian-13/x.json: expected a file or a folder, found a named pipe"),
    (fifo(".guide/lint/passed"), ".guide/lint/passed: expected a file or a folder, found a named pipe"),
    (device("docs/zero.md"), "docs/zero.md: expected a file or a folder, found a device"),
    (unix_socket("docs/s.md"), "docs/s.md: expected a file or a folder, found a socket"),
    # names
    (folder("docs/folder.md"), "docs/folder.md: expected a folder whose name does not end in .md"),
    (folder("docs/x.markdown"), "docs/x.markdown: expected a folder whose name does not end in .markdown"),
    (folder("docs/.git/hooks"), "docs/.git: expected no hidden folder among the pages"),
    (file("docs/a\x1b]0;owned\x07.md"), f"docs/a\\x1b]0;owned\\x07.md: {UNSEEN}"),
    (file("docs/a\nb.md"), f"docs/a\\nb.md: {UNSEEN}"),
    (file("docs/a\u202eb.md"), f"docs/a\\u202eb.md: {UNSEEN}"),
    (file("data/a\tb.yml"), f"data/a\\tb.yml: {UNSEEN}"),
    (file("evidence/\x9b2J.json"), f"evidence/\\x9b2J.json: {UNSEEN}"),
    (file(b"docs/\xff\xfe.md"), "docs/\\xff\\xfe.md: expected a name in UTF-8"),
    (file(b"theme/\xb1.html"), "theme/\\xb1.html: expected a name in UTF-8"),
    (file(f"docs/{'x' * 210}.md"), f"docs/{'x' * 210}.md: expected a name of at most 200 bytes, found 213"),
    (file(f"docs/{'页' * 70}.md"), f"docs/{'页' * 70}.md: expected a name of at most 200 bytes, found 213"),
    (file("docs/x::y.md"), "docs/x::y.md: expected a name without ::, which pytest takes for the end of a file's name"),
    # kinds of file
    *((file(f"docs/x{suffix}"), f"docs/x{suffix}: expected the suffix .md of a page, found {suffix}") for suffix in (".markdown", ".mdown", ".mkd", ".mkdn", ".mdwn", ".MD", ".Md")),
    (file("docs/x.PNG"), "docs/x.PNG: expected the suffix .png, found .PNG"),
    *((file(f"docs/{name}"), f"docs/{name}: {KINDS}") for name in ("conftest.py", "test_x.py", ".hidden.py", "x.html", "x.js", "x.css", "x.yml", "pytest.ini", "Makefile", "x.md.exe", "x.pyc")),
    (file("docs/deep/conftest.py"), f"docs/deep/conftest.py: {KINDS}"),
    (folder("docs/x.PY/.x"), "docs/x.PY/.x: expected no hidden folder among the pages"),
]  # fmt: skip


@pytest.fixture
def site(make_guide: GuideFolder) -> Path:
    make_guide.page("index", "Words.\n")
    for name in ("data", "theme"):
        (make_guide.folder / name).mkdir()
    return make_guide.folder


def refusal(site: Path) -> str:
    with pytest.raises(GuideError) as error:
        configuration.load(site / "mkdocs.yml")
    return str(error.value)


@pytest.mark.parametrize(("make", "expected"), CASES, ids=[words[:60].encode("ascii", "backslashreplace").decode() for _, words in CASES])
def test_what_may_not_lie_in_a_folder_of_the_guide_is_refused_with_its_name(make, expected, site):
    make(site)
    assert refusal(site) == expected


def test_pictures_files_of_editors_and_links_elsewhere_are_let_be(site):
    for name in (
        "docs/x.svg",
        "docs/deep/x.webp",
        "docs/.index.md.swp",
        "docs/index.md~",
        "docs/#index.md#",
        "docs/4913",
        "docs/页 [1]-é.md",
    ):
        file(name)(site)
    link("me@host.4711:1764000000", "docs/.#index.md")(site)  # Emacs' lock
    link("/etc", "elsewhere")(site)
    (site / ".guide" / "mypy").mkdir(parents=True)
    configuration.load(site / "mkdocs.yml")


def test_all_that_is_wrong_is_told_at_once_in_the_order_of_the_names(site):
    for name in ("docs/b.py", "docs/a.py", "data/\x07"):
        file(name)(site)
    assert [line.split(":")[0] for line in refusal(site).split("\n")] == ["data/\\x07", "docs/a.py", "docs/b.py"]


def test_a_folder_above_those_of_the_languages_is_looked_at_too(site):
    (site / "docs" / "en").mkdir()
    (site / "docs" / "index.md").rename(site / "docs" / "en" / "index.md")
    with (site / "mkdocs.yml").open("a") as settings:
        settings.write("docs_dir: docs/en\n")
    file("docs/test/conftest.py")(site)
    assert refusal(site) == f"docs/test/conftest.py: {KINDS}"


def test_a_work_folder_that_git_tracks_is_refused(site):
    file(".guide/lint/passed")(site)
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org"]
    subprocess.run([*git, "init", "-q"], cwd=site, check=True)
    configuration.load(site / "mkdocs.yml")
    subprocess.run([*git, "add", "--force", ".guide/lint/passed"], cwd=site, check=True)
    assert refusal(site) == ".guide/lint/passed: git tracks this file, but .guide is for files that ./guide makes: git rm -r .guide"


def test_looking_at_the_repository_starts_no_program_that_its_configuration_names(site):
    file(".guide/x")(site)
    subprocess.run(["git", "init", "-q"], cwd=site, check=True)
    (site / "hook").write_text(f"#!/bin/sh\ntouch {site}/seen\n")
    (site / "hook").chmod(0o755)
    subprocess.run(["git", "config", "core.fsmonitor", str(site / "hook")], cwd=site, check=True)
    configuration.load(site / "mkdocs.yml")
    assert not (site / "seen").exists()


@pytest.mark.parametrize("make", [file("docs/conftest.py"), file("docs/test/conftest.py"), file("docs/test_x.py")])
@pytest.mark.parametrize("arguments", [[], ["docs"], ["docs/index.md"]], ids=" ".join)
def test_plain_pytest_imports_nothing_that_lies_among_the_pages(make, arguments, site):
    make(site)
    for path in (site / "docs").rglob("*.py"):
        path.write_text(f"open({str(site / 'imported')!r}, 'w')\ndef test_x(): pass\n")
    (site / "pyproject.toml").write_text('[tool.pytest.ini_options]\naddopts = "-p checks.pytest_plugin.plugin"\ntestpaths = ["docs"]\n')
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *arguments],
        cwd=site, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert not (site / "imported").exists()
    assert done.returncode == 4
    assert done.stderr.startswith("ERROR: docs/") and KINDS in done.stderr and "Traceback" not in done.stderr


def test_guide_takes_no_settings_of_pytest_that_lie_among_the_pages(site):
    (site / "docs" / "pytest.ini").write_text("[pytest]\naddopts = -p evil\n")
    ran = GuideFolder.guide(_at(site), "verify")
    assert (ran.status, ran.out) == (2, f"docs/pytest.ini: {KINDS}\n")


def _at(site: Path) -> GuideFolder:
    folder = object.__new__(GuideFolder)
    folder.folder = site
    return folder
