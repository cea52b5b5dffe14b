"""Whole sites that a stranger may have made, through the commands that users type: each is refused in words, and nothing of it runs.

A case more is one line in CASES: a file of the site and its content (None: the file is removed), the command, and words of the message.
CANARY in a content is the path of a file that the input would make if anything ran it.
"""

# ruff: noqa: E501  a case stands in one line

from __future__ import annotations

import json
from pathlib import Path

import pytest
from guides import ROOT, GuideFolder

from checks.cli import main

GOOD = "---\nmachine: container\n---\n\n# X {#x}\n\n```bash {#a}\ntrue\n```\n"
TARGETS = "targets.yml"
EVIDENCE = "evidence/debian-13/good.json"


def page(body: str, head: str = "machine: container") -> str:
    return f"---\n{head}\n---\n\n# X {{#x}}\n\n{body}\n"


def snippet(code: str) -> str:
    return page(f"```bash {{#a}}\n{code}\n```")


def target(**changed: object) -> str:
    """A targets file with one target, in JSON, which is YAML, too."""
    entry = {
        "family": "debian", "suite": "trixie", "label": "Debian 13", "kernel": "linux-image-amd64", "emulator": "debian-13",
        "memory": "2G", "disk": "8G",
    }  # fmt: skip
    return json.dumps({"debian-13": {**entry, **changed}}, indent=1)


# What is tried: (file, content, command, words of the message).
CASES = {
    # YAML
    "a tag that makes an object": ("docs/x.md", page("", "title: !!python/object/apply:os.system ['touch CANARY']"), "list", "docs/x.md:2: "),
    "a tag in mkdocs.yml": ("mkdocs.yml", "site_name: !!python/object/apply:os.system ['touch CANARY']\n", "list", "mkdocs.yml:1: "),
    "a name that is imported": ("mkdocs.yml", "site_name: !!python/name:os.system\nextra: {checks: {evidence: 5}}\n", "list", "mkdocs.yml:2: "),
    "an alias bomb": ("docs/x.md", page("", "title: &a [x, x]\ntags: [*a, *a, *a]"), "list", "docs/x.md:2: "),
    "an alias bomb in data": (TARGETS, "a: &a [x]\nb: &b [*a, *a]\n", "list", "targets.yml:1: "),
    "3000 brackets": ("mkdocs.yml", "[" * 3000, "list", "mkdocs.yml:1: "),
    "3000 brackets in a page's head": ("docs/x.md", page("", "tags: " + "[" * 3000), "list", "docs/x.md:2: "),
    "a number of 6000 digits": ("docs/x.md", page("", f"title: {'1' * 6000}"), "list", "docs/x.md:2: "),
    "a date that there is not": ("docs/x.md", page("", "title: 2001-13-45"), "list", "docs/x.md:2: "),
    "a document of binary": ("mkdocs.yml", b"\x00\x01\xff", "list", "mkdocs.yml:1: "),
    "two documents": (TARGETS, "a: 1\n---\nb: 2\n", "list", "targets.yml:2: "),
    "no settings": ("mkdocs.yml", None, "list", "mkdocs.yml: "),
    "settings that inherit themselves": ("mkdocs.yml", "INHERIT: mkdocs.yml\n", "list", "mkdocs.yml:1: "),
    "settings that are a number": ("mkdocs.yml", "extra: 5\n", "list", "mkdocs.yml:1: "),
    # paths
    "evidence elsewhere": ("mkdocs.yml", "extra:\n  checks:\n    evidence: ../../../../etc\n", "status", "mkdocs.yml:3: "),
    "evidence at an absolute path": ("mkdocs.yml", "extra:\n  checks:\n    evidence: /etc\n", "status", "mkdocs.yml:3: "),
    "targets elsewhere": ("mkdocs.yml", "extra:\n  checks:\n    targets: ../targets.yml\n", "list", "mkdocs.yml:3: "),
    "a page that goes on from elsewhere": ("docs/x.md", page("", "machine: vm\nafter: ../../etc/passwd"), "list", "docs/x.md:3: "),
    "a page that goes on from itself": ("docs/x.md", page("", "machine: vm\nafter: x"), "list", "docs/x.md:3: "),
    # data that reaches programs of the host
    "an option for apt among the packages": (TARGETS, target(pool=["-o", "Dir::Bin::dpkg=CANARY"]), "list", "targets.yml:"),
    "a command among the packages": (TARGETS, target(packages=["x; touch CANARY"]), "list", "targets.yml:"),
    "a package with a newline": (TARGETS, target(packages=["x\ny"]), "list", "targets.yml:"),
    "a kernel that is an option": (TARGETS, target(kernel="--include=CANARY"), "list", "targets.yml:"),
    "a suite that is an option": (TARGETS, target(suite="--hook=CANARY"), "list", "targets.yml:"),
    "a suite that is a path": (TARGETS, target(suite="../../x"), "list", "targets.yml:"),
    "a disk of a petabyte": (TARGETS, target(disk="1000000G"), "list", "targets.yml:"),
    "memory of a terabyte": (TARGETS, target(memory="1024G"), "list", "targets.yml:"),
    "a memory that is QEMU's option": (TARGETS, target(memory="2G,slots=2"), "list", "targets.yml:"),
    "a family that there is not": (TARGETS, target(family="../x"), "list", "targets.yml:"),
    "a key that nobody knows": (TARGETS, target(run="touch CANARY"), "list", "targets.yml:"),
    "a target called ..": (TARGETS, target().replace('"debian-13": {', '"..": {'), "list", "targets.yml:"),
    "memory of a page that is QEMU's option": ("docs/x.md", page("", "machine: vm\nmemory: 2G,maxmem=1T"), "list", "docs/x.md:3: "),
    # fences
    "an id with quotes": ("docs/x.md", page('```bash {#a"onclick="x}\ntrue\n```'), "list", "docs/x.md:"),
    "an id that is a path": ("docs/x.md", page('```bash {id="../../x"}\ntrue\n```'), "list", "docs/x.md:"),
    "a file name that is a path": ("docs/x.md", page('```python {#a data-file="../x.py"}\nx = 1\n```'), "list", "docs/x.md:"),
    "a status of 1000": ("docs/x.md", page('```bash {#a data-exit="1000"}\ntrue\n```'), "list", "docs/x.md:"),
    "a status that is a command": ("docs/x.md", page('```bash {#a data-exit="$(touch CANARY)"}\ntrue\n```'), "list", "docs/x.md:"),
    "the same id twice": ("docs/x.md", snippet("true") + "\n```bash {#a}\ntrue\n```\n", "list", "docs/x.md:"),
    "a character that nobody sees": ("docs/x.md", snippet("echo \u202ex"), "list", "docs/x.md:8: "),
    "a carriage return": ("docs/x.md", snippet("true\r"), "list", "docs/x.md:"),
    "no UTF-8": ("docs/x.md", b"# X\n\xff\n", "list", "docs/x.md:2: "),
    "a snippet whose block is closed in a comment": ("docs/x.md", page('<div data-target="debian-13" markdown>\n\n<!--\n</div>\n-->\n\n```bash {#b}\ntrue\n```\n\n</div>'), "list", "docs/x.md:7: "),
    "a rank that is no number": ("docs/x.md", page("", "search: {boost: .nan}"), "list", "docs/x.md:2: search.boost: expected a number from 0 to 1000"),
    "a rank without end": ("docs/x.md", page("", "search: {boost: .inf}"), "list", "docs/x.md:2: "),
    "two pages with one address": ("docs/good/index.md", page(""), "list", "docs/good.md: this page and good/index would have one address"),
    "a page in the place of a proof": ("docs/proof/debian-13/x.md", page(""), "list", "docs/proof/debian-13/x.md: the site has a folder proof of its own"),
    "a page in the place of the search": ("docs/search/search_index.json.md", page(""), "list", "docs/search/search_index.json.md: the site has a folder"),
    "a page in the place of the list of pages": ("docs/sitemap.xml.md", page(""), "list", "docs/sitemap.xml.md: sitemap.xml: expected a name that is not that of a file"),
    "a page that MkDocs names otherwise": ("docs/b/README.md", page(""), "list", "docs/b/README.md: MkDocs would make the first page"),
    "60 folders within one another": (f"docs/{'a/' * 60}y.md", page(""), "list", "expected at most 50 folders within one another"),
    # what lint tells
    "a snippet that closes the reader's terminal": ("docs/x.md", snippet("exit 3"), "verify", "docs/x.md:8: a: exit closes the reader's terminal"),
    "a snippet that changes the shell": ("docs/x.md", snippet("set -e\ntrue"), "verify", "docs/x.md:8: a: set -o errexit stays on"),
    "a function in the place of printf": ("docs/x.md", snippet("printf() { true; }"), "verify", "docs/x.md:8: a: this function takes the place of printf"),
    "a syntax error": ("docs/x.md", snippet("if true; then"), "verify", "docs/x.md:8: a: SC1073"),
    # evidence
    "evidence that is no JSON": (EVIDENCE, "<<<<<<< HEAD\n", "build", f"{EVIDENCE}: invalid evidence: not evidence"),
    "evidence that is nested": (EVIDENCE, "[" * 200_000, "build", f"{EVIDENCE}: invalid evidence: not evidence"),
    "evidence that is empty": (EVIDENCE, "{}", "build", f"{EVIDENCE}: invalid evidence: not evidence"),
    "evidence of a list": (EVIDENCE, '{"snippets": [[]]}', "build", f"{EVIDENCE}: invalid evidence: not evidence"),
    "evidence that is a folder": (f"{EVIDENCE}/x", "", "build", f"{EVIDENCE}: invalid evidence: not evidence: expected a file, found a folder"),
    # data beside the pages
    "no target at all": (TARGETS, "{}\n", "list", "targets.yml:1: expected at least one target"),
    "a pattern that a later Python reads otherwise": ("data/shapes.yml", "x: {pattern: '[[a]', why: x}\n", "list", "data/shapes.yml:1: "),
    # a review
    "a review where no repository is": ("docs/x.md", GOOD, "review main", "git rev-parse: "),
    "a build over the site's own folder": ("docs/x.md", GOOD, "build --out .", "--out: "),
    "a build into what is no folder": ("docs/x.md", GOOD, "build --out /proc/self/x/y", "--out: "),
    "a build into a name of bytes": ("docs/x.md", GOOD, "build --out x\udcff", "--out: "),
}  # fmt: skip


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A site with one good page, in a folder of its own, which is the working folder."""
    folder = tmp_path / "site"
    folder.mkdir()
    guide = GuideFolder(folder)
    guide.snippets("good", "true")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))  # of pytest, which verify starts
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    return folder


def run(folder: Path, words: str, capfd) -> tuple[int, str]:
    """A command of ./guide in this process: its exit status, and all that it and its children print."""
    status = main(["--config", str(folder / "mkdocs.yml"), *words.split()])
    printed = capfd.readouterr()
    return status, printed.out + printed.err


@pytest.mark.parametrize("name", CASES)
def test_a_hostile_site_is_refused_in_words(site, name, capfd):
    file, content, command, words = CASES[name]
    path, canary = site / file, site.parent / "canary"
    path.parent.mkdir(parents=True, exist_ok=True)
    if content is None:
        path.unlink()
    else:
        data = content if isinstance(content, bytes) else content.encode()
        path.write_bytes(data.replace(b"CANARY", str(canary).encode()))
    status, printed = run(site, command, capfd)
    assert status == 2, printed
    assert words in printed.replace(f"{site}/", ""), printed
    assert "Traceback" not in printed
    assert not any(character < " " and character not in "\n\t" or "\x7f" <= character <= "\x9f" for character in printed)
    assert len(printed) < 20_000, "a message is one for people"
    assert not canary.exists()
    assert not (site / "site").exists()


def test_the_site_itself_is_good(site, capfd):
    """The table above proves something only as long as its site without the hostile file is taken."""
    assert run(site, "list", capfd)[0] == 0
    assert run(site, "status", capfd)[0] == 0
