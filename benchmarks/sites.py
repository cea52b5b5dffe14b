"""A site of trivial snippets in a folder of its own, and the same snippets in the forms of the peers."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

TRIVIAL = (("true", None), ("echo x", "x"))  # a command, and what it prints

# The least that the checks need: one language, the fences as they are, the targets of the guide that is measured.
MKDOCS = """\
site_name: trivial snippets
theme: {{language: en}}
markdown_extensions:
  attr_list: {{}}
  pymdownx.superfences:
    preserve_tabs: true
    custom_fences:
      - name: "*"
        class: ""
        format: !!python/name:checks.site.hooks.format_fence
        validator: !!python/name:pymdownx.superfences.highlight_validator
extra:
  checks:
    targets: {targets}
"""
SYBIL = '''\
"""bash fences of Markdown pages, each run by a bash of its own; a status other than 0 fails."""

import re
import subprocess

from sybil import Sybil
from sybil.parsers.markdown.lexers import RawFencedCodeBlockLexer

fences = RawFencedCodeBlockLexer(re.compile(r"bash[^\\n]*$\\n", re.MULTILINE))


def evaluate(example):
    done = subprocess.run(["bash", "-c", example.parsed], capture_output=True, text=True)
    return f"exit status {done.returncode}: {done.stdout}{done.stderr}" if done.returncode else None


def parse(document):
    for region in fences(document):
        region.parsed, region.evaluator = region.lexemes["source"], evaluate
        yield region


pytest_collect_file = Sybil(parsers=[parse], pattern="*.md").pytest()
'''


@dataclass(frozen=True)
class Shape:
    """How much a generated site holds."""

    pages: int
    snippets: int  # a page
    distinct: bool = False  # no two snippets alike, as on real pages: each costs the linters something

    @property
    def total(self) -> int:
        return self.pages * self.snippets


def codes(shape: Shape, name: str = "") -> Iterator[tuple[str, str | None]]:
    """The commands of one page, in order, each with what it prints."""
    if shape.distinct:
        return ((f"echo {name} {number}", f"{name} {number}") for number in range(shape.snippets))
    return (TRIVIAL[number % len(TRIVIAL)] for number in range(shape.snippets))


def page(name: str, shape: Shape) -> str:
    """One page's Markdown: fences with ids, and outputs where something is printed."""
    rows = ["---", f"title: {name}", "machine: container", "---", "", f"# {name} {{#{name}}}", ""]
    for number, (code, output) in enumerate(codes(shape, name), 1):
        rows += [f"```bash {{#s{number}}}", code, "```", ""]
        rows += ["```text {.output}", output, "```", ""] if output else []
    return "\n".join(rows)


def site(folder: Path, shape: Shape, targets_file: Path) -> Path:
    """Write a whole site; returns its mkdocs.yml."""
    docs = folder / "docs"
    docs.mkdir(parents=True)
    for number in range(1, shape.pages + 1):
        (docs / f"p{number}.md").write_text(page(f"p{number}", shape))
    config = folder / "mkdocs.yml"
    shutil.copy(targets_file, folder / "targets.yml")
    config.write_text(MKDOCS.format(targets="targets.yml"))
    return config


def cram(folder: Path, shape: Shape) -> list[str]:
    """cram's files, one a page; returns their names."""
    folder.mkdir(parents=True)
    rows = [line for code, output in codes(shape) for line in (f"  $ {code}", *([f"  {output}"] if output else []))]
    names = [f"p{number}.t" for number in range(1, shape.pages + 1)]
    for name in names:
        (folder / name).write_text("\n".join([*rows, ""]))
    return names


def sybil(folder: Path) -> None:
    """Sybil's conftest.py beside the pages of ``site``."""
    (folder / "conftest.py").write_text(SYBIL)


def one_bash_each(folder: Path, shape: Shape) -> Path:
    """A script that runs ``bash -c`` once a snippet."""
    return _script(folder / "each.sh", (f"bash -c {shlex.quote(code)}" for _ in range(shape.pages) for code, _ in codes(shape)))


def one_bash_a_page(folder: Path, shape: Shape) -> Path:
    """A script that runs one bash a page, which runs all snippets of it: the shell's own cost, and nothing else."""
    whole = "\n".join(code for code, _ in codes(shape))
    return _script(folder / "page.sh", (f"bash -c {shlex.quote(whole)}" for _ in range(shape.pages)))


def _script(path: Path, commands: Iterable[str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(["set -e", *commands, ""]))
    return path
