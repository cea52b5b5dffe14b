"""HTML and drawings. A row is a page below a head, and the line and words of what is told; without words, the page is read."""

# ruff: noqa: E501  a page stands in one line

from __future__ import annotations

import pytest
from guides import HEAD, assert_told, errors, one_language

from checks.pages.rules import html_policy

TABS = "tabs are written as"
BASH = "```bash {#a}\ntrue\n```\n\n"


def inside(opening: str, closing: str) -> str:
    """A snippet between two tags."""
    return f"{opening}\n\n{BASH}{closing}"


HTML = {
    "script": ("<script>alert(1)</script>", "4: the element <script> is not allowed"),
    "script in capitals": ("a\n\n<SCRIPT SRC=x></SCRIPT>", "6: the element <script> is not allowed"),
    "style": ("a\n\n<style>p{display:none}</style>", "6: the element <style> is not allowed"),
    "iframe": ('<iframe src="x"></iframe>', "4: the element <iframe> is not allowed"),
    "frame": ('<frame src="x">', "4: the element <frame> is not allowed"),
    "object": ('<object data="x"></object>', "4: the element <object> is not allowed"),
    "embed": ('<embed src="x">', "4: the element <embed> is not allowed"),
    "form": ('<form action="/"></form>', "4: the element <form> is not allowed"),
    "button": ('<button formaction="javascript:x">x</button>', "4: the element <button> is not allowed"),
    "base": ('<base href="/x/">', "4: the element <base> is not allowed"),
    "meta": ('<meta http-equiv="refresh" content="0">', "4: the element <meta> is not allowed"),
    "link": ('<link rel="stylesheet" href="x">', "4: the element <link> is not allowed"),
    "svg": ('<svg onload="alert(1)"></svg>', "4: the element <svg> is not allowed"),
    "math": ("<math><mi>x</mi></math>", "4: the element <math> is not allowed"),
    "an element of one's own": ("a <x-y> b", "4: the element <x-y> is not allowed"),
    "the name of the reader's own element": ('<checks-fence data-n="0"></checks-fence>', "4: the element <checks-fence> is not allowed"),
    "onclick": ('<p onclick="alert(1)">x</p>', "4: the attribute onclick of <p> is not allowed"),
    "OnClick": ("<b OnClick=alert(1)>x</b>", "4: the attribute onclick of <b> is not allowed"),
    "onclick in braces": ('words\n{: onclick="alert(1)" }', "5: the attribute onclick of <p> is not allowed"),
    "onclick of a link in braces": ('[x](y.md){onclick="alert(1)"}', "4: the attribute onclick of <a> is not allowed"),
    "onclick of a heading": ('## T {#u onclick="x"}', "4: the attribute onclick of <h2> is not allowed"),
    "onerror of a picture": ('![x](y.svg){onerror="x"}', "4: the attribute onerror of <img> is not allowed"),
    "javascript:": ("[x](javascript:alert(1))", "4: the address 'javascript:alert(1)' has the scheme javascript"),
    "javascript: with an entity": ("[x](&#106;avascript:alert(1))", "4: the address 'javascript:alert(1)' has the scheme javascript"),
    "javascript: with a named entity": ('<a href="javascript&colon;alert(1)">x</a>', "4: the address 'javascript:alert(1)' has the scheme javascript"),
    "javascript: with a tab": ('<a href="java&#9;script:alert(1)">x</a>', "4: the address 'java\\tscript:alert(1)' has the scheme javascript"),
    "javascript: after a control character": ('<a href="&#1;javascript:alert(1)">x</a>', "4: the address 'javascript:alert(1)' has the scheme javascript"),
    "JaVaScRiPt: after a blank": ('<a href=" JaVaScRiPt:alert(1)">x</a>', "has the scheme javascript"),
    "javascript: without quotes": ("<a href=javascript:alert(1)>x</a>", "has the scheme javascript"),
    "javascript: on two lines": ('<a\nhref="javascript:alert(1)">x</a>', "5: the address 'javascript:alert(1)' has the scheme javascript"),
    "javascript: of a reference": ("[x][y]\n\n[y]: javascript:alert(1)", "6: the address 'javascript:alert(1)' has the scheme javascript"),
    "javascript: of a picture": ("![x](javascript:alert(1))", "4: the address 'javascript:alert(1)' is loaded from elsewhere"),
    "vbscript:": ('<a href="vbscript:x">x</a>', "has the scheme vbscript"),
    "data:": ('<a href="data:text/html,x">x</a>', "has the scheme data"),
    "file:": ("[x](file:///etc/passwd)", "has the scheme file"),
    "a picture from elsewhere": ("![x](https://example.org/x.png)", "4: the address 'https://example.org/x.png' is loaded from elsewhere"),
    "a picture by the same scheme": ('<img src="//example.org/x.png">', "is loaded from elsewhere"),
    "an address without a scheme": ("[x](//evil.example/)", "4: the address '//evil.example/' has no scheme"),
    "an address with backslashes": (r'<a href="\\evil.example">x</a>', "has no scheme"),
    "an attribute after a no-break space": ('<p title=x\xa0lang="y style=background:url(https://e.org/x) z">t</p>', "4: `<p title=x"),
    "a picture after an ideographic space": ('<img alt=x\u3000title="y src=https://e.org/x.png z">', "4: `<img alt=x"),
    "an address after a narrow no-break space": ('## <a title=x\u202flang="y href=data:text/html,hi z">t</a>', "4: `<a title=x"),
    "a handler after a vertical tab": ('<p title="x"\x0bonclick="x">t</p>', "4: "),
    "a snippet in a block of tabs without its button": (inside('<div class="tabbed-content" markdown>\n<div class="tabbed-block" markdown>', "</div></div>"), TABS),
    "a snippet in a block of tabs by itself": (inside('<div class="tabbed-block" markdown>', "</div>"), TABS),
    "a snippet in a second block of tabs with one button": (
        inside('<div class="tabbed-set tabbed-alternate" data-tabs="1:1" markdown><input type="radio" name="__tabbed_1" checked><div class="tabbed-labels"><label>x</label></div><div class="tabbed-content" markdown><div class="tabbed-block">y</div><div class="tabbed-block" markdown>', "</div></div></div>"), TABS,
    ),
    "a class of tabs with an entity": (inside('<div class="tabbed&#45;block" markdown>', "</div>"), TABS),
    "21 tabs": ("\n\n".join(f'=== "T{number}"\n\n    text {number}' for number in range(21)), TABS),
    "3 tabs": ("\n\n".join(f'=== "T{number}"\n\n    text {number}' for number in range(3)), ""),
    "tabs within tabs": ('=== "A"\n\n    === "B"\n\n        x\n\n    === "C"\n\n        y\n\n=== "D"\n\n    z', ""),
    "a class that is seen under the mouse only": (inside('<div class="headerlink" markdown>', "</div>"), "4: unknown class 'headerlink'"),
    "a class of footnotes on a block": (inside('<div class="footnote-backref" markdown>', "</div>"), "4: unknown class 'footnote-backref'"),
    "srcset": ('<img src="x.png" srcset="https://e.org/x">', "4: the attribute srcset of <img> is not allowed"),
    "ping": ('<a href="x.md" ping="https://e.org/">x</a>', "4: the attribute ping of <a> is not allowed"),
    "position": ('<p style="position:fixed;inset:0">x</p>', "4: the attribute style of <p> is not allowed"),
    "style of a cell": ('<table><tr><td style="text-align: left; display:none">x</td></tr></table>', "4: <td>: style is not allowed to be"),
    "hidden": (inside("<div hidden markdown>", "</div>"), "4: the attribute hidden of <div> is not allowed"),
    "hidden until found": (inside('<div hidden="until-found" markdown>', "</div>"), "4: the attribute hidden of <div> is not allowed"),
    "display: none": (inside('<div style="display:none" markdown>', "</div>"), "4: the attribute style of <div> is not allowed"),
    "aria-hidden": (inside('<div aria-hidden="true" markdown>', "</div>"), "4: the attribute aria-hidden of <div> is not allowed"),
    "inert": (inside("<div inert markdown>", "</div>"), "4: the attribute inert of <div> is not allowed"),
    "popover": (inside("<div popover markdown>", "</div>"), "4: the attribute popover of <div> is not allowed"),
    "template": (inside('<template markdown="1">', "</template>"), "4: the element <template> is not allowed: a reader would not see"),
    "textarea": (inside('<textarea markdown="1">', "</textarea>"), "4: the element <textarea> is not allowed: a reader would not see"),
    "noscript": (inside('<noscript markdown="1">', "</noscript>"), "4: the element <noscript> is not allowed: a reader would not see"),
    "dialog": (inside('<dialog markdown="block">', "</dialog>"), "4: the element <dialog> is not allowed: a reader would not see"),
    "a class of the theme": (inside('<div class="md-search" markdown>', "</div>"), "4: unknown class 'md-search'"),
    "a class by an admonition": ("!!! md-overlay\n\n    x", "4: unknown class 'md-overlay'"),
    "a misspelt class": ("words\n{: .led }", "5: unknown class 'led': did you mean lead?"),
    "details that are closed": (inside("<details markdown>\n<summary>x</summary>", "</details>"), ""),
    "pre": ("<pre><code>sudo reboot</code></pre>", "4: the element <pre> is not allowed: a block that a reader can copy is a fence"),
    "pre in a paragraph": ("words <pre>x</pre>", "4: the element <pre> is not allowed"),
    "a comment that ends early": ("<!-- a --!> <i id='__x'>x</i> -->", "4: bad id '__x'"),
    "a comment that ends at its beginning": ("<!--> <b>x</b> -->", "4: this comment ends before its -->"),
    "a comment in a comment": ("<!-- a <!-- b -->", "4: this comment ends before its -->"),
    "a comment that ends at once": ("a <!--> b", ""),  # Markdown shows it as text
    "CDATA": ("<![CDATA[ <b>x</b> ]]>", "is no HTML that browsers all read alike"),
    "an instruction": ("<?php x ?>", "4: `<?php x ?>` is no HTML"),
    "a document type": ("<!DOCTYPE html>", "4: `<!DOCTYPE html>` is no HTML"),
    "an address in angle brackets": ("<javascript:alert(1)>", "is no HTML that browsers all read alike"),
    "an element without an end": ("<div>\nx", "4: the element <div> is never closed"),
    "ends of the site's own elements": ("x </div></div></article>", "4: </div> closes nothing"),
    "an attribute twice": ('<a href="x.md" href="y">x</a>', "4: <a> has the attribute href twice"),
    "an id of the theme": ('<div id="__config">{}</div>', "4: bad id '__config'"),
    "an id that a block gets": ('<div id="block-1">x</div>', "4: bad id 'block-1'"),
    "a name": ('<a name="x">y</a>', "4: the attribute name of <a> is not allowed"),
    "an input": ('<input type="text">', "4: the element <input> is not allowed"),
    "after other lines": ("a\n\nb\n\n`<script>`\n\n<script>x</script>\n\nc", "10: the element <script> is not allowed"),
    "script in the title of an admonition": ('!!! note "<script>x</script>"\n\n    x', "4: the element <script> is not allowed"),
    "script in the label of a tab": ('=== "<script>x</script>"\n\n    x', "4: the element <script> is not allowed"),
    "script in a definition": ("a\n:   <script>x</script>", "5: the element <script> is not allowed"),
    "script in the head of a table": ("| <script>x</script> |\n|---|\n| b |", "4: the element <script> is not allowed"),
    "script with emphasis": ("*<script>*</script>", "4: the element <script> is not allowed"),
    "a quotation mark in a footnote's name": ('a[^x"y]\n\n[^x"y]: z', "bad id 'fn:x\"y'"),
    "javascript: of a reference, used after it": ("[x]: <javascript:alert(1)>\n\n[a][x]", "6: the address 'javascript:alert(1)'"),
    "a picture from elsewhere, by a reference": ("![a][b]\n\n[b]: https://e.org/x.png", "is loaded from elsewhere"),
    "DATA: in capitals": ("[x](DATA:text/html;base64,AAAA)", "has the scheme data"),
    "blob:": ("[x](blob:https://e.org/x)", "has the scheme blob"),
    "view-source:": ("[x](view-source:x)", "has the scheme view-source"),
    "quotation marks in texts that become attributes": ('![" onerror=x y="](a.svg) [x](y.md \'a" onclick="x\')\n\nHTML\n\n*[HTML]: "><script>x</script>', ""),
    "quotation marks in a heading": ('## a" onclick="x {#h}', ""),
    "a value as an address": (f'{BASH}[x]([[[ value("a") ]]])', "8: a macro in the attribute href of <a>"),
    "a value as the address of a reference": (f'{BASH}[x][y]\n\n[y]: [[[ value("a") ]]]', "10: a macro in the attribute href of <a>"),
    "a value as an id": (f'{BASH}<p id="[[[ value("a") ]]]">x</p>', "8: a macro in the attribute id of <p>"),
    "a value as a heading's id": (f'{BASH}## H {{#[[[ value("a") ]]]}}', "8: a macro in the attribute id of <h2>"),
    "a value in braces": (f'{BASH}words\n{{: [[[ value("a") ]]] }}', "9: the attribute checksmacro of <p> is not allowed"),
    "a value as an element": (f'{BASH}x <[[[ value("a") ]]]>', "8: the element <checksmacro> is not allowed"),
    "an address as a picture": ('![x]([[[ transcript_url("x") ]]])', "4: a macro in the attribute src of <img>"),
    "an address as a title": ('<p title="[[[ transcript_url("x") ]]]">x</p>', "4: a macro in the attribute title of <p>"),
    "an address as an address": ('[x]([[[ transcript_url("x") ]]])', ""),
    "text": ("a < b and c > d, &lt;script&gt;, `<script>`, <!-- a comment -->", ""),
    "what extensions make": ('a[^1], ++ctrl+c++, `#!bash echo $x`, HTML\n\n*[HTML]: words\n\n[^1]: x\n\n=== "A"\n\n    x\n\n=== "B"\n\n    y\n\nterm\n:   words\n\n| a |\n|:-:|\n| b |\n\n3. x\n\n!!! note "N"\n\n    x\n\n??? tip\n\n    y', ""),
    "links": ("[a](b.md) [c](#d) <a@example.org> <https://example.org/> ![e](f.svg){ width=40 } [g](mailto:a@example.org)", ""),
}  # fmt: skip


@pytest.mark.parametrize("text, expected", HTML.values(), ids=HTML)
def test_html_has_no_code_and_hides_nothing(text, expected, tmp_path):
    assert_told(tmp_path, text, expected)


SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1">\n{}\n</svg>'
DRAWINGS = {
    "a drawing": (SVG.format('<defs><marker id="m"/></defs><path d="M0 0" marker-end="url(#m)"/><use href="#m"/><text>x</text>'), ""),
    "script": (SVG.format("<script>alert(1)</script>"), "2: the element <script> is not allowed in a drawing"),
    "a script of XHTML": (SVG.format('<x:script xmlns:x="http://www.w3.org/1999/xhtml">x</x:script>'), "2: the element <script>"),
    "onload": ('<svg xmlns="http://www.w3.org/2000/svg" onload="x()"/>', "1: the attribute onload is not allowed in a drawing"),
    "a foreign object": (SVG.format("<foreignObject/>"), "2: the element <foreignObject> is not allowed"),
    "a link": (SVG.format('<a href="javascript:x"/>'), "2: the element <a> is not allowed"),
    "an animation of an address": (SVG.format('<set attributeName="href" to="javascript:x"/>'), "2: the element <set> is not allowed"),
    "use of another file": (SVG.format('<use href="x.svg#y"/>'), "2: href: expected a part of the drawing itself"),
    "use of data": (SVG.format('<use xmlns:x="http://www.w3.org/1999/xlink" x:href="data:x"/>'), "2: href: expected a part of the drawing"),
    "a picture": (SVG.format('<image href="https://e.org/x"/>'), "2: the element <image> is not allowed"),
    "a script under another prefix": (SVG.format('<s:script xmlns:s="http://www.w3.org/2000/svg"/>'), "2: the element <script> is not"),
    "onclick in capitals": (SVG.format('<g ONCLICK="x()"/>'), "2: the attribute ONCLICK is not allowed"),
    "an address in two lines": (SVG.format('<use href="java&#10;script:x"/>'), "2: href: expected a part of the drawing itself"),
    "too large": (SVG.format(" " * (2 << 20)), "1: this drawing is larger than 2 MiB"),
    "an address in a style": (SVG.format('<rect style="fill:url(https://e.org/)"/>'), "2: style: expected nothing to load"),
    "an import": (SVG.format("<style>@import 'x';</style>"), "2: <style>: expected nothing to load"),
    "an escape in a style": (SVG.format(r"<style>@\69mport 'x';</style>"), "2: <style>: expected nothing to load"),
    "a style sheet": ('<?xml-stylesheet href="x"?>' + SVG.format(""), "1: a drawing has no <? ?>"),
    "entities": ('<!DOCTYPE svg [<!ENTITY x SYSTEM "/etc/passwd">]>' + SVG.format("<text>&x;</text>"), "1: a drawing has no <!DOCTYPE>"),
    "HTML": ("<html><body>x</body></html>", "1: the element <body> is not allowed"),
    "an element of XHTML with the name of one of SVG": (SVG.format('<g xmlns="http://www.w3.org/1999/xhtml"/>'), "2: the element <g>"),
    "HREF, which counts where the drawing stands in HTML": (SVG.format('<use HREF="data:x"/>'), "2: HREF: expected a part of the drawing"),
    "a base": (SVG.format('<g xml:base="https://e.org/"/>'), "2: base: expected a part of the drawing"),
    "an import in pieces": (SVG.format("<style>@im<!-- x -->port 'x';</style>"), "2: <style>: expected nothing to load"),
    "an image set": (SVG.format("<style>g{mask:image-set('x' 1x)}</style>"), "2: <style>: expected nothing to load"),
    "UTF-7": ('<?xml version="1.0" encoding="UTF-7"?><svg xmlns="http://www.w3.org/2000/svg"><text>+ADwAIQAtAC0- <script>x</script> +AC0ALQA+-</text></svg>', "1: a drawing is UTF-8: drop the encoding 'UTF-7'"),
    "UTF-16, as browsers spell it": ("<?xml version='1.0' encoding='utf-16'?>" + SVG.format(""), "1: a drawing is UTF-8"),
    "an encoding that is UTF-8": ('<?xml version="1.0" encoding="utf-8"?>\n' + SVG.format(""), ""),
    "no XML": ("<svg><p>", "1: no XML"),
    "nothing": ("", "1: no XML"),
}  # fmt: skip


@pytest.mark.parametrize("folder", ["docs/pictures", "theme/diagrams"])
@pytest.mark.parametrize("drawing, expected", DRAWINGS.values(), ids=DRAWINGS)
def test_a_drawing_has_no_code_and_loads_nothing(drawing, expected, folder, tmp_path):
    (tmp_path / folder).mkdir(parents=True)
    (tmp_path / folder / "x.svg").write_text(drawing)
    found = errors(one_language(tmp_path, {"x": HEAD + "x\n"}))
    assert found == [] if not expected else found[0].startswith(f"{folder}/x.svg:{expected}"), found


def test_the_renderings_that_a_wrong_page_costs_are_bounded():
    """The lines of problems are found by rendering parts of the page; their number grows with the logarithm of the lines."""
    rendered = []

    def render(text: str) -> str:
        rendered.append(text)
        return text

    problems, _ = html_policy.check("<script></script>\n" * 1000, render, "block")
    assert [line for line, _ in problems] == list(range(1, html_policy.MOST_PROBLEMS + 1))
    assert len(rendered) < html_policy.MOST_PROBLEMS * 11
