"""What differs between the releases stands nowhere without its release; the data of the releases is whole."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
import yaml
from guides import ROOT, this_config, this_guide

from checks.model import Page, meant_for
from checks.pages.macros import RELEASE_BLOCK
from checks.pages.reader import read_guide
from checks.pages.references import RELEASES, Traces, load_sources, load_traces, stands_in
from checks.pages.rules import release_blocks
from checks.targets import load_targets

CONFIG = this_config()
TARGETS = tuple(load_targets(CONFIG))
SHOWN = "debian-13"  # whose run fills the outputs that name no release
# Words that many sentences have for another reason than a release, such as "6.12" and "y", say nothing here.
_TELLING = re.compile(r"(?=.*\d).{6,}")
OTHER_ARCHITECTURE = re.compile(r"\b(?:arm64|ppc64(?:el|le)?|s390x)\b")


@pytest.fixture(scope="module")
def guide():
    return this_guide()


def test_every_target_has_its_age_and_its_column():
    assert sorted(CONFIG.oldest_first) == sorted(TARGETS)
    data = yaml.safe_load((ROOT / RELEASES).read_text())
    assert sorted(data["columns"]) == sorted(TARGETS)


def test_every_source_is_named_somewhere(guide):
    """By a page, or by a file of data/."""
    named = {macro.arguments[0] for page in guide.pages.values() for macro in page.macros if macro.name == "documented"}
    data = "\n".join(file.read_text() for file in (ROOT / "data").glob("*.yml") if file.name != "sources.yml")
    assert [key for key in load_sources(CONFIG) if key not in named and not re.search(rf"source: {re.escape(key)}\b", data)] == []


def names_a_release(line: str, targets: list[str]) -> bool:
    """Whether the line names one of the releases: "Debian 13", "Debian 12, 13", "Debian 12 和 13"."""
    for target in targets:
        family, _, version = target.partition("-")
        if re.search(rf"{family}\b[^.;|。；]*?(?<![\d.]){re.escape(version)}(?![\d.]*\d)", line, re.IGNORECASE):
            return True
    return False


def bare_values(page: Page, traces: list[Traces]) -> Iterator[str]:
    """The lines of a page's prose and of its snippets with a value that only some releases have, and without these releases' names.

    A line is a paragraph, an item of a list, or a row of a table. The first row of a table may name the releases for all rows,
    and the line above a snippet for the snippet. The values are those of amd64: a row on another architecture has its own.
    """
    blocks = [macro for macro in page.macros if macro.name == RELEASE_BLOCK]
    lines, above, head = [], {}, ""
    for number, line in enumerate(page.prose_lines, 1):
        head = (head or line) if line.startswith("|") else ""
        above[number] = line or above.get(number - 1, "")
        if line and not (head and OTHER_ARCHITECTURE.search(line)):
            lines.append((number, line, head, TARGETS))
    lines += [
        (snippet.line + 1 + number, line, above[snippet.line], tuple(name for name in TARGETS if meant_for(snippet.targets, name)))
        for snippet in page.snippets
        for number, line in enumerate(snippet.code.split("\n"))
    ]
    for number, line, context, meant in lines:
        around = release_blocks.around(page.prose_lines, blocks, number)
        readers = [name for name in meant if around is None or meant_for(around.arguments, name)]
        for row in traces:
            for word in sorted(set().union(*row.values())):
                having = [name for name in row if word in row[name]]
                if not _TELLING.fullmatch(word) or len(having) == len(row) or not stands_in(word, re.sub(r"\[\[\[.*?\]\]\]", "", line)):
                    continue
                if not set(readers) <= set(having) and not names_a_release(f"{context}\n{line}", having):
                    yield f"{page.path}:{number}: {word} is that of {', '.join(having)} only"


def test_no_value_that_differs_between_releases_stands_without_its_release(guide):
    traces = load_traces(CONFIG)
    assert [line for page in guide.pages.values() for line in bare_values(page, traces)] == []


def test_an_output_without_a_release_is_that_of_debian_13(guide):
    """A run on another target may write its own sizes and names into such outputs (--update): the kernel's release gives it away."""
    kernels = {
        target: {
            re.sub(r"-[a-z].*", "", kernel)
            for file in (ROOT / "evidence" / target).rglob("*.json")
            if (kernel := json.loads(file.read_text())["kernel"])
        }
        for target in TARGETS
    }
    strangers = set().union(*(found for target, found in kernels.items() if target != SHOWN)) - kernels[SHOWN]
    assert len(strangers) > 1
    assert [
        f"{page.path}:{output.line}: {kernel}"
        for page in guide.pages.values()
        for snippet in page.snippets
        if meant_for(snippet.targets, SHOWN)
        for output in snippet.outputs
        for kernel in sorted(strangers)
        if "*" in output.targets and kernel in output.text
    ] == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("It reserves 192 MiB.", True),
        ("Debian 13 reserves 192 MiB.", False),
        ("Debian 12 and 13 reserve 192 MiB.", False),
        ("Debian 12 reserves 192 MiB.", True),
        ("Ubuntu 22.04: 192 MiB", False),
        ('<div data-target="debian-13" markdown>\n\nIt reserves 192 MiB.\n\n</div>', False),
        ('<div data-target="debian-*" markdown>\n\nIt reserves 192 MiB.\n\n</div>', True),
        ("```bash {#s}\necho crashkernel=512M-:192M\n```", True),
        ('```bash {#s data-target="debian-13"}\necho crashkernel=512M-:192M\n```', False),
        ("| Debian 13 | 192 MiB |", False),
        ("It reserves 1192 MiB.", False),
    ],
)
def test_what_counts_as_bare(text, found, tmp_path):
    from guides import HEAD, one_language

    config = one_language(tmp_path, {"x": HEAD + text + "\n"})
    (tmp_path / "data" / "targets.yml").write_text((ROOT / "data" / "targets.yml").read_text())
    page = read_guide(config).pages["en", "x"]
    assert bool(list(bare_values(page, load_traces(CONFIG)))) == found
