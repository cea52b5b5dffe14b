"""The built site is read back: the text of a code block comes out of its HTML byte for byte."""

from __future__ import annotations

import html
import shutil
from dataclasses import replace

import pytest
from guides import ROOT, fence, one_language

from checks.pages.reader import read_guide
from checks.site import build as building
from checks.site.check import BuiltPage, SnippetBlock, check_site, read_built_page

CODES = {
    "a leading newline": "\n\n  true",
    "tabs": "cat <<-EOF\n\t\tx\n\tEOF",
    "markup": "test 1 -lt 2 && echo \"<b>\" 'x' > /dev/null # &amp; &lt; &notit; ]]> <!-- -->",
    "not of the basic plane": "echo 😀 𠀀 é",
    "invisible characters": "echo \u00a0\u2028 \ufeff",
    "control characters": "printf '\x1b[0m\x7f\x85'",
    "trailing spaces": "echo x  \n\n",
}


def page_with(code: str) -> bytes:
    attribute = html.escape(code).replace("\n", "&#10;").replace("\t", "&#9;")
    tag = f'<div id="arm" class="highlight" data-fence="bash" data-copy="{attribute}">'
    block = f'{tag}<span class="filename">x</span><pre><span></span><code>{html.escape(code)}\n</code></pre></div>'
    other = '<div data-fence="text"><pre><code>other</code></pre></div>'
    # The bytes are UTF-8 even where a page says otherwise.
    return f'<!doctype html><html><head><meta charset="latin-1"></head><body><p>{block}{other}</body></html>'.encode()


@pytest.mark.parametrize("code", CODES.values(), ids=CODES)
def test_the_text_of_a_block_is_exact(code):
    assert read_built_page(page_with(code)) == BuiltPage(2, (SnippetBlock("arm", code, code + "\n"),))


def test_each_span_of_a_highlighted_block_counts_and_comments_do_not():
    block = '<div data-fence="bash" data-copy="x" id="a"><p>no</p><code><span>ec<b>ho</b></span><!-- no --> x</code>no</div>'
    assert read_built_page(block.encode()).snippets[0].shown == "echo x"


@pytest.mark.parametrize("content", [b"", b" \n", b"<!-- nothing -->"])
def test_a_page_without_content_has_no_blocks(content):
    assert read_built_page(content) == BuiltPage(0, ())


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A guide of one page, which has each of the codes that Markdown keeps as they are; and its built site."""
    folder = tmp_path_factory.mktemp("guide")
    shutil.copytree(ROOT / "theme", folder / "theme")
    kept = ["a leading newline", "tabs", "markup", "not of the basic plane"]
    text = "".join(fence(f"s{number}", CODES[name]) for number, name in enumerate(kept))
    config = one_language(folder, {"index": f"---\nmachine: container\n---\n\n# Title\n\n{text}"})
    building.build(config, folder / "out")
    return read_guide(config), folder / "out"


def test_a_built_page_shows_and_copies_each_code(built):
    guide, out = built
    blocks = read_built_page((out / "en" / "index.html").read_bytes()).snippets
    codes = [snippet.code for snippet in guide.pages["en", "index"].snippets]
    assert codes == list(CODES.values())[:4]
    assert [block.copied for block in blocks] == codes
    assert [block.shown for block in blocks] == [code + "\n" for code in codes]


def test_a_block_that_shows_or_copies_something_else_is_a_problem_with_the_line_of_its_fence(built, tmp_path):
    guide, out = built
    (tmp_path / "en").mkdir()
    page = (out / "en" / "index.html").read_bytes()
    (tmp_path / "en" / "index.html").write_bytes(page.replace(b"&amp;amp;", b"&amp;").replace("𠀀".encode(), b"?"))
    problems = [str(problem) for problem in check_site(guide, tmp_path)]
    lines = {snippet.id: snippet.line for snippet in guide.pages["en", "index"].snippets}
    expected = [(name, message) for name in ("s2", "s3") for message in ("the copy button would yield", "the site shows")]
    assert len(problems) == 4
    for problem, (name, message) in zip(problems, expected, strict=True):
        assert problem.startswith(f"docs/index.md:{lines[name]}: {name}: {message} ")


def test_a_page_without_marks_is_a_problem_that_says_what_to_write(built, tmp_path):
    guide, _ = built
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "index.html").write_bytes(b"")
    (problem,) = check_site(guide, tmp_path)
    assert str(problem).startswith("docs/index.md: the site does not mark its code blocks: expected, in mkdocs.yml, custom_fences")


def test_a_page_that_was_not_built_is_a_problem(built, tmp_path):
    assert [str(problem) for problem in check_site(built[0], tmp_path)] == ["docs/index.md: the site has no such page"]


def test_a_code_block_too_many_is_a_problem(built):
    guide, out = built
    page = guide.pages["en", "index"]
    other = replace(guide, pages={("en", "index"): replace(page, outline=replace(page.outline, code_blocks=5))})
    (problem,) = check_site(other, out)
    assert str(problem) == "docs/index.md: the site shows 4 code blocks, expected 5: does a macro add or swallow one?"


SNIPPET = '<div data-fence="bash" data-copy="x" id="a"><code>x</code></div>'
HIDING = {
    "template": "<template>{}</template>",
    "textarea": "<textarea>{}</textarea>",
    "noscript": "<noscript>{}</noscript>",
    "dialog": "<dialog>{}</dialog>",
    "hidden": "<div hidden>{}</div>",
    "hidden until found": '<div hidden="until-found">{}</div>',
    "inert": "<div inert>{}</div>",
    "popover": "<div popover>{}</div>",
    "aria-hidden": '<div aria-hidden="true"><p>{}</p></div>',
    "display: none": '<div style="color: red; display : none">{}</div>',
    "visibility: hidden": '<div style="visibility: hidden">{}</div>',
    "a comment": "<!-- {} -->",
}


@pytest.mark.parametrize("around", HIDING.values(), ids=HIDING)
def test_a_block_that_a_reader_does_not_see_does_not_count(around):
    assert read_built_page(around.format(SNIPPET).encode()) == BuiltPage(0, ())


@pytest.mark.parametrize("around", ["{}", "<details>{}</details>", '<div style="color: red">{}</div>', '<div aria-hidden="false">{}</div>'])
def test_a_block_that_a_reader_can_see_counts(around):
    assert read_built_page(around.format(SNIPPET).encode()) == BuiltPage(1, (SnippetBlock("a", "x", "x"),))


STRANGE = {
    "a script": ("<script>x</script>", "<script>"),
    "a script of modules": ("<script type=module>x</script>", "<script>"),
    "a script from elsewhere": ("<script src=https://e.org/x.js></script>", "<script>"),
    "a script by the same scheme": ("<script src=//e.org/x.js></script>", "<script>"),
    "a picture from elsewhere": ("<img src='https://e.org/x.png'>", "src="),
    "a picture by the same scheme": ("<img src=' //e.org/x.png'>", "src="),
    "a style that loads": ("<p style='background: U\nRL(x)'>x</p>", "style="),
    "an event": ("<p onclick='x()'>x</p>", "onclick="),
    "an event in capitals": ("<p ONCLICK='x()'>x</p>", "onclick="),
    "an address that is code": ("<a href=' jaVa\tscript:x()'>x</a>", "href="),
    "a form's address that is code": ("<form action='javascript:x()'></form>", "action="),
    "a frame": ("<iframe src=x></iframe>", "<iframe>"),
    "an object": ("<object data=x></object>", "<object>"),
    "a base": ("<base href=x>", "<base>"),
    "a refresh": ("<meta http-equiv=Refresh content=0>", "<meta>"),
    "an id twice": ("<p id=x><p id=x>", "the id 'x' 2 times"),
    "a block that is no fence": ("<pre><code>sudo reboot</code></pre>", "1 blocks of code that are no fences"),
}


@pytest.mark.parametrize("content, words", STRANGE.values(), ids=STRANGE)
def test_what_no_page_should_have_is_told(content, words):
    (told,) = read_built_page(content.encode()).strange
    assert words in told


def test_the_site_s_own_scripts_are_not_strange():
    own = b'<script src="../assets/x.js"></script><script id="__config" type="application/json">{}</script><a href="javascript/">x</a>'
    assert read_built_page(own).strange == ()
