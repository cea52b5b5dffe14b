"""What people write or machines print is text on the built pages: titles, code, outputs, names; nothing of it runs or is unseen."""

from __future__ import annotations

import base64
import hashlib
import shutil
from urllib.parse import unquote

import pytest
from guides import ROOT, evidence, one_language
from lxml import etree
from markupsafe import Markup

from checks.model import GuideError
from checks.pages.reader import read_guide
from checks.site import build as building
from checks.site import serve
from checks.site.check import read_built_page
from checks.site.templating import render


def test_a_file_that_mkdocs_macros_would_run_is_refused(tmp_path):
    config = one_language(tmp_path, {"index": "# Title\n"})
    shutil.copytree(ROOT / "theme", tmp_path / "theme")
    (tmp_path / "main.py").write_text(
        f"import pathlib\npathlib.Path({str(tmp_path / 'ran')!r}).touch()\n\ndef define_env(env):\n    pass\n"
    )
    with pytest.raises(GuideError, match=r"^main\.py: mkdocs-macros would run this file"):
        building.build(config, tmp_path / "out")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("name", ["x.markdown", "x.mkd"])
def test_a_file_that_only_mkdocs_takes_for_a_page_is_refused(name, tmp_path):
    config = one_language(tmp_path, {"index": "# Title\n"})
    shutil.copytree(ROOT / "theme", tmp_path / "theme")
    (tmp_path / "docs" / name).write_text("[[[ cycler ]]]\n\n<script>alert(1)</script>\n")
    with pytest.raises(GuideError, match=rf"{name}"):
        building.build(config, tmp_path / "out")


def test_the_server_allows_its_own_script_and_no_other():
    policy = b"<meta content=\"script-src 'self'; style-src 'self'\"><body><p>script-src 'self'</p><script>own()</script></body>"
    digest = base64.b64encode(hashlib.sha256(b"own()").digest())
    assert serve._allowed(policy) == policy.replace(b"script-src 'self';", b"script-src 'self' 'sha256-" + digest + b"';")


TITLES = {
    "HTML": "'</title><script>alert(1)</script>\"x'",
    "an ampersand": "'A & B'",
    "a template": "'[[[ proof() ]]] {{ config }} {% x %}'",
}


@pytest.mark.parametrize("title", TITLES.values(), ids=TITLES)
def test_titles_and_descriptions_are_text(title, tmp_path):
    shutil.copytree(ROOT / "theme", tmp_path / "theme")
    head = f"---\ntitle: {title}\ndescription: {title}\n---\n\n"
    config = one_language(tmp_path, {"index": head + "# Home\n", "other": head + "# Other\n\nwords\n", "words": f"# `{title}`\n\nx\n"})
    building.build(config, tmp_path / "out")
    text = title.strip("'")
    for name in ("index.html", "other/index.html", "words/index.html"):
        root = etree.HTML((tmp_path / "out/en" / name).read_text())
        assert not root.xpath("//script[not(@src) and not(@type)]"), name
        shown = root.xpath("string(//title)")
        assert text in shown, name
        assert {f"{text}"} <= {"".join(node.itertext()).strip() for node in root.iter() if isinstance(node.tag, str)}, name
        if name != "words/index.html":
            assert root.xpath("string(//meta[@name='description']/@content)") == text


def test_code_and_outputs_may_have_what_starts_a_macro(tmp_path):
    """`[[[` is shown and copied byte for byte in every kind of code, and macros beside it are still called."""
    shutil.copytree(ROOT / "theme", tmp_path / "theme")
    code = "x = [[[1, 2]]]  # [[[ proof() ]]] [[% x %]] [[# y #]]\nprint(x)"
    text = (
        f"---\nmachine: container\n---\n\n# T {{#t}}\n\nA `[[[1]]]` and ``[[[ proof() ]]]``.\n\n```python {{#a}}\n{code}\n```\n\n"
        '```text {.output}\n[[[1, 2]]]\n[[[ proof() ]]]\n```\n\n[[[ proof() ]]]\n\n[[[ diagram("memory") ]]]\n'
    )
    config = one_language(tmp_path, {"index": text})
    building.build(config, tmp_path / "out")
    page = tmp_path / "out/en/index.html"
    (block,) = read_built_page(page.read_bytes()).snippets
    assert (block.copied, block.shown) == (code, code + "\n")
    root = etree.HTML(page.read_text())
    assert [node.text for node in root.xpath("//article/p/code")] == ["[[[1]]]", "[[[ proof() ]]]"]
    (output,) = root.xpath("//article//*[contains(@class, 'output')]//code")
    assert "".join(output.itertext()) == "[[[1, 2]]]\n[[[ proof() ]]]\n"
    assert len(root.xpath("//div[@class='proofs']")) == 1 and len(root.xpath("//figure[@class='diagram']")) == 1


def test_an_output_shows_what_cannot_be_seen(tmp_path):
    """On the page, and on the proof page, where a run may have printed anything."""
    shutil.copytree(ROOT / "theme", tmp_path / "theme")
    printed = "a\u202eb\u200b\u00a0c\x9bd\x02wzxhzdk:0\x03"
    text = f"---\nmachine: container\n---\n\n# T {{#t}}\n\n```bash {{#a}}\ntrue\n```\n\n```text {{.output}}\n{printed}\n```\n"
    config = one_language(tmp_path, {"index": text})
    evidence(config, read_guide(config))
    building.build(config, tmp_path / "out")
    typed = "a<U+202E>b<U+200B><U+00A0>c<U+009B>d␂wzxhzdk:0␃"
    recorded = r"a\u202eb\u200b\u00a0c"  # as terminal.plain writes it; U+009B and the d begin and end a terminal's command
    for file, visible in (("index.html", typed), ("proof/debian-13/index/index.html", recorded)):
        page = (tmp_path / "out/en" / file).read_text()
        assert visible in "".join(etree.HTML(page).itertext())
        assert not set(printed) & set(page) - set("abcdwzxhk:0\u200b"), file  # the search index cuts Chinese words by U+200B


def test_every_template_shows_what_cannot_be_seen_and_escapes_it_once():
    shown = render("caption.html", element="p", own="", others={}, text="\u202e\x9b <b>")
    assert shown.strip().endswith(">&lt;U+202E&gt;&lt;U+009B&gt; &lt;b&gt;</span></p>")
    assert (
        render("caption.html", element="p", own="", others={}, text=Markup("<b>\u202e</b>"))
        .strip()
        .endswith("><b>&lt;U+202E&gt;</b></span></p>")
    )


def test_a_page_may_have_any_name_that_is_a_name_of_a_file(tmp_path):
    shutil.copytree(ROOT / "theme", tmp_path / "theme")
    names = ["index", "a & b", "x<y", 'it\'s "q"', "100%", "中文/页"]
    config = one_language(tmp_path, dict.fromkeys(names, "# T\n"))
    building.build(config, tmp_path / "out")
    sitemap = etree.fromstring((tmp_path / "out/en/sitemap.xml").read_bytes())
    locations = [node.text for node in sitemap.iter("{*}loc")]
    assert len(locations) == len(names)
    for location in locations:
        folder = unquote(location.removeprefix("http://localhost:8000/"))
        assert (tmp_path / "out" / folder / "index.html").is_file(), location
