"""Small guides for the tests of the site: made in a temporary folder, with the site's own settings."""

from __future__ import annotations

import json
import os
from pathlib import Path
from textwrap import dedent

from checks import config as configuration
from checks.config import Config
from checks.model import Guide, PageErrors
from checks.snippets import read_guide

ROOT = Path(__file__).parent.parent
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
    (folder / "data" / "targets.yml").write_text("debian-13: {label: Debian 13}\nubuntu-24.04: {label: Ubuntu 24.04 LTS}\n")
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
    (folder / "data" / "targets.yml").write_text("debian-13: {label: Debian 13}\nubuntu-24.04: {label: Ubuntu 24.04 LTS}\n")
    return _with_pages(folder, {f"docs/{language}": texts for language, texts in pages.items()})


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


def evidence(config: Config, guide: Guide, target: str = "debian-13", **changes: object) -> None:
    """Write evidence as a run would, for every page; the snippets printed what the pages expect."""
    boot = 0
    for page in guide.primary:
        entries = []
        for snippet in page.snippets:
            if snippet.skip is not None:
                continue
            before, boot = boot, boot + bool(snippet.expect)
            entry = {
                "id": snippet.id, "sha256": snippet.sha256, "chain": "0", "ran_at": "2026-01-02T03:04:05Z",
                "exit_status": snippet.exit_status, "seconds": 0.25,
                "output": snippet.output.text if snippet.output else "",
                "boot_id_before": f"boot-{before}", "boot_id_after": f"boot-{boot}",
            }  # fmt: skip
            if snippet.expect == "crash":
                entry["dump"] = {"path": "/var/crash/1/dump.1", "bytes": 1234567, "magic": "4b44554d50"}
            entries.append(entry)
        data = {
            "target": target, "image": "sha256:0", "recipe": "0", "emulator": "QEMU 10", "accelerator": "TCG",
            "packages": {"kdump-tools": "1.10"}, "kernel": "6.12", "started": "2026-01-02T03:04:05Z",
            "seconds": 12.5, "snippets": entries, **changes,
        }  # fmt: skip
        file = config.evidence_dir / target / f"{page.name}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(data))
