"""Generated sites of trivial snippets, and the same snippets as input for the other programs that are measured."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

TRIVIAL = (("true", None), ("echo x", "x"))  # (command, what the command prints)

# The fewest settings that ./guide verify works with: one language, the fence formatter, and the targets of the measured guide.
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
"""Runs each bash fence of Markdown pages in a bash of its own; an exit status other than 0 is a failure."""

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
    """The size of a generated site. With ``distinct`` no two snippets are equal, so that each of them is linted."""

    pages: int
    snippets: int  # on each page
    distinct: bool = False

    @property
    def total(self) -> int:
        """The number of snippets on all pages."""
        return self.pages * self.snippets


def codes(shape: Shape, name: str = "") -> Iterator[tuple[str, str | None]]:
    """The commands of the page ``name`` in order, each with what the command prints, or None where that is nothing."""
    if shape.distinct:
        return ((f"echo {name} {number}", f"{name} {number}") for number in range(shape.snippets))
    return (TRIVIAL[number % len(TRIVIAL)] for number in range(shape.snippets))


def page(name: str, shape: Shape) -> str:
    """The Markdown of one page: fences with ids, each followed by an output where the command prints something."""
    rows = ["---", f"title: {name}", "machine: container", "---", "", f"# {name} {{#{name}}}", ""]
    for number, (code, output) in enumerate(codes(shape, name), 1):
        rows += [f"```bash {{#s{number}}}", code, "```", ""]
        rows += ["```text {.output}", output, "```", ""] if output else []
    return "\n".join(rows)


def site(folder: Path, shape: Shape, targets_file: Path) -> Path:
    """Write a site into ``folder``, which must not have a docs folder yet; returns the path of mkdocs.yml."""
    docs = folder / "docs"
    docs.mkdir(parents=True)
    for number in range(1, shape.pages + 1):
        (docs / f"p{number}.md").write_text(page(f"p{number}", shape))
    config = folder / "mkdocs.yml"
    shutil.copy(targets_file, folder / "targets.yml")
    config.write_text(MKDOCS.format(targets="targets.yml"))
    return config


def cram(folder: Path, shape: Shape) -> list[str]:
    """Write the input of cram into ``folder``, one file for each page; returns the files' names."""
    folder.mkdir(parents=True)
    rows = [line for code, output in codes(shape) for line in (f"  $ {code}", *([f"  {output}"] if output else []))]
    names = [f"p{number}.t" for number in range(1, shape.pages + 1)]
    for name in names:
        (folder / name).write_text("\n".join([*rows, ""]))
    return names


def sybil(folder: Path) -> None:
    """Write the conftest.py that runs the pages of ``site`` in ``folder`` with Sybil."""
    (folder / "conftest.py").write_text(SYBIL)


def one_bash_per_snippet(folder: Path, shape: Shape) -> Path:
    """Write a script that starts ``bash -c`` for each snippet; returns the script's path."""
    return _script(folder / "each.sh", (f"bash -c {shlex.quote(code)}" for _ in range(shape.pages) for code, _ in codes(shape)))


def one_bash_per_page(folder: Path, shape: Shape) -> Path:
    """Write a script that starts one bash for each page, which runs all snippets of the page; returns the script's path.

    What this script takes is the cost of the shell alone.
    """
    all_codes = "\n".join(code for code, _ in codes(shape))
    return _script(folder / "page.sh", (f"bash -c {shlex.quote(all_codes)}" for _ in range(shape.pages)))


def _script(path: Path, commands: Iterable[str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(["set -e", *commands, ""]))
    return path
