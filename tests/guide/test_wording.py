"""Wording that the review found wrong on many pages, and labels without which a reader of another release is misled."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from guides import ROOT, this_guide

from checks.mkdocs_yml import read_yaml
from checks.model import Page

# What neither code nor an address is: as in checks/pages/glossary.py.
NO_PROSE = re.compile(r"`[^`]*`|\]\([^)]*\)|<[^>]*>|\{[^}]*\}|\[\[\[.*?\]\]\]")

# "five words" in a sentence about parameters. A kernel is started with parameters, a program with arguments.
COUNTED_WORDS = (
    r"\b(?:the|these|those|a few|two|three|five|six|more|one) words?\b"
    r"(?=[^.]*\b(?:parameter|command line|capture kernel)\b)"
)

# language -> (what is wrong, as a regular expression; what to write instead)
WRONG: dict[str, list[tuple[str, str]]] = {
    "en": [
        (r"\bstand(?:s|ing)? still\b", "hang, hangs, hanging"),
        (r"\bfor ever\b", "what happens until when: 'until somebody resets it'"),
        (r"\bunconfirmed\b", "a source, by the macro documented()"),
        # A kernel is started with parameters, a program with arguments.
        (r"\bwords? (?:on|of|to) (?:the|its|this) (?:kernel'?s? )?command line\b", "parameter"),
        (COUNTED_WORDS, "parameter"),
    ],
    "zh": [
        (r"实跑", "实测, or 运行 for a single run"),
        (r"未经验证|未经实测\b", "a source, by the macro documented()"),
        (r"手工", "手动"),
        (r"没有谁", "没有程序, 没有人, or a sentence without 谁"),
        (r"制作(?:它的|自己的|捕获内核的?|新的)?\s*initramfs", "生成"),
        # 发行版 is a distribution, as Debian and Ubuntu are. What they release are 版本.
        (r"(?:各|其他|某个|哪个|同一|四个|六个|更早的|较旧的|较新的|旧|老|新|自己的)发行版(?!本)", "版本"),
    ],
}

# A sentence that speaks of packages, file systems or modules may say 卸载; a kernel is 卸下.
UNINSTALL = re.compile(r"卸载")
UNINSTALLS = re.compile(r"安装|软件包|文件系统|挂载|模块|`?apt|purge|remove|dpkg|配置文件|停用与卸载|umount|清除")
OTHER_ARCHITECTURE = re.compile(r"\b(?:arm64|aarch64|ppc64(?:el|le)?|s390x|riscv64)\b|\bPOWER\b|\bIBM Z\b")
SOURCED = re.compile(r"\[\[\[ documented\(|\]\(")
RELEASE = re.compile(r"\b(?:Debian|Ubuntu) \d|\b(?:12|13|14|22\.04|24\.04|26\.04)\b|RHEL|Red Hat")


@pytest.fixture(scope="module")
def guide():
    return this_guide()


def prose(page: Page) -> Iterator[tuple[int, str]]:
    """Line number and text of each line of a page that is prose; the front matter and code blocks are empty lines."""
    yield from ((number, line) for number, line in enumerate(page.prose_lines, 1) if line.strip())


@pytest.mark.parametrize("language", sorted(WRONG))
def test_no_page_has_wording_that_is_known_to_be_wrong(guide, language):
    found = [
        f"{page.path}:{number}: {match[0]!r}: write {instead}"
        for page in guide.of(language)
        for number, line in prose(page)
        for wrong, instead in WRONG[language]
        for match in re.finditer(wrong, NO_PROSE.sub(" ", line), re.IGNORECASE)
    ]
    assert found == []


def test_a_kernel_is_not_uninstalled(guide):
    found = [
        f"{page.path}:{number}: {sentence.strip()}: 卸下 for a kernel, 卸载 for a package or a file system"
        for page in guide.of("zh")
        for number, line in prose(page)
        for sentence in re.split(r"[。；：！？|]", line)
        if UNINSTALL.search(NO_PROSE.sub(" ", sentence)) and not UNINSTALLS.search(sentence)
    ]
    assert found == []


def test_what_is_said_of_other_architectures_has_a_source(guide):
    """No run of this guide is on another architecture than amd64. The source of a table may be named in the line before it."""
    found = []
    for page in guide.pages.values():
        before = ""
        for number, line in prose(page):
            before = before if line.startswith("|") else line
            match = OTHER_ARCHITECTURE.search(line)
            if match and not line.startswith("#") and not SOURCED.search(before + line):
                found.append(f"{page.path}:{number}: {match[0]}: expected documented(), or a link to where it is told")
    assert found == []


def test_a_default_of_crashkernel_is_not_shown_without_its_release(guide):
    """In prose the line or its table names the release; an output has its targets."""
    releases = read_yaml(ROOT / "data" / "crashkernel.yml")["releases"]
    defaults = {known["value"] for each in releases for known in each["architectures"].values() if known["value"]}
    found = []
    for page in guide.pages.values():
        labelled = labelled_lines(page)
        for number, line in prose(page):
            for value in defaults:
                if value in line and number not in labelled:
                    found.append(f"{page.path}:{number}: {value}: expected the release that has this default")
        for snippet in page.snippets:
            for output in snippet.outputs:
                if output.targets == ("*",) and any(f"crashkernel={value}" in output.text for value in defaults):
                    found.append(f"{page.path}:{output.line}: the output of {snippet.id} has a release's default: expected data-target")
    assert found == []


def labelled_lines(page: Page) -> set[int]:
    """The numbers of the lines that name a release, of the tables with such a head, and of what is in a block for releases."""
    labelled, in_table, depth = set(), False, 0
    for number, line in enumerate(page.prose_lines, 1):
        depth += line.startswith("<div data-target") - (line.startswith("</div>") and depth > 0)
        named = bool(RELEASE.search(line))
        in_table = line.startswith("|") and (named or in_table)
        if named or in_table or depth:
            labelled.add(number)
    return labelled
