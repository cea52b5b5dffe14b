"""Whatever stands in a Markdown file: what is extracted is what is shown, no fence vanishes, and all that is wrong has its line."""

# ruff: noqa: E501  tables of pieces, which are read by column and not by line

from __future__ import annotations

import re
from pathlib import Path

import markdown
import pytest
from examples import examples
from guides import one_language
from hypothesis import given
from hypothesis import strategies as st

from checks.mkdocs_yml import site_settings
from checks.model import RUNNABLE, GuideError, Page, Problem
from checks.pages import bounds
from checks.pages.reader import PageReader, known_targets
from checks.pages.references import References
from checks.pages.shapes import Shapes

HEADS = [
    "---\nmachine: container\n---\n\n",
    "---\ntitle: T\nmachine: vm\npeer: true\n---\n",
    "",
    "---\nmachine: [\n---\n",
    "---\n",
    "title: x\n",
]
PLACES = ["", "", "", "    ", "  ", "\t", "> ", "- ", "1. ", "> > ", "        "]
FENCES = ["```", "```", "```", "~~~", "````", "``", "`````", "~~", "´´´"]
HEADERS = [
    "bash {#a}", "bash {#b}", "bash {#c-d}", "python {#e}", "text {.output}", "text", "ini", "", " bash {#f}", "bash", "bash foo", "{#g .bash}",
    'bash {#h data-exit="1"}', 'bash {#h data-exit="x"}', 'bash {#i data-expect="crash"}', 'bash {#j data-skip="no"}', "console", "markdown",
    'text {.output data-target="debian-*"}', 'text {.output data-varies="size"}', "text {.outptu}", 'python {#k data-file="k.py"}', "bash {#l",
    'bash {#a title="t"}', "bash {#a .x}", "bash {#a #b}", "bash` x", "no-such-language", "mermaid", "diff", 'text linenums="1"',
]  # fmt: skip
LINES = [
    "", "", "Words.", "# H {#a}", "## Two {#two}", "### Three", "- item", "1. item", "> quote", "!!! note", "    inner", '=== "tab"', "??? tip",
    "<div>", "</div>", "<!-- ", "-->", "<details markdown>", "</details>", "<pre>", "</pre>", "[^1]", "[^1]: foot", "    [^2]: x", "| a | b |",
    "|---|---|", "*[A]: b", "[x](y.md)", "[x]: y.md", "***", "---", "`code`", "``` code ```", "[[[ value(\"a\") ]]]", "[[[", "echo one", "echo 'two'  # x",
    "\techo", "  echo", "print(1)", "cat <<E", "E", "true ", "...", "\\...", "汉字", "\u200b", "\u2028", "\x0c", "\x1b[31m", "&lt;", "\\", "{#x}", "a\r",
    ": x", "$x$", "++a++", "--8<--", "<script>", "![x](x.png)", "~~x~~",
]  # fmt: skip


CODE = [
    "echo one",
    "echo 'two'  # x",
    "",
    "cat <<E",
    "E",
    "\techo",
    "  echo",
    "...",
    "[[[",
    "~~",
    "# Not a heading",
    "> out",
    "- x",
    "*[A]: b",
]
GOOD = [
    "Words.",
    "## Two",
    "- item",
    "> quote",
    "!!! note\n\n    inner",
    "| a | b |\n|---|---|\n| 1 | 2 |",
    "`code`",
    "[x](#x)",
    "***",
    "A ~~~ b",
]
AROUND = ["", "", "", "> ", "!!! note\n\n    ", '=== "tab"\n\n    ', "- item\n\n    "]


@st.composite
def good_block(draw: st.DrawFn) -> str:
    """A block that is as it should be, but for its id; with an output after it or without."""
    *before, place = draw(st.sampled_from(AROUND)).split("\n")
    fence = draw(st.sampled_from(["```", "```", "~~~", "````"]))
    header = draw(st.sampled_from(["bash {#ID}", "bash {#ID}", 'bash {#ID data-exit="1"}', "text", "ini", "markdown"]))
    lines = [fence + header, *draw(st.lists(st.sampled_from(CODE), max_size=4)), "true", fence]
    if draw(st.booleans()) and "ID" in header:
        lines += ["", "```text {.output}", *draw(st.lists(st.sampled_from(CODE), max_size=4)), "out", "```"]
    return "\n".join([*before, *((place + line).rstrip() if place == "> " else place + line if line else "" for line in lines)])


@st.composite
def nearly_good(draw: st.DrawFn) -> str:
    """A page as it should be, and then up to two lines of it changed, taken out, or put in."""
    pieces = draw(st.lists(good_block() | st.sampled_from(GOOD), min_size=1, max_size=6))
    text = HEADS[0] + "\n\n".join(piece.replace("ID", f"id-{number}") for number, piece in enumerate(pieces)) + "\n"
    lines = text.split("\n")
    for _ in range(draw(st.integers(0, 2))):
        at = draw(st.integers(0, len(lines) - 1))
        new = draw(st.sampled_from(LINES) | st.sampled_from(FENCES) | fenced().map("\n".join) | st.just(lines[at]) | st.just(lines[at][1:]))
        lines[at : at + draw(st.integers(0, 1))] = new.split("\n") if draw(st.booleans()) else []
    return "\n".join(lines)


@st.composite
def fenced(draw: st.DrawFn) -> list[str]:
    """A block of code with any header, anywhere, most of them with the right end, others with another end or with none."""
    place, fence = draw(st.sampled_from(PLACES)), draw(st.sampled_from(FENCES))
    closing = draw(st.sampled_from([fence] * 6 + ["", fence + fence[0], fence[1:], "~~~", f"  {fence}", f"{fence} "]))
    inner = draw(st.lists(st.sampled_from(LINES), max_size=4))
    rest = place if place.strip(" \t>") == "" else " " * len(place)
    return [place + fence + draw(st.sampled_from(HEADERS)), *[rest + line for line in inner], *([rest + closing] if closing else [])]


prose = st.lists(st.sampled_from(LINES) | st.text(max_size=6), max_size=3)
wild = st.builds(
    lambda head, pieces: head + "\n".join(line for piece in pieces for line in [*piece, ""]),
    st.sampled_from([*HEADS[:1] * 6, *HEADS]),
    st.lists(fenced() | prose, max_size=7),
)
documents = nearly_good() | nearly_good() | wild


@pytest.fixture(scope="module")
def reader(tmp_path_factory) -> PageReader:
    folder = tmp_path_factory.mktemp("guide")
    config = one_language(folder, {"x": ""})
    (language,) = config.languages
    return PageReader(config, site_settings(config.languages[language]), language, known_targets(config), Shapes(), References({}))


@pytest.fixture(scope="module")
def site(reader) -> markdown.Markdown:
    """Python-Markdown as the site has it, showing and not recording."""
    settings = site_settings(reader._config.root / "mkdocs.yml")
    return markdown.Markdown(extensions=settings.extensions, extension_configs=settings.extension_settings)


def read(reader: PageReader, text: str) -> tuple[Page | None, list[Problem]]:
    """The page, None where the whole of it is refused, and what is wrong."""
    path = reader._config.root / "docs" / "x.md"
    path.write_bytes(text.encode())
    try:
        with bounds.reading(Path("docs/x.md")):
            return reader.read("x", path), reader.problems
    except GuideError as error:
        return None, getattr(error, "problems", [])


def opened(text: str) -> list[tuple[int, str]]:
    """The fences that somebody sees who goes through the page line by line: the line and what follows the fence."""
    found, own = [], ""
    for number, line in enumerate(text.split("\n"), 1):
        match = re.match(r"[> \t]*(`{3,}|~{3,})(.*)", line)
        if own:
            own = "" if line.lstrip("> \t").rstrip() == own else own
        elif match and not (match[1][0] == "`" and match[1] in match[2]):
            own = match[1]
            found.append((number, match[2].strip()))
    return found


@given(text=documents)
@examples(200)
def test_a_page_is_read_or_what_is_wrong_has_its_line(reader, text):
    page, problems = read(reader, text)
    lines = text.split("\n")
    assert page is not None or problems
    assert all(0 < problem.line <= len(lines) for problem in problems), problems
    for snippet in page.snippets if page else ():
        for block in (snippet, *snippet.outputs):
            assert 1 <= block.line < block.end_line <= len(lines)
    if page is None or problems:
        return
    for snippet in page.snippets:
        assert snippet.language in RUNNABLE and snippet.language in lines[snippet.line - 1] and f"#{snippet.id}" in lines[snippet.line - 1]
        for block, code in [(snippet, snippet.code), *((output, output.text) for output in snippet.outputs)]:
            typed = lines[block.line : block.end_line - 1]
            indent = len(lines[block.line - 1]) - len(lines[block.line - 1].lstrip("> \t"))
            assert code.split("\n") == [line[indent:] for line in typed] or (not typed and not code), "to the byte, but for the indentation"


@given(text=documents)
@examples(200)
def test_no_fence_vanishes_and_the_site_shows_what_is_run(reader, site, text):
    page, problems = read(reader, text)
    if page is None or problems:
        return
    site.reset()
    shown = re.findall(r'data-fence="([^"]*)"', re.sub("<!--.*?-->", "", site.convert(_body(text)), flags=re.DOTALL))
    seen = opened(_body(text))
    ran = len(page.snippets) + sum(len(snippet.outputs) for snippet in page.snippets)
    others = [header for _, header in seen if not re.match(r"(bash|python)\b|.*\.(bash|output)\b", header)]
    assert len(seen) == ran + len(others) == page.outline.code_blocks == len(shown)


def _body(text: str) -> str:
    """The page without its front matter, which has no fence here; its lines keep their numbers."""
    match = re.match(r"---\n(.*?\n)---[ \t]*\n", text, re.DOTALL)
    return "\n" * match[0].count("\n") + text[match.end() :] if match else text
