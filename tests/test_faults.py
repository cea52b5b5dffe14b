"""What a full disk, a folder that cannot be written, a closed terminal or a mistake of ours does: one message, status 2, no traceback.

A case more is one line in CASES: how the site or its surroundings are made wrong, the command, and the expected words.
"""

# ruff: noqa: E501  what is expected stands as it is, in one line

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import guides
import pytest

from checks import cli, faults, host
from checks.config import Config

PAGE = "Words.\n"


def nothing(site: Path) -> dict[str, str]:
    return {}


def settings(text: str) -> Callable[[Path], dict[str, str]]:
    """The end of mkdocs.yml."""

    def make(site: Path) -> dict[str, str]:
        file = site / "mkdocs.yml"
        file.write_text(re.sub(rf"(?ms)^{text.split(':')[0]}:.*?(?=^\S|\Z)", "", file.read_text()) + text)
        return {}

    return make


def page(text: str) -> Callable[[Path], dict[str, str]]:
    """The page docs/index.md as a whole."""

    def make(site: Path) -> dict[str, str]:
        (site / "docs" / "index.md").write_text(text)
        return {}

    return make


def file_at(name: str) -> Callable[[Path], dict[str, str]]:
    """A file in the place of a folder."""

    def make(site: Path) -> dict[str, str]:
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).touch()
        return {}

    return make


def cache(made: Callable[[Path], object]) -> Callable[[Path], dict[str, str]]:
    """A folder of caches in which ``made`` has put something in the way."""

    def make(site: Path) -> dict[str, str]:
        folder = site.parent / "cache"
        folder.mkdir()
        host.tag_cache(folder)
        made(folder)
        return {"GUIDE_CACHE": str(folder)}

    return make


def environment(**variables: str) -> Callable[[Path], dict[str, str]]:
    return lambda site: {name: value.format(site=site) for name, value in variables.items()}


def folder_at(name: str) -> Callable[[Path], dict[str, str]]:
    def make(site: Path) -> dict[str, str]:
        (site / name).unlink(missing_ok=True)
        (site / name).mkdir(parents=True)
        return {}

    return make


CASES: list[tuple[Callable[[Path], dict[str, str]], tuple[str | bytes, ...], str]] = [
    # mkdocs.yml
    (settings("extra: 5\n"), ("list",), r"mkdocs.yml:\d+: extra: expected `key: value` lines, found the number 5"),
    (settings("extra:\n  checks:\n    languages: [en]\n"), ("list",), r"mkdocs.yml:\d+: extra.checks.languages: expected `key: value` lines, found a list"),
    (settings("extra:\n  checks:\n    evidence: 5\n"), ("list",), r"mkdocs.yml:\d+: extra.checks.evidence: expected text, found the number 5"),
    (settings("extra:\n  checks:\n    evidence: ../../etc\n"), ("list",), r"mkdocs.yml:\d+: extra.checks.evidence: expected a path below the folder of mkdocs.yml"),
    (settings("extra:\n  checks:\n    evidence: .git/hooks\n"), ("list",), r"mkdocs.yml:\d+: extra.checks.evidence: expected a path below the folder of mkdocs.yml"),
    (settings("extra:\n  checks:\n    targets: data/../../x\n"), ("list",), r"mkdocs.yml:\d+: extra.checks.targets: expected a path below"),
    (settings("extra:\n  checks:\n    shapes: \"a\\0b\"\n"), ("list",), r"mkdocs.yml:\d+: extra.checks.shapes: expected a path below"),
    (settings("extra:\n  checks:\n    states: {gib: .inf}\n"), ("list",), r"mkdocs.yml:\d+: extra.checks.states.gib: expected a number, found the number .inf"),
    (settings("extra:\n  checks:\n    states: {days: 1e300}\n"), ("list",), r"mkdocs.yml:\d+: extra.checks.states.days: expected a number"),
    (settings("docs_dir: /etc\n"), ("list",), r"mkdocs.yml:\d+: docs_dir: expected a folder below the folder of mkdocs.yml, such as docs/en, found '/etc'"),
    (settings("docs_dir: ../..\n"), ("list",), r"mkdocs.yml:\d+: docs_dir: expected a folder below"),
    (settings("docs_dir: .git\n"), ("list",), r"mkdocs.yml:\d+: docs_dir: expected a folder below"),
    (settings("docs_dir: .\n"), ("list",), r"mkdocs.yml:\d+: docs_dir: expected a folder below"),
    (settings("INHERIT: mkdocs.yml\n"), ("list",), r"mkdocs.yml:\d+: INHERIT: expected a file that does not lead back here"),
    (settings("INHERIT: docs\n"), ("list",), r"docs: expected a file, found a folder"),
    (settings(f"nav: {'[' * 3000}\n"), ("list",), r"mkdocs.yml:\d+: not YAML: nested deeper than 50 levels"),
    (settings('nav: ["\\e]0;owned\\a", {5: [!!int x]}]\n'), ("list",), r"mkdocs.yml:\d+: not YAML: the number x cannot be read as such"),
    (folder_at("mkdocs.yml"), ("list",), r"mkdocs.yml: expected a file, found a folder"),
    (folder_at("targets.yml"), ("list",), r"targets.yml: expected a file, found a folder"),
    # front matter
    (page("---\ntitle: 2001-13-45\n---\n"), ("list",), r"docs/index.md:2: front matter: not YAML: the date 2001-13-45 cannot be read as such"),
    (page("---\ntitle: !!int abc\n---\n"), ("list",), r"docs/index.md:2: front matter: not YAML: the number abc cannot be read as such"),
    (page("---\ntitle: !!float x\n---\n"), ("list",), r"docs/index.md:2: front matter: not YAML: the number x cannot be read as such"),
    (page("---\ntitle: !!timestamp x\n---\n"), ("list",), r"docs/index.md:2: front matter: not YAML: the date x cannot be read as such"),
    (page("---\ntitle: !!bool x\n---\n"), ("list",), r"docs/index.md:2: front matter: not YAML: the boolean x cannot be read as such"),
    (page(f"---\ntitle: {'6' * 6000}\n---\n"), ("list",), r"docs/index.md:2: front matter: not YAML: the number 6{60}… cannot be read as such"),
    (page(f"---\ntitle: 1{':59' * 300_000}\n---\n"), ("list",), r"docs/index.md:2: front matter: not YAML: the number 1[:59]+… cannot be read as such"),
    (page(f"---\ntitle: 0x{'f' * 500_000}\n---\n"), ("list",), r"docs/index.md:2: front matter: not YAML: the number 0xf+… cannot be read as such"),
    (page(f"---\ntitle: {'[' * 3000}\n---\n"), ("list",), r"docs/index.md:2: front matter: not YAML: nested deeper than 50 levels"),
    (page(f"---\n{'x' * 100_000}: 1\n---\n"), ("list",), r"docs/index.md:2: .{0,300}$"),
    (page('---\n"\\e]0;owned\\a": 1\n---\n'), ("list",), r"docs/index.md:2: \\x1b\]0;owned\\x07: unknown key"),
    (page('---\nmachine: "\\e[31m\\u202e\\x9b"\n---\n'), ("list",), r"docs/index.md:2: machine: expected container or vm, found '\\x1b\[31m\\u202e\\x9b'"),
    (page("---\nmachine: vm\nmemory: 20G\n---\n"), ("list",), r"docs/index.md:3: memory: expected a size like 3G or 1536M, from 256M to 8G, found '20G'"),
    (page("---\nmachine: container\n---\n\n```bash {#a data-timeout=\"14401\"}\ntrue\n```\n"), ("list",), r"docs/index.md:5: data-timeout: expected seconds, like 120, at most 14400 \(4 hours\), found '14401'"),
    (page(f"---\nmachine: container\n---\n\n```bash {{#a data-timeout=\"{'9' * 400}\"}}\ntrue\n```\n"), ("list",), r"docs/index.md:5: data-timeout: expected seconds"),
    # what is named on the command line
    (nothing, ("--config", "/tmp", "list"), r"/tmp: expected a file, found a folder"),
    (nothing, ("--config", "/dev/zero", "list"), r"/dev/zero: expected a file, found a device"),
    (nothing, ("--config", "/nowhere/\x1b[2J", "list"), r"/nowhere/\\x1b\[2J: there is no such file"),
    (nothing, ("verify", b"\xff\xfe"), r"there is no page '\\udcff\\udcfe'; the guide has index"),
    (nothing, ("verify", "x::y"), r"there is no page 'x::y'; the guide has index"),
    (nothing, ("verify", "index::a"), r"'index::a' names one snippet, and a page runs as a whole: write index"),
    (nothing, ("verify", "index#a"), r"'index#a' names one snippet, and a page runs as a whole: write index"),
    (nothing, ("verify", "x" * 5000), r"there is no page 'x+'; the guide has index"),
    (nothing, ("verify", "--jobs", "²"), r"--jobs: expected a number from 1 to 9999, or auto, found '²'"),
    (nothing, ("verify", "--target", "../x"), r"there is no target '../x'; the guide has"),
    (nothing, ("shell", "index"), r"docs/index.md: this page has no snippets, so it has no machine"),
    (nothing, ("serve", "--port", "99999"), r"--port: expected a number from 0 to 65535, found 99999"),
    (nothing, ("serve", "--host", "no such host"), r"http://no such host:8000/: .*: choose another with --port"),
    (nothing, ("build", "--out", "."), r"--out: .* holds the guide itself"),
    (nothing, ("build", "--out", "docs/index.md/site"), r"docs/index.md(/site)?: (Not a directory|File exists): expected a folder, found a file"),
    (nothing, ("build", "--out", "x" * 300), r"x{300}: File name too long: give the page, the snippet or the folder a shorter name"),
    # folders of ours
    (file_at(".guide"), ("verify",), r"\.guide: expected a folder, found a file: remove it"),
    (file_at(".guide"), ("test", "docs"), r"\.guide: expected a folder, found a file: remove it"),
    (folder_at(".guide/junit.xml"), ("test", "docs"), r"\.guide/junit.xml: Is a directory: expected a file, found a folder"),
    (environment(GUIDE_CACHE="{site}/mkdocs.yml"), ("status",), r"mkdocs.yml: File exists: GUIDE_CACHE=FOLDER names another folder"),
    (environment(GUIDE_CACHE="{site}/mkdocs.yml/x"), ("status",), r"mkdocs.yml/x: Not a directory: GUIDE_CACHE=FOLDER names another folder"),
    (environment(GUIDE_CACHE="{site}"), ("status",), r"GUIDE_CACHE: .* holds files that ./guide did not write"),
    (environment(GUIDE_CACHE="/proc/x"), ("status",), r"/proc/x: .*: GUIDE_CACHE=FOLDER names another folder"),
    (environment(GUIDE_CACHE="/" + "x" * 300), ("status",), r"File name too long: GUIDE_CACHE=FOLDER names another folder"),
    (cache(lambda folder: (folder / "states").touch()), ("status",), r"cache/states: File exists: expected a folder, found a file"),
    (cache(lambda folder: ((folder / "states").mkdir(), (folder / "states" / "records").touch())), ("status",), r"states/records: File exists: expected a folder, found a file"),
    (cache(lambda folder: ((folder / "states").mkdir(), (folder / "states" / "locks").mkdir())), ("status",), r"states/locks: Is a directory: expected a file, found a folder"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("make", "arguments", "expected"), CASES, ids=[f"{number} {words[:50]}" for number, (_, _, words) in enumerate(CASES)]
)
def test_a_fault_is_one_message_and_status_2(make, arguments, expected, site_below):
    env = make(site_below.folder)
    done = site_below.guide(*arguments, **env)
    told = done.out
    assert re.search(expected, told, re.MULTILINE), told
    assert done.status == 2, told
    assert "Traceback" not in told and "INTERNALERROR" not in told
    assert told.replace("\n", "").isprintable()


# ---- mistakes of ours


def test_an_error_that_nobody_expected_is_one_line_and_its_trace_a_file(site_below, monkeypatch, capsys):
    def mistake(config: Config, options: object) -> int:
        raise KeyError("\x1b[31mred")

    monkeypatch.setattr(cli, "_list", mistake)
    assert cli.main(["--config", str(site_below.folder / "mkdocs.yml"), "list"]) == 2
    told = capsys.readouterr().err
    found = re.fullmatch(r"an error that ./guide did not expect: KeyError: '\\x1b\[31mred'; where it happened stands in (.*)\n", told)
    assert found, told
    trace = Path(found[1])
    assert trace.parent == site_below.folder / ".guide" and "in mistake" in trace.read_text()


@pytest.mark.parametrize("put", ["a file", "a link"])
def test_the_trace_goes_elsewhere_where_the_work_folder_cannot_be_written(put, tmp_path, monkeypatch):
    monkeypatch.setattr(faults.tempfile, "tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    (tmp_path / ".guide").touch() if put == "a file" else (tmp_path / ".guide").symlink_to("/etc")
    told = faults.message(ValueError("x"), tmp_path / ".guide")
    assert str(tmp_path / "tmp") in told and "ValueError: x" in Path(told.rsplit(" ", 1)[1]).read_text()
    monkeypatch.setattr(faults.tempfile, "tempdir", str(tmp_path / "nowhere"))
    assert "stands in no file" in faults.message(ValueError("x"), None)


INTERRUPTED_IN_EXEC = """
import sys
from checks.cli import _interrupted_by_signals
try:
    with _interrupted_by_signals():
        exec("import os; os.kill(os.getpid(), int(sys.argv[1]))")
except KeyboardInterrupt:
    sys.exit(130)
"""


@pytest.mark.parametrize("number", ["2", "15"])
def test_a_signal_while_python_executes_a_string_does_not_change_the_exit_status(number, tmp_path):
    (tmp_path / "ended.py").write_text(INTERRUPTED_IN_EXEC)
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{guides.ROOT}"}
    assert subprocess.run([sys.executable, "-m", "ended", number], env=environment).returncode == 130
