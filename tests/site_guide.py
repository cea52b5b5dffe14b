"""Small guides for the tests of the site: made in a temporary folder, with the site's own settings."""

from __future__ import annotations

import json
import os
from pathlib import Path
from textwrap import dedent

from checks import config as configuration
from checks import evidence as records
from checks import plan
from checks.config import Config
from checks.images import target as targets
from checks.model import Guide, PageErrors
from checks.session import Outcome
from checks.snippets import read_guide

ROOT = Path(__file__).parent.parent
DOCS = Path(__file__).parent / "site_docs"
TARGETS = """\
debian-13: {family: debian, suite: trixie, label: Debian 13, kernel: k, emulator: debian-13, memory: 2G, disk: 8G}
ubuntu-24.04: {family: ubuntu, suite: noble, label: Ubuntu 24.04 LTS, kernel: k, emulator: debian-13, memory: 3G, disk: 8G}
"""
HEAD = "---\nmachine: container\n---\n"


def one_language(folder: Path, pages: dict[str, str]) -> Config:
    """A guide of one language, with the site's Markdown settings, its macros, and the targets debian-13 and ubuntu-24.04."""
    settings = f"""
        INHERIT: {os.path.relpath(ROOT / "mkdocs.yml", folder)}
        docs_dir: docs
        nav: null
        theme: {{language: en}}
        extra: {{checks: {{languages: null}}}}
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
        """
        (folder / inherited).write_text(dedent(settings))
    (folder / "theme").symlink_to(ROOT / "theme")
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


def evidence(config: Config, guide: Guide, target: str = "debian-13") -> None:
    """Keep a run of every page, by the runner's own writer; the snippets printed what the pages expect."""
    made = targets.load(config)[target]
    boot = 0
    for page in guide.primary:
        outcomes = []
        for snippet in page.snippets:
            if plan.skip_reason(snippet, target) is not None:
                continue
            before, boot = boot, boot + bool(snippet.expect)
            outcome = Outcome(snippet.id, snippet.sha256)
            outcome.exit_status, outcome.seconds = snippet.exit_status, 0.25
            outcome.output = expected.text.encode() if (expected := snippet.output_for(target)) else b""
            outcome.boot_id_before, outcome.boot_id_after = f"boot-{before}", f"boot-{boot}"
            if snippet.expect == "crash":
                outcome.dump = {"path": "/var/crash/1/dump.1", "bytes": 1234567, "magic": "4b44554d50"}
                outcome.panic = "Kernel panic - not syncing: sysrq triggered crash"
            outcomes.append(outcome)
        if page.machine:
            run = records.PageRun(
                page=page.name, target=target, image="sha256:0", recipe="0", emulator="QEMU 10", accelerator="TCG",
                kernel="6.12", started="2026-01-02T03:04:05Z", seconds=12.5, packages={"kdump-tools": "1.10"},
                outcomes=outcomes, console='{"version": 2}\n[0.1, "o", "booting\\r\\n"]\n',
            )  # fmt: skip
            records.write(config.evidence_dir, run, page, plan.chains(guide, page, made), made)
