"""Small guides for the tests of the site: made in a temporary folder, with the site's own settings."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from textwrap import dedent
from typing import Any

from benchmarks import sites as benchmark_sites
from checks import config as configuration
from checks.config import Config
from checks.evidence.files import write_evidence
from checks.evidence.fingerprints import snippet_fingerprints
from checks.evidence.validity import RecordedEvidence
from checks.model import Guide, Outcome, Page, PageErrors, PageRun, Snippet
from checks.pages.reader import read_guide
from checks.site.context import SiteContext, context_of
from checks.targets import load_targets, skip_reason

ROOT = Path(__file__).resolve().parent.parent
DOCS = Path(__file__).parent / "site_docs"
TARGETS = """\
debian-13: {family: debian, suite: trixie, label: Debian 13, kernel: linux-image-amd64, emulator: debian-13, memory: 2G, disk: 8G}
ubuntu-24.04: {family: ubuntu, suite: noble, label: Ubuntu 24.04 LTS, kernel: linux-image-amd64, emulator: debian-13, memory: 3G, disk: 8G}
"""
HEAD = "---\nmachine: container\n---\n"


# The bench generates guides of the same kind; a test's also says what a crash leaves behind.
MKDOCS = benchmark_sites.MKDOCS + '    dumps: ["/var/crash/*/dump.*"]\n'


@dataclass
class Ran:
    """One run of ./guide or pytest, as its caller sees it."""

    status: int
    out: str
    evidence: dict = field(default_factory=dict)


@cache
def this_config() -> Config:
    """The configuration of this guide itself."""
    return configuration.load(ROOT / "mkdocs.yml")


@cache
def this_guide() -> Guide:
    """This guide itself, which takes seconds to read."""
    return read_guide(this_config())


@cache
def this_evidence() -> RecordedEvidence:
    """The committed evidence of this guide."""
    return RecordedEvidence(this_config(), this_guide())


@cache
def this_context(language: str) -> SiteContext:
    """What the parts of the site need of this guide, as while the language is built."""
    return replace(context_of(this_config(), this_guide(), language), evidence=this_evidence())


def load_program(path: str) -> Any:
    """One of the guide's own programs, named from the guide's folder, as a module; each call loads it anew."""
    file = ROOT / path
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[file.stem] = module  # where dataclasses look for the module of a class
    spec.loader.exec_module(module)
    return module


class GuideFolder:
    """A small site of one language in a folder of its own."""

    def __init__(self, folder: Path):
        self.folder = folder
        (folder / "docs").mkdir()
        shutil.copy(ROOT / "data" / "targets.yml", folder)
        (folder / "mkdocs.yml").write_text(MKDOCS.format(targets="targets.yml"))

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

    def committed(self) -> dict[str, bytes]:
        """The files that a run must not change: all but the scratch folder's and caches'."""
        files = (path for path in self.folder.rglob("*") if path.is_file() and not {".guide", "__pycache__"} & set(path.parts))
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in files if path.name != "seen"}

    def guide(self, *arguments: str, timeout_s: float = 3600, reuse: bool = False, **env: str) -> Ran:
        """``./guide --config … ARGUMENTS``, in the environment that the tests run in."""
        # A test has to see what is done, not what an earlier one has done; those on states say otherwise.
        fresh = ["--no-reuse"] if arguments[:1] == ("verify",) and not reuse else []
        # A second process for a second page takes longer to start than the small pages of most tests take to run.
        fresh += ["--jobs", "1"] if arguments[:1] == ("verify",) and "--jobs" not in arguments else []
        command = [sys.executable, "-m", "checks", "--config", str(self.folder / "mkdocs.yml"), *arguments, *fresh]
        done = subprocess.run(
            command, cwd=self.folder, capture_output=True, text=True, timeout=timeout_s, stdin=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": str(ROOT), **env},
        )  # fmt: skip
        found = {}
        for path in (self.folder / "evidence").glob("*/**/*.json"):
            found[path.stem] = json.loads(path.read_text())
        return Ran(done.returncode, done.stdout + done.stderr, found)


def fence(snippet_id, code, **attributes):
    """A bash snippet in Markdown, its attributes given without their ``data-``."""
    words = "".join(f' data-{key}="{value}"' for key, value in attributes.items())
    return f"```bash {{#{snippet_id}{words}}}\n{code}\n```\n\n"


def page(name: str, *codes: str, after: str | None = None, **more) -> Page:
    """A VM page of bash snippets with the ids s0, s1, … without a file."""
    path = Path(f"docs/{name}.md")
    snippets = tuple(Snippet(name, f"s{n}", "bash", code, path, n, n) for n, code in enumerate(codes))
    return Page(name, "en", path, name, machine="vm", after=after, snippets=snippets, **more)


def guide(*pages: Page) -> Guide:
    """A guide of these pages."""
    return Guide(("en",), {("en", page.name): page for page in pages})


def one_language(folder: Path, pages: dict[str, str]) -> Config:
    """A guide of one language, with the site's Markdown settings, its macros, and the targets debian-13 and ubuntu-24.04."""
    settings = f"""
        INHERIT: {os.path.relpath(ROOT / "mkdocs.yml", folder)}
        docs_dir: docs
        nav: null
        theme: {{language: en}}
        extra: {{checks: {{languages: null, programs: [], at_end: []}}}}
    """
    (folder / "mkdocs.yml").write_text(dedent(settings))
    (folder / "data").mkdir()
    (folder / "data" / "targets.yml").write_text(TARGETS)
    return _with_pages(folder, {"docs": pages})


def two_languages(folder: Path, pages: dict[str, dict[str, str]]) -> Config:
    """A guide in en and zh; ``pages``: language -> name -> text. It has the site's theme."""
    for language, inherited in (("zh", "mkdocs.yml"), ("en", "mkdocs.en.yml")):
        names = [f"{name}.md" for name in pages[language]]
        settings = f"""
            INHERIT: {os.path.relpath(ROOT / inherited, folder)}
            docs_dir: docs/{language}
            nav: {json.dumps(names)}
            extra: {{checks: {{programs: [], at_end: []}}}}
        """
        (folder / inherited).write_text(dedent(settings))
    shutil.copytree(ROOT / "theme", folder / "theme")
    (folder / "data").mkdir()
    (folder / "data" / "targets.yml").write_text(TARGETS)
    return _with_pages(folder, {f"docs/{language}": texts for language, texts in pages.items()})


def small_guide(folder: Path) -> Config:
    """The pages of site_docs/: every kind of fence, in two languages."""
    texts = {
        language: {
            path.relative_to(DOCS / language).with_suffix("").as_posix(): path.read_text()
            for path in sorted((DOCS / language).rglob("*.md"))
        }
        for language in ("en", "zh")
    }
    texts = {language: {"index": pages.pop("index"), **pages} for language, pages in texts.items()}
    return two_languages(folder, texts)


def _with_pages(folder: Path, pages: dict[str, dict[str, str]]) -> Config:
    for docs, texts in pages.items():
        for name, text in texts.items():
            file = folder / docs / f"{name}.md"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text.encode() if isinstance(text, str) else text)
    return configuration.load(folder / "mkdocs.yml")


def errors(config: Config) -> list[str]:
    """What reading the guide complains of."""
    try:
        read_guide(config)
    except PageErrors as found:
        return [str(problem) for problem in found.problems]
    return []


def assert_told(folder: Path, text: str, expected: str) -> None:
    """A page below a head is refused with "LINE: words" or "words", among others; with no words expected, it is read."""
    found = errors(one_language(folder, {"x": HEAD + text + "\n"}))
    if not expected:
        assert found == []
        return
    line, colon, words = expected.partition(": ") if expected[0].isdigit() else ("", "", expected)
    assert [error for error in found if words in error and error.startswith(f"docs/x.md:{line}{colon}")], found


def evidence(config: Config, guide: Guide, target: str = "debian-13") -> None:
    """Keep a run of every page, by the runner's own writer; the snippets printed what the pages expect."""
    made = load_targets(config)[target]
    boot = 0
    for page in guide.primary:
        outcomes = []
        for snippet in page.snippets:
            if skip_reason(snippet, target) is not None:
                continue
            before, boot = boot, boot + bool(snippet.expect)
            outcome = Outcome(snippet.id, snippet.sha256, ran_at="2026-01-02T03:04:06Z")
            outcome.exit_status, outcome.seconds = snippet.exit_status, 0.25
            outcome.output = expected.text.encode() if (expected := snippet.output_for(target)) else b""
            boots = (f"boot-{before}", f"boot-{boot}") if snippet.on is None else ("boot-of-peer", "boot-of-peer")
            outcome.boot_id_before, outcome.boot_id_after = boots
            if snippet.expect == "panic":
                outcome.panic = "sysrq triggered crash"
            if snippet.expect == "crash":
                if snippet.dump:
                    outcome.dump = {"path": "/var/crash/1/dump.1", "bytes": 1234567, "magic": "4b44554d50"}
                outcome.panic = "Kernel panic - not syncing: sysrq triggered crash"
                outcome.stages = {"panicked": 0.1, "capturing": 0.15, "coming back": 0.2, "back": 0.25}
            outcomes.append(outcome)
        if page.machine:
            run = PageRun(
                page=page.name, target=target, image="sha256:0", recipe="0", emulator="QEMU 10", accelerator="TCG",
                kernel="6.12", started="2026-01-02T03:04:05Z", seconds=12.5, packages={"kdump-tools": "1.10"}, archive="2026-01-01",
                outcomes=outcomes, console='{"version": 2}\n[0.1, "o", "booting\\r\\n"]\n',
            )  # fmt: skip
            write_evidence(config.evidence_dir, run, page, snippet_fingerprints(guide, page, made), made)
