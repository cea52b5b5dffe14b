"""The seven kinds of YAML that people write: what each refuses, at which line, in which words."""

# ruff: noqa: E501  what is expected stands as it is, in one line

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from guides import evidence, small_guide

from checks import config as configuration
from checks.config import Config
from checks.mkdocs_yml import read_yaml
from checks.model import GuideError
from checks.pages import glossary
from checks.pages.glossary import load_terms
from checks.pages.reader import read_guide
from checks.pages.references import SOURCES, load_sources
from checks.pages.shapes import Shapes
from checks.site import context
from checks.site.facts import files as fact_files
from checks.strict_yaml import Document
from checks.targets import load_targets

FACTS = "data/facts.yml"


def _facts(config: Config) -> None:
    fact_files.load(context.context_of(config, read_guide(config), "en"), FACTS)


# Of each kind: the file, and what reads it. The front matter is between two lines of dashes.
KINDS: dict[str, tuple[str, Callable[[Config], object]]] = {
    "mkdocs": ("mkdocs.yml", lambda config: configuration.load(config.file)),
    "page": ("docs/en/index.md", read_guide),
    "targets": ("data/targets.yml", load_targets),
    "shapes": ("data/shapes.yml", lambda config: Shapes.load(config.shapes_file)),
    "facts": (FACTS, _facts),
    "sources": (str(SOURCES), load_sources),
    "glossary": (str(glossary.FILE), lambda config: load_terms(config, read_guide(config))),
}
TARGET = "debian-13:\n  {}family: debian\n  suite: trixie\n  label: Debian 13\n  kernel: linux-image-amd64\n  emulator: debian-13\n  memory: {}\n  disk: 8G\n"
GOOD = TARGET.format("", "2G")
FACT = "sources: claims\ncolumns: [debian-13]\nrows:\n  - id: tool\n    name: tool\n    source: here\n    cells:\n      debian-13:\n        value: {}\n"
TERM = "- id: mill\n  group: water\n  en: {{term: mill, text: {}}}\n  zh: {{term: 磨坊, text: 碾磨}}\n"
KNOWN_OF_TARGET = "family, suite, label, kernel, emulator, memory, disk, pool, packages, analysis, wheels, image, dumps_of"
KNOWN_OF_PAGE = "title, description, machine, after, dumps, programs, memory, firmware, peer, symbols, read_against, hide, search"
LINES = "expected `key: value` lines"

WRONG = {
    "mkdocs": [
        ("extra:\n  checks:\n    colour: red\n", "3: extra.checks.colour: unknown key (known: languages, targets, shapes, evidence, dumps, programs, at_end, always_run, packages, oldest_first, states, limits)"),
        ("extra:\n  checks:\n    targets: 1.10\n", "3: extra.checks.targets: expected text, found the number 1.10: put it in quotes"),
        ("extra:\n  checks:\n    dumps: /var/crash\n", "3: extra.checks.dumps: expected a list, found '/var/crash'"),
        ("extra:\n  checks:\n    dumps:\n      - crash\n", "4: extra.checks.dumps.1: expected an absolute path on the machine, such as /var/crash/*/dump.*, found 'crash'"),
        ("extra:\n  checks:\n    limits: {page_minutes: 0}\n", "3: extra.checks.limits.page_minutes: expected a number above 0, found the number 0"),
        ("extra:\n  checks:\n    limits: {run_minutes: .inf}\n", "3: extra.checks.limits.run_minutes: expected a number, found the number .inf"),
        ("extra:\n  checks:\n    states: {gib: 0}\n", "3: extra.checks.states.gib: expected a number above 0, found the number 0"),
        ("extra:\n  checks:\n    states: {days: .inf}\n", "3: extra.checks.states.days: expected a number, found the number .inf"),
        ("extra:\n  checks:\n    states: {days: true}\n", "3: extra.checks.states.days: expected a number, found the boolean true"),
        *((f"extra:\n  checks:\n    evidence: {path}\n", f"3: extra.checks.evidence: expected a path below the folder of mkdocs.yml, such as data/targets.yml, found '{path}'") for path in ("../x", "a/../../x", "/etc", ".git/hooks", ".", "a/../.guide")),
        ("extra:\n  checks:\n    languages: {e n: mkdocs.yml}\n", "3: extra.checks.languages.e n: expected a language such as en or zh-Hans, found the key 'e n'"),
        ("extra:\n  checks: [a]\n", f"2: extra.checks: {LINES}, found a list"),
        ("docs_dir: 5\n", "1: docs_dir: expected text, found the number 5: put it in quotes"),
        ("docs_dir: nowhere\n", "1: docs_dir: there is no folder FOLDER/nowhere"),
        ("extra: {}\nextra: {}\n", "2: expected the key extra once, found it on line 1 and here"),
        ("extra: &a {}\n", "1: expected a value, found the anchor &a: drop it, a guide needs no aliases"),
        ("INHERIT: mkdocs.yml\n", "1: INHERIT: expected a file that does not lead back here, found 'mkdocs.yml'"),
        ("INHERIT: 5\n", "1: INHERIT: expected the path of a file, found the number 5"),
        ("- a\n", f"1: {LINES}, found a list"),
    ],
    "page": [
        ("colour: red\n", f"2: colour: unknown key (known: {KNOWN_OF_PAGE})"),
        ("title: 1.10\n", "2: title: expected text, found the number 1.10: put it in quotes"),
        ("title: 2026-01-02\n", "2: title: expected text, found the date 2026-01-02: put it in quotes"),
        ("title:\n", "2: title: expected text, found nothing"),
        ("hide: [1]\n", "2: hide.1: expected navigation or toc or path or footer or feedback, found the number 1"),
        ("search: {boost: high}\n", "2: search.boost: expected a number, found 'high'"),
        ("machine: vm\nmemory: 3\n", "3: memory: expected a size like 3G or 1536M, from 256M to 8G, found the number 3"),
        ("machine: vm\nmemory: 20G\n", "3: memory: expected a size like 3G or 1536M, from 256M to 8G, found '20G'"),
        ("machine: vm\nafter: [x]\n", "3: after: expected text, found a list"),
        ("machine: vm\nafter: x.md\n", "3: after: expected the name of a page, without .md, like install/verify, found 'x.md'\ndocs/en/index.md:3: after: there is no page x.md in en"),
        ("title: a\ntitle: b\n", "3: front matter: expected the key title once, found it on line 2 and here"),
        ("title: &a x\n", "2: front matter: expected a value, found the anchor &a: drop it, a guide needs no aliases"),
        ("title: *a\n", "2: front matter: expected a value, found the alias *a: write the value out, a guide needs no aliases"),
        ("title: 2026-13-45\n", "2: front matter: not YAML: the date 2026-13-45 cannot be read as such: put it in quotes"),
        ("title: !x y\n", "2: front matter: not YAML: unknown tag !x: a guide needs no tags"),
        ("- a\n", f"2: front matter: {LINES}, found a list"),
        ("words\n", f"2: front matter: {LINES}, found 'words'"),
    ],
    "targets": [
        (TARGET.format("colour: red\n  ", "2G"), f"2: debian-13.colour: unknown key (known: {KNOWN_OF_TARGET})"),
        (GOOD.replace("Debian 13", "13"), "4: debian-13.label: expected text, found the number 13: put it in quotes"),
        (GOOD.replace("  suite: trixie\n", ""), "1: debian-13: expected the key suite, found no such key"),
        (GOOD.replace("suite: trixie", "suite: ../x"), "3: debian-13.suite: expected the name of a suite, such as trixie, found '../x'"),
        (GOOD.replace("family: debian", "family: suse"), "2: debian-13.family: expected debian or ubuntu, found 'suse'"),
        (GOOD.replace("emulator: debian-13", "emulator: debian-12"), "6: debian-13.emulator: expected the name of a target (debian-13), found 'debian-12'"),
        (GOOD + "  dumps_of: {one: two.md}\n", "9: debian-13.dumps_of.one: expected the name of a page, without .md, like quick-start, found 'two.md'"),
        (GOOD.replace("linux-image-amd64", "a b"), "5: debian-13.kernel: expected the name of a package: lower-case letters, digits, +, - and ., found 'a b'"),
        (GOOD + "  pool:\n    - gcc\n    - GCC\n", "11: debian-13.pool.2: expected the name of a package: lower-case letters, digits, +, - and ., found 'GCC'"),
        *((GOOD + f"  pool:\n    - gcc\n    - '{name}'\n", f"11: debian-13.pool.2: expected the name of a package: lower-case letters, digits, +, - and ., found '{name}'") for name in ("-o", "Dir::Bin::dpkg=FILE", "--force-yes", "sudo-", "a/sid", "a=1", "a b", "a", "./x.deb", "?obsolete", "$(id)", "-")),
        (GOOD + "  packages: ['-oDebug::x=1']\n", "9: debian-13.packages.1: expected the name of a package: lower-case letters, digits, +, - and ., found '-oDebug::x=1'"),
        (GOOD + f"  pool: [{', '.join(['gcc'] * 501)}]\n", "9: debian-13.pool: expected a list of at most 500, found a list"),
        (GOOD.replace("linux-image-amd64", "--help"), "5: debian-13.kernel: expected the name of a package: lower-case letters, digits, +, - and ., found '--help'"),
        (GOOD.replace("trixie", "--simulate"), "3: debian-13.suite: expected the name of a suite, such as trixie, found '--simulate'"),
        (GOOD.replace("Debian 13", '"\\e]0;owned\\a"'), "4: debian-13.label: expected a name for readers, such as Debian 13, found '\\x1b]0;owned\\x07'"),
        (GOOD.replace("Debian 13", "<b>x</b>"), "4: debian-13.label: expected a name for readers, such as Debian 13, found '<b>x</b>'"),
        (GOOD.replace("8G", "8g"), "8: debian-13.disk: expected a size like 3G or 1536M, from 1G to 64G, found '8g'"),
        (GOOD.replace("8G", "'8G; id'"), "8: debian-13.disk: expected a size like 3G or 1536M, from 1G to 64G, found '8G; id'"),
        (TARGET.format("", "9G"), "7: debian-13.memory: expected a size like 3G or 1536M, from 256M to 8G, found '9G'"),
        (TARGET.format("", "255M"), "7: debian-13.memory: expected a size like 3G or 1536M, from 256M to 8G, found '255M'"),
        (GOOD.replace("8G", "65G"), "8: debian-13.disk: expected a size like 3G or 1536M, from 1G to 64G, found '65G'"),
        (GOOD.replace("debian-13", ".."), "1: ..: expected a name such as debian-13 or ubuntu-24.04, found the key '..'"),
        (GOOD + GOOD, "9: expected the key debian-13 once, found it on line 1 and here"),
        ("_base: &base {}\n" + GOOD, "1: expected a value, found the anchor &base: drop it, a guide needs no aliases"),
        ("- a\n", f"1: {LINES}, found a list"),
        ("", f"1: {LINES}, found nothing"),
        ("[" * 2000, "1: not YAML: nested deeper than 50 levels"),
    ],
    "shapes": [
        ("hex:\n  pattern: x\n  why: y\n  colour: red\n", "4: hex.colour: unknown key (known: pattern, why, everywhere, bound)"),
        ("hex:\n  pattern: 7\n  why: y\n", "2: hex.pattern: expected text, found the number 7: put it in quotes"),
        ("hex:\n  pattern: x\n", "1: hex: expected the key why, found no such key"),
        ("hex:\n  pattern: '['\n  why: y\n", "2: hex.pattern: expected a regular expression (unterminated character set at position 0), found '['"),
        ("Hex:\n  pattern: x\n  why: y\n", "1: Hex: expected a name such as iso-time: lower-case letters, digits and single hyphens, found the key 'Hex'"),
        ("hex: x\n", f"1: hex: {LINES}, found 'x'"),
        ("a: {pattern: x, why: y}\na: {pattern: x, why: y}\n", "2: expected the key a once, found it on line 1 and here"),
        ("a: *b\n", "1: expected a value, found the alias *b: write the value out, a guide needs no aliases"),
        ("- a\n", f"1: {LINES}, found a list"),
        ("on: {pattern: x, why: y}\n", "1: expected text as a key, found the boolean on: put it in quotes"),
    ],
    "sources": [
        ("a: {title: T, url: 'ftp://x', read: 2026-07-21}\n", "1: a.url: expected an address that begins with http:// or https://, found 'ftp://x'"),
        ("a:\n  title: T\n  url: https://x\n", "1: a: expected the key read, found no such key"),
        ("a:\n  title: T\n  url: https://x\n  read: soon\n", "4: a.read: expected a day such as 2026-07-26, found 'soon'"),
        ("a:\n  title: {en: T}\n  url: https://x\n  read: 2026-07-21\n", "2: a.title: expected text in zh, found none"),
        ("a: {title: T, url: https://x, read: 2026-07-21, red: 1}\n", "1: a.red: unknown key (known: title, url, read)"),
    ],
    "facts": [
        (FACT.format("x\n        colour: red"), "10: rows.tool.cells.debian-13.colour: unknown key (known: source, seen, shows, value, traces)"),
        (FACT.format("1.10"), "9: rows.tool.cells.debian-13.value: expected text, found the number 1.10: put it in quotes"),
        (FACT.format("{en: 5, zh: x}"), "9: rows.tool.cells.debian-13.value.en: expected text, found the number 5: put it in quotes"),
        (FACT.format("{en: one, two, zh: x}"), "9: rows.tool.cells.debian-13.value.two: expected text for a language (a text with a comma needs quotes), found nothing"),
        (FACT.format("{zh: x}"), "9: rows.tool.cells.debian-13.value: expected text in en, found none"),
        (FACT.format("x\n        seen: nope"), "10: rows.tool.cells.debian-13.seen: expected PAGE#SNIPPET, such as quick-start#show, found 'nope'"),
        (FACT.format("x\n        source: {text: y, url: 'javascript:x'}"), "10: rows.tool.cells.debian-13.source.url: expected an address that begins with http:// or https://, found 'javascript:x'"),
        (FACT.format("x").replace("    source: here\n", ""), "7: rows.tool.cells.debian-13.source: expected the place where the value was read, found none in the cell or its row"),
        (FACT.format("x").replace("columns: [debian-13]\n", ""), "1: expected the key columns, found no such key"),
        (FACT.format("x") + "columns: []\n", "10: expected the key columns once, found it on line 2 and here"),
        (FACT.format("&a x"), "9: expected a value, found the anchor &a: drop it, a guide needs no aliases"),
        ("- a\n", f"1: {LINES}, found a list"),
        ("", f"1: {LINES}, found nothing"),
    ],
    "glossary": [
        (TERM.format("x, colour: red"), "3: mill.en.colour: unknown key (known: term, text, also, avoid)"),
        (TERM.format("5"), "3: mill.en.text: expected text, found the number 5: put it in quotes"),
        (TERM.format("''"), "3: mill.en.text: expected text, found ''"),
        (TERM.format("x, avoid: y"), "3: mill.en.avoid: expected a list, found 'y'"),
        ("- group: water\n  en: {term: a, text: b}\n  zh: {term: a, text: b}\n", "1: 1: expected the key id, found no such key"),
        (TERM.format("x") + "  group: y\n", "5: expected the key group once, found it on line 2 and here"),
        (TERM.format("*a"), "3: expected a value, found the alias *a: write the value out, a guide needs no aliases"),
        ("a: b\n", "1: expected a list, found a mapping"),
        ("- mill\n", f"1: 1: {LINES}, found 'mill'"),
    ],
}  # fmt: skip


@pytest.fixture
def config(tmp_path: Path) -> Config:
    made = small_guide(tmp_path)
    evidence(made, read_guide(made))
    return made


def refusal(kind: str, config: Config, content: bytes) -> str:
    """What is said of a file of this kind; the folder of the guide is left out."""
    name, read = KINDS[kind]
    (config.root / name).write_bytes(content)
    with pytest.raises(GuideError) as error:
        read(config)
    return str(error.value).replace(f"{config.root}/{name}", name).replace(str(config.root), "FOLDER")


@pytest.mark.parametrize(("kind", "text", "expected"), [(kind, *case) for kind, cases in WRONG.items() for case in cases])
def test_what_is_wrong_is_refused_with_its_line(kind: str, text: str, expected: str, config: Config) -> None:
    content = f"---\n{text}---\n# X {{#x}}\n" if kind == "page" else text
    assert refusal(kind, config, content.encode()) == f"{KINDS[kind][0]}:{expected}"


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_is_not_utf8_is_refused_with_its_line(kind: str, config: Config) -> None:
    assert refusal(kind, config, b"a: 1\n\nb: \xb1\n") == f"{KINDS[kind][0]}:3: not UTF-8: byte 0xb1"


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "page"])
def test_a_file_of_more_than_a_mebibyte_is_refused(kind: str, config: Config) -> None:
    assert refusal(kind, config, b"#" * (1 << 20) + b"\n") == f"{KINDS[kind][0]}: expected at most 1 MiB of YAML"


def test_a_page_of_more_than_a_mebibyte_is_refused(config: Config) -> None:
    content = b"---\n#" + b"x" * (1 << 20) + b"\n---\n"
    assert refusal("page", config, content) == "docs/en/index.md: expected at most 1 MiB of Markdown"


def test_a_page_a_glossary_and_shapes_may_be_empty(config: Config) -> None:
    for name in ("data/shapes.yml", str(glossary.FILE), "docs/en/index.md"):
        (config.root / name).write_text("---\n\n---\n" if name.endswith(".md") else "")
    assert Shapes.load(config.shapes_file) == Shapes()
    assert load_terms(config, read_guide(config)) == []


def test_all_problems_of_a_file_are_told_in_the_order_of_their_lines(config: Config) -> None:
    text = GOOD.replace("8G", "8").replace("trixie", "'-'").replace("label: Debian 13", "name: x")
    assert [problem.split(":")[1] for problem in refusal("targets", config, text.encode()).split("\n")] == ["1", "3", "4", "8"]


def test_a_setting_that_is_inherited_is_told_where_it_stands(config: Config) -> None:
    (config.root / "base.yml").write_text("extra:\n  checks:\n    evidence: 5\n")
    told = refusal("mkdocs", config, b"INHERIT: base.yml\nextra:\n  checks:\n    shapes: 6\n")
    assert told.split("\n") == [
        "FOLDER/base.yml:3: extra.checks.evidence: expected text, found the number 5: put it in quotes",
        "mkdocs.yml:4: extra.checks.shapes: expected text, found the number 6: put it in quotes",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\n---\nb: 2\n", "2: not YAML: expected one document, found a second one"),
        ("a: \x01\n", "1: not YAML: the character U+0001, which YAML does not allow"),
        ("a: 'b\u2028c'\nb: [\n", "3: not YAML: expected the node content, but found '<stream end>'"),
        ("<<: {a: 1}\n", "1: expected a key, found <<: write the keys out, a guide needs no merging"),
        ("? [a]\n: b\n", "1: expected text as a key, found a list"),
        ("*a : b\n", "1: expected a value, found the alias *a: write the value out, a guide needs no aliases"),
        ("a: !!binary zz\n", "1: not YAML: unknown tag tag:yaml.org,2002:binary: a guide needs no tags"),
        (f"a: {'1' * 5000}\n", f"1: not YAML: the number {'1' * 60}… cannot be read as such: put it in quotes"),
        ("a: !!int x\n", "1: not YAML: the number x cannot be read as such: put it in quotes"),
        ("- " * 60 + "a\n", "1: not YAML: nested deeper than 50 levels"),
    ],
)
def test_yaml_that_no_file_needs_is_refused(text: str, expected: str) -> None:
    with pytest.raises(GuideError) as error:
        Document(text, Path("x.yml"))
    assert str(error.value) == f"x.yml:{expected}"


def test_a_path_that_is_no_file_is_refused(tmp_path: Path) -> None:
    for path, expected in (
        (tmp_path, "expected a file, found a folder"),
        (tmp_path / "none", "there is no such file"),
        (Path("\0"), "embedded null"),
    ):
        with pytest.raises(GuideError, match=expected):
            read_yaml(path)
