"""What the tests share: generated guides, and a way to run them as a user does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from checks.bench import pages

ROOT = Path(__file__).resolve().parent.parent

# The bench generates guides of the same kind; a test's also says what a crash leaves behind.
MKDOCS = pages.MKDOCS + '    dumps: ["/var/crash/*/dump.*"]\n'


@dataclass
class Ran:
    """One run of ./guide or pytest, as its caller sees it."""

    status: int
    out: str
    evidence: dict = field(default_factory=dict)


class Guide:
    """A small site of one language in a folder of its own."""

    def __init__(self, folder: Path):
        self.folder = folder
        (folder / "docs").mkdir()
        (folder / "mkdocs.yml").write_text(MKDOCS.format(targets=os.path.relpath(ROOT / "data" / "targets.yml", folder)))

    def page(self, name: str, body: str, **front: str) -> Path:
        front.setdefault("machine", "container")
        header = "".join(f"{key}: {value}\n" for key, value in {"title": name, **front}.items())
        path = self.folder / "docs" / f"{name}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"---\n{header}---\n\n# {name} {{#{name.replace('/', '-')}}}\n\n{body}")
        return path

    def snippets(self, name: str, *codes: str, attributes: str = "", **front: str) -> Path:
        """A page of bash snippets with the ids s1, s2, …"""
        fences = [f"```bash {{#s{n}{' ' + attributes if attributes else ''}}}\n{code}\n```\n" for n, code in enumerate(codes, 1)]
        return self.page(name, "\n".join(fences), **front)

    def guide(self, *arguments: str, timeout_s: float = 600, reuse: bool = False, **env: str) -> Ran:
        """``./guide --config … ARGUMENTS``, in the environment that the tests run in."""
        # A test has to see what is done, not what an earlier one has done; those on states say otherwise.
        fresh = ["--no-reuse"] if arguments[:1] == ("verify",) and not reuse else []
        command = [sys.executable, "-m", "checks", "--config", str(self.folder / "mkdocs.yml"), *arguments, *fresh]
        done = subprocess.run(
            command, cwd=self.folder, capture_output=True, text=True, timeout=timeout_s, stdin=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": str(ROOT), **env},
        )  # fmt: skip
        found = {}
        for path in (self.folder / "evidence").glob("*/**/*.json"):
            found[path.stem] = json.loads(path.read_text())
        return Ran(done.returncode, done.stdout + done.stderr, found)


@pytest.fixture
def make_guide(tmp_path):
    """A fresh guide."""
    return Guide(tmp_path)


def orphans() -> set[str]:
    """Containers of ours and folders of machines whose runner no longer lives."""
    from checks.machines import engine as engines
    from checks.machines.engine import cache_dir

    found = set()
    for program in engines.answering():
        for name, who in engines.Engine(program, ()).ours():
            if not engines.lives(who):
                found.add(name)
    for folder in (cache_dir() / "machines").glob("*-*-*"):
        if not engines.lives(engines.named_after(folder.name)):
            found.add(str(folder))
    return found


@pytest.fixture
def nothing_left():
    """Fails if the test leaves a container or a machine's folder behind; other runs on this host are not looked at."""
    before = orphans()
    yield
    assert orphans() <= before


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Where xdist runs the tests side by side, those that look at what is left do so one after the other.

    Some of them kill a run, and what it leaves until the next one starts is not what another test has left.
    """
    for item in items:
        if "nothing_left" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("machines"))
