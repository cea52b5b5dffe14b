"""data/ubuntu_packages.yml names each package that the recipes and the pages use on Ubuntu, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from guides import this_config, this_guide
from ubuntu_archive import component_of
from ubuntu_packages import components, load_groups

from checks.model import Page, PageErrors, meant_for
from checks.pages.macros import RELEASE_BLOCK
from checks.pages.references import load_sources
from checks.pages.rules import release_blocks
from checks.targets import COMMON, EMULATOR, IMAGE_FILES, VM, Target, load_targets

CONFIG = this_config()
TARGETS = load_targets(CONFIG)
UBUNTU = [name for name, target in TARGETS.items() if target.family == "ubuntu"]
_INSTALL = re.compile(r"\bapt(?:-get)?(?: -[-\w]+)* install((?: +[^\s;|&`]+)+)")
_NAME = re.compile(r"[a-z0-9][a-z0-9+.-]+")  # so no option, and no name with a variable in it


@pytest.fixture(scope="module")
def guide():
    return this_guide()


@pytest.fixture(scope="module")
def listed():
    return components(CONFIG, TARGETS)


def installed(text: str) -> set[str]:
    """The names of packages in the commands of apt that stand in the text."""
    return {word for found in _INSTALL.finditer(text) for word in found[1].split() if _NAME.fullmatch(word)}


def of_recipe(target: Target) -> set[str]:
    """What the images of this target are made of, the tool that makes them, and what pages install from the pool."""
    names = {*COMMON, *VM, *target.packages, *target.pool, *target.analysis, target.kernel}
    names |= installed((IMAGE_FILES / "inside.sh").read_text())
    if any(TARGETS[other].emulator == target.name for other in UBUNTU):
        names |= {*EMULATOR}
    return {name for name in names if "{" not in name}


def of_page(page: Page, target: str) -> set[str]:
    """What a reader of the page on this release is told to install, by a snippet or within a sentence."""
    # A snippet that apt refuses, such as one with a name that does not exist, has another status than 0.
    texts = [snippet.code for snippet in page.snippets if meant_for(snippet.targets, target) and snippet.exit_status == 0]
    texts += [code for line in lines_for(page, target) for code in re.findall(r"`([^`]+)`", line)]
    return set().union(*map(installed, texts))


def lines_for(page: Page, target: str) -> Iterator[str]:
    """The lines of prose that a reader of this release sees."""
    blocks = [macro for macro in page.macros if macro.name == RELEASE_BLOCK]
    for number, line in enumerate(page.prose_lines, 1):
        around = release_blocks.around(page.prose_lines, blocks, number)
        if around is None or meant_for(around.arguments, target):
            yield line


@pytest.mark.parametrize("target", UBUNTU)
def test_each_name_that_recipes_and_pages_use_is_listed_and_no_other(target, guide, listed):
    used = of_recipe(TARGETS[target]).union(*(of_page(page, target) for page in guide.pages.values()))
    assert sorted(used - set(listed[target])) == [], "used and not listed in data/ubuntu_packages.yml"
    assert sorted(set(listed[target]) - used) == [], "listed in data/ubuntu_packages.yml and not used"


@pytest.mark.parametrize("target", UBUNTU)
def test_a_page_that_installs_what_a_release_lacks_says_so_for_that_release(target, guide, listed):
    """The snippet is the same for all releases, so a block of the page tells the readers of this one what to leave out."""
    lacking = {name for name, component in listed[target].items() if component == "none"}
    assert not lacking & of_recipe(TARGETS[target])
    for page in guide.pages.values():
        for name in lacking & of_page(page, target):
            blocks = [macro for macro in page.macros if macro.name == RELEASE_BLOCK and meant_for(macro.arguments, target)]
            own = [block for block in blocks if not meant_for(block.arguments, "debian-13")]
            lines = enumerate(page.prose_lines, 1)
            told = [line for number, line in lines if release_blocks.around(page.prose_lines, own, number) and f"`{name}`" in line]
            assert told, f"{page.path} installs {name}, which {target} does not have, and no block for {target} says so"


@pytest.mark.parametrize(
    ("group", "line", "text"),
    [
        ("component: restricted\n  names: [a1]\n  source: ubuntu-packages", 2, "expected main or universe or none, found 'restricted'"),
        ("component: main\n  names: [a1]", 1, "expected a source, or `unread: true`"),
        ("component: main\n  names: [a1]\n  unread: true", 1, "expected a source, or `unread: true`"),
        ("component: main\n  names: [a1]\n  source: nowhere", 4, "expected a key of data/sources.yml, found 'nowhere'"),
        ("component: main\n  names: [a1, b2, a1]\n  source: ubuntu-packages", 3, "expected a1 once for ubuntu-24.04"),
        ("component: main\n  names: [--purge]\n  source: ubuntu-packages", 3, "expected the name of a package"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(group, line, text):
    with pytest.raises(PageErrors) as caught:
        load_groups(f"- releases: [ubuntu-24.04]\n  {group}\n", load_sources(CONFIG), TARGETS)
    assert str(caught.value).startswith(f"data/ubuntu_packages.yml:{line}: ") and text in str(caught.value)


def test_the_rehearsal_puts_each_package_where_the_file_has_it():
    known = {"zz": "main", "aa": "universe"}
    assert [component_of(name, known) for name in ("zz", "aa")] == ["main", "universe"]
    assert {component_of(name, known) for name in ("b", "c")} == {"main", "universe"}, "what the file does not name lies in both"
