"""What a page may not have: a row is a page below a head, and the line and words of what is told. No words: it is read."""

# ruff: noqa: E501  a page stands in one line

from __future__ import annotations

import pytest
from guides import HEAD, errors, one_language

from checks.pages.rules import characters, html_policy

BASH = "```bash {#a}\ntrue\n```\n\n"


def snippet(code: str, language: str = "bash") -> str:
    return f"```{language} {{#a}}\n{code}\n```"


def inside(opening: str, closing: str) -> str:
    """A snippet between two tags."""
    return f"{opening}\n\n{BASH}{closing}"


MACROS = {
    "python reached from a global": ("[[[ cycler.__init__.__globals__.os.popen('id').read() ]]]", "4: [[[ starts a macro"),
    "expression": ("[[[ 1+1 ]]]", "4: [[[ starts a macro"),
    "name alone": ("[[[ proof ]]]", "4: [[[ starts a macro"),
    "attribute": ("[[[ proof().__class__ ]]]", "4: [[[ starts a macro"),
    "filter": ('[[[ facts("a") | upper ]]]', "4: [[[ starts a macro"),
    "include": ('[[% include "../../../../etc/hostname" %]]', "4: [[% starts a macro"),
    "statement": ("[[% for x in y %]]", "4: [[% starts a macro"),
    "comment of a template": ("[[# x #]]", "4: [[# starts a macro"),
    "unknown": ("[[[ nope() ]]]", "4: there is no macro nope (known: diagram, "),
    "unknown, of Jinja": ("[[[ range() ]]]", "4: there is no macro range"),
    "unknown, of mkdocs-macros": ("[[[ macros_info() ]]]", "4: there is no macro macros_info"),
    "unknown, of another alphabet": ("[[[ \u0440roof() ]]]", "4: there is no macro"),
    "too few": ("[[[ diagram() ]]]", "4: macro diagram: expected as many texts between the parentheses: 1; found 0"),
    "too many": ('[[[ proof("x") ]]]', "4: macro proof: expected as many texts between the parentheses: 0; found 1"),
    "keyword": ('[[[ facts(file="a") ]]]', "4: [[[ starts a macro"),
    "number": ("[[[ facts(1) ]]]", "4: [[[ starts a macro"),
    "escaped quote": (r'[[[ facts("a\"b") ]]]', "4: [[[ starts a macro"),
    "formatted": ('[[[ facts(f"{x}") ]]]', "4: [[[ starts a macro"),
    "concatenated": ('[[[ facts("a" "b") ]]]', "4: [[[ starts a macro"),
    "nested": ("[[[ facts(proof()) ]]]", "4: [[[ starts a macro"),
    "two lines": ('[[[ facts(\n"a") ]]]', "4: [[[ starts a macro"),
    "never closed": ("[[[ proof() ]]", "4: [[[ starts a macro"),
    "of four brackets": ("[[[[ proof() ]]]]", "4: [[[ starts a macro"),
    "in a comment": ("<!-- [[[ x ]]] -->", "4: [[[ starts a macro"),
    "in a heading": ("## A [[[ x ]]] {#h}", "4: [[[ starts a macro"),
    "in an attribute": ('<div title="[[[ x ]]]">a</div>', "4: [[[ starts a macro"),
    "in a footnote": ("a[^1]\n\n[^1]: [[[ x ]]]", "6: [[[ starts a macro"),
    "in a table": ("| a |\n|---|\n| [[[1]]] |", "6: [[[ starts a macro"),
    "between backquotes that are escaped": (r"\`[[[ x ]]]\`", "4: [[[ starts a macro"),
    "between backquotes of two items": ("- a ` b\n- c [[[ x ]]] ` d", "5: [[[ starts a macro"),
    "in the text of a link": ("[a [[[ x ]]]](y.md)", "4: [[[ starts a macro"),
    "a macro": ("[[[ glossary(\"kernels\", 'dump') ]]]", ""),
    "two macros on a line": ('[[[ proof() ]]] [[[ facts("x") ]]]', ""),
    "a macro as an address": ('[x]([[[ transcript_url("quick-start") ]]])', ""),
    "between backquotes": ("The output `[[[1]]]` is a list.", ""),
    "between two backquotes each": ("``[[[ `x` ]]]``", ""),
    "between backquotes on two lines": ("a `foo\nbar [[[ x` b", ""),
    "between backquotes in a table": ("| a |\n|---|\n| `[[[1]]]` |", ""),
    "in <code>": ("<code>[[[ x ]]]</code>", ""),
    "in Python": (snippet("cube = [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]\nprint(cube[0][1][0])", "python"), ""),
    "in bash": (snippet("grep '[[[:alpha:]]' x"), ""),
    "in an output": (BASH + "```text {.output}\n[[[ 1+1 ]]] [[% x %]] [[# x\n```", ""),
    "in a text": ("```text\n[[[ x ]]]\n```", ""),
    "brackets": ("[[a]] [[b](c.md)] [[", ""),
}

BLOCKS = {
    "never closed": ("```bash {#a}\necho hi\n```\n\n```ini\nx=1\n\n## Next {#next}\n\n```bash {#b}\necho ho\n```", "8: this block goes on to line 15, but line 11 (## Next {#next}) is a heading"),
    "never closed, without a heading": ("```ini\nx=1\n\n```bash {#b}\necho ho\n```", "4: this block goes on to line 9, but line 7 (```bash {#b}) opens another block"),
    "never closed, to the end": ("```yaml\na: 1", "4: this fence is never closed"),
    "closed by a longer fence": ("```text\nx\n````\n\n```bash {#b}\necho ho\n```", "4: this block goes on to line 10, but line 6 (````) seems to be meant as its end"),
    "closed by an indented fence": ("```text\nx\n    ```\n\n```bash {#b}\necho ho\n```", "4: this block goes on to line 10, but line 6 (```) seems to be meant as its end"),
    "closed by a fence after a space": ("```text\nx\n ```\n\n```bash {#b}\necho ho\n```", "but line 6 (```) seems to be meant as its end"),
    "closed by a fence after a tab": ("```text\nx\n\t```\n\n```bash {#b}\necho ho\n```", "but line 6 (```) seems to be meant as its end"),
    "closed by a fence with a language": ("```text\nx\n```text\n\n```bash {#b}\necho ho\n```", "4: this block goes on to line 10, but line 6 (```text) opens another block"),
    "closed by a fence with a full stop": ("```text\nx\n``` .\n\n```bash {#b}\necho ho\n```", "4: this block goes on to line 10, but line 8 (```bash {#b}) opens another block"),
    "closed by the other character": ("~~~text\nx\n```\n\n```bash {#b}\necho ho\n```\n\n~~~", "4: this block goes on to line 12, but line 6 (```) seems to be meant as its end"),
    "closed by the other character, the other way": ("```text\nx\n~~~\n\n~~~bash {#b}\ntrue\n~~~\n\n```", "4: this block goes on to line 12, but line 6 (~~~) seems to be meant as its end"),
    "closed by a shorter fence": ("````text\nx\n```\n\n```bash {#b}\necho ho\n```\n\n````text\ny\n````", "4: this block goes on to line 14, but line 6 (```) seems to be meant as its end"),
    "closed by a fence in a quote": ("```text\nx\n> ```\n\n```bash {#b}\necho ho\n```", "4: this block goes on to line 10, but line 6 (> ```) seems to be meant as its end"),
    "closed by a fence after an unseen character": ("```text\nx\n\u200b```\n\n```bash {#b}\necho ho\n```", "4: this block goes on to line 10"),
    "closed by a fence before an unseen character": ("```text\nx\n```\u00a0\n\n```bash {#b}\necho ho\n```", "4: this block goes on to line 10"),
    "never closed in a list": ("- a\n\n    ```text\n    x\n\n- b\n\n    ```bash {#b}\n    true\n    ```", "6: this fence is not rendered"),
    "never closed in a quote": ("> ```text\n> x\n\ny\n\n> ```bash {#b}\n> true\n> ```", "4: this fence is not rendered"),
    "never closed in details": ('??? note "x"\n\n    ```text\n    x\n\n```bash {#b}\ntrue\n```', "6: this fence is not rendered"),
    "closed by a fence of another depth, in a list": ("- a\n\n    ```text\n    x\n  ```\n\n```bash {#b}\necho ho\n```", "6: this fence is not rendered"),
    "closed by a deeper fence, in a list": ("- a\n\n    ```text\n    x\n        ```\n\n    ```bash {#b}\n    true\n    ```", "6: this block goes on to line 12"),
    "a heading in a block": ("```text\nx\n\n## Next {#next}\n\nwords\n\n```", "4: this block goes on to line 11, but line 7 (## Next {#next}) is a heading"),
    "a snippet in an ini block": ("~~~ini\n[x]\n```bash {#b}\ntrue\n```\n~~~", "4: this block goes on to line 9, but line 6 (```bash {#b}) is a snippet, which would not run"),
    "a closing fence alone": ("```\n\n```bash {#b}\ntrue\n```", "but line 6 (```bash {#b}) opens another block"),
    "a block in a block, never closed": ("````text\n```ini\nx\n````", "4: this block goes on to line 7, but line 5 (```ini) opens a block that is not closed in it"),
    "two backquotes": ("``bash {#b}\necho ho\n``", "4: `` opens no block of code"),
    "two tildes": ("~~bash\necho ho\n~~", "4: ~~ opens no block of code"),
    "backquotes of full width": ("\uff40\uff40\uff40bash {#b}\necho\n\uff40\uff40\uff40", "4: \uff40\uff40\uff40 opens no block of code"),
    "apostrophes": ("'''bash\nx\n'''", "4: ''' opens no block of code"),
    "in a footnote, which is shown at the end": ("a[^1]\n\n[^1]:\n    x\n\n    ```bash {#b}\n    true\n    ```\n\n" + BASH, "9: the site shows this block at another place"),
    "Markdown in Markdown": ("````markdown\n## x {#y}\n\n```bash {#b}\ntrue\n```\n````", ""),
    "Markdown in Markdown, by tildes": ("~~~markdown\n```bash {#b}\ntrue\n```\n~~~", ""),
    "a compiler's marks": ("```text\nx.c:1: error\n   ~~~~^~~~\n   ~~~~~\n```", ""),
    "an underline": (snippet("cat <<E\nTitle\n~~~~~\nE"), ""),
    "Markdown in a document that bash writes": ("````bash {#a}\ncat <<'E'\n```ini\nx\n```\nE\n````", ""),
    "code within a line of a text": ("```text\n```x``` y\n```", ""),
    "comments of bash": (snippet("## x\ntrue\n# {#y"), ""),
    "code at the start of a line": ("`bash` is\n\n`python`", ""),
    "backquotes in bash before Python": (snippet("echo '```python'") + "\n\n```python {#b}\nprint(1)\n```", ""),
    "an empty output before Python": (BASH + '```text {.output data-target="debian-13"}\n```\n\n```python {#b}\nprint(1)\n```', ""),
    "Python that pytest-examples cannot read": ("> ```python {#b}\n> print(1)\n> ```", "4: pytest-examples "),
    "a class that is almost output": (BASH + "```text {.ouput}\nx\n```", "8: unknown class .ouput: did you mean .output?"),
    "a class in capitals": (BASH + "```text {.Output}\nx\n```", "8: unknown class .Output: did you mean .output?"),
    "an output with another class": (BASH + "```text {.output .x}\nx\n```", "8: an output has the class output and no other, found .x"),
    "a class of a text": ("```ini {.annotate}\nx\n```", "4: unknown class .annotate"),
    "an attribute of a text": ('```text {#u data-exit="1"}\nx\n```', "4: unknown attribute data-exit"),
    "two ids": ("```bash {#a #b}\ntrue\n```", "4: an id (#name) is there twice"),
    "two ids, one of them spelled out": ('```bash {#a id="b"}\ntrue\n```', "4: an id (#name) is there twice"),
    "an attribute twice": ('```bash {#a data-exit="1" data-exit="2"}\ntrue\n```', "4: data-exit is there twice"),
    "a class twice": (BASH + "```text {.output .output}\nx\n```", "8: .output is there twice"),
    "a title twice": ('```text title="a" title="b"\nx\n```', "4: title is there twice"),
    "two ids of a heading": ("## A {#u #v}", "4: an id (#name) is there twice"),
    "an id of a snippet and a text": (BASH + "```text {#a}\nx\n```", "8: the id a is taken by the snippet on line 4"),
    "an id of a snippet and its output": (BASH + "```text {.output #a}\nx\n```", "8: the id a is taken by the snippet on line 4"),
    "an id of two headings": ("## A {#u}\n\n## B {#u}", "6: the id 'u' is there twice"),
    "an id of a snippet and of HTML": (BASH + '<p id="a">x</p>', "4: the id a is taken by another element"),
    "an id of a heading and of HTML": ('## A {#u}\n\n<p id="u">x</p>', "6: the id 'u' is there twice"),
}  # fmt: skip

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
    "text": ("a < b and c > d, &lt;script&gt;, `<script>`, <!-- a comment -->", ""),
    "what extensions make": ('a[^1], ++ctrl+c++, `#!bash echo $x`, HTML\n\n*[HTML]: words\n\n[^1]: x\n\n=== "A"\n\n    x\n\n=== "B"\n\n    y\n\nterm\n:   words\n\n| a |\n|:-:|\n| b |\n\n3. x\n\n!!! note "N"\n\n    x\n\n??? tip\n\n    y', ""),
    "links": ("[a](b.md) [c](#d) <a@example.org> <https://example.org/> ![e](f.svg){ width=40 } [g](mailto:a@example.org)", ""),
}  # fmt: skip

CHARACTERS = {
    **{
        f"U+{number:04X} in bash": (snippet(f"echo a{chr(number)}b"), f"5: U+{number:04X}")
        for number in (
            0x00, 0x08, 0x1B, 0x1F, 0x7F, 0x85, 0x9B, 0xA0, 0xAD, 0x34F, 0x378, 0x61C, 0x115F, 0x1160, 0x1680, 0x17B4, 0x17B5, 0x180B,
            0x180E, 0x180F, 0x2000, 0x200A, 0x200B, 0x200D, 0x2028, 0x2029, 0x202E, 0x202F, 0x205F, 0x2061, 0x2064, 0x2065, 0x2066,
            0x206F, 0x2800, 0x3000, 0x3164, 0xE000, 0xFDD0, 0xFE00, 0xFE0F, 0xFEFF, 0xFFA0, 0xFFF0, 0xFFF9, 0xFFFB, 0xFFFC, 0xFFFF,
            0x110BD, 0x13430, 0x16FE4, 0x1BCA0, 0x1D159, 0x1D173, 0x1D17A, 0xE0001, 0xE007F, 0xE0100, 0xE01EF, 0x10FFFF,
        )
    },
    "unseen in Python": (snippet("x = 'a\u3164b'", "python"), "5: U+3164 HANGUL FILLER, which a reader cannot see"),
    "unseen in a text": ("```text\na\u202eb\n```", "5: U+202E"),
    "unseen in prose": ("a\u202eb", "4: U+202E"),
    "unseen in an opening fence": ('```bash {#a data-skip="a\u200bb"}\ntrue\n```', "4: U+200B"),
    "a Cyrillic letter in a path": (snippet("ls -l /\u0435tc/passwd"), "5: \u0435 (U+0435 CYRILLIC SMALL LETTER IE)"),
    "a Cyrillic letter in a command": (snippet("\u0441at x"), "5: \u0441 (U+0441"),
    "a Cyrillic letter as an option": (snippet("ls -\u0430"), "5: \u0430 (U+0430"),
    "a Cyrillic letter in a string": (snippet('cat "/\u0435tc/passwd"'), "5: \u0435 (U+0435"),
    "a Cyrillic letter in a comment": (snippet("true # \u0441at"), "5: \u0441 (U+0441"),
    "a Cyrillic letter in Python": (snippet("\u0430bc = 1", "python"), "5: \u0430 (U+0430"),
    "a Cyrillic letter in the second line": (snippet("true\n\u0441at x"), "6: \u0441 (U+0441"),
    "a Greek letter": (snippet("\u03bfpen x"), "5: \u03bf (U+03BF"),
    "a Latin letter that looks like another": (snippet("c\u0251t x"), "5: \u0251 (U+0251"),
    "a letter without its dot": (snippet("\u0131p a"), "5: \u0131 (U+0131"),
    "Lisu letters": (snippet("\ua4e1\ua4e2"), "5: \ua4e1 (U+A4E1"),
    "letters of full width": (snippet("\uff4c\uff53"), "5: \uff4c (U+FF4C FULLWIDTH LATIN SMALL LETTER L) looks like 'l'"),
    "letters of full width in a string": (snippet('echo "\uff21"'), "5: \uff21 (U+FF21"),
    "mathematical letters": (snippet("\U0001d5c5\U0001d5cc x"), "looks like 'l'"),
    "a ligature": (snippet("echo \ufb01le"), "looks like 'fi'"),
    "a superscript": (snippet("echo x\u00b2"), "looks like '2'"),
    "a full stop of another kind": (snippet("cat a\u2024b"), "looks like '.'"),
    "a slash of another kind": (snippet("cat \u2044etc"), "5: \u2044 (U+2044 FRACTION SLASH) outside a comment or string"),
    "a colon of full width": (snippet("a\uff1ab"), "looks like ':'"),
    "a semicolon of full width": (snippet("true\uff1bfalse"), "looks like ';'"),
    "an equals sign of full width": (snippet("x\uff1d1", "python"), "looks like '='"),
    "quotation marks": (snippet("echo \u201chi\u201d"), "5: \u201c (U+201C LEFT DOUBLE QUOTATION MARK) outside a comment or string"),
    "an en dash as an option": (snippet("ls \u2013l"), "5: \u2013 (U+2013 EN DASH) looks like the - of an option"),
    "an en dash as an option in a string": (snippet('x="\u2013l"'), "looks like the - of an option"),
    "an em dash": (snippet("rm \u2014rf x"), "looks like the - of an option"),
    "a minus sign": (snippet("echo $((3 \u2212 1))"), "5: \u2212 (U+2212 MINUS SIGN) outside a comment or string"),
    "an ellipsis": (snippet("ls \u2026"), "looks like '...'"),
    "an accent of its own": (snippet("echo cafe\u0301"), "5: a letter and its accent are two characters here"),
    "a Chinese one as a dash": (snippet("ls -\u4e00"), "mixes letters of two scripts"),
    "a Chinese one in an English word": (snippet("ls \u4e00l"), "mixes letters of two scripts"),
    "Arabic digits": (snippet("echo \u0663"), "5: \u0663 (U+0663 ARABIC-INDIC DIGIT THREE) outside a comment or string"),
    "Chinese in a comment": (snippet("true # 注意：不要 rm（真的），“好”…"), ""),
    "Chinese in a comment at the end": (snippet("true\n# 注意：好"), ""),
    "Chinese in strings": (snippet("echo \"大小：3 MB，好\" '中文'"), ""),
    "Chinese in a here-document": (snippet("cat <<EOF\n中文：abc – it’s\nEOF"), ""),
    "Chinese in Python": (snippet("x = '中文abc'  # 说明：x\nprint(f\"大小：{x}\")", "python"), ""),
    "a Chinese word": (snippet("echo 好"), ""),
    "a picture, and an accent": (snippet("echo 😀 é"), ""),
    "a Russian text": (snippet('echo "привет мир"'), ""),
    "unseen in an output": (BASH + "```text {.output}\na\u202eb\u200b\u00a0\u3000\x1b[0m\x9b\n```", ""),
    "Markdown's own mark in an output": (BASH + "```text {.output}\na\x02wzxhzdk:0\x03b\n```", ""),
    "Markdown's own mark in prose": ("a\x02wzxhzdk:0\x03b", "4: U+0002"),
    "typography in prose": ("a\u3000b\u00a0c ✔\ufe0f 👩\u200d👩", ""),
}  # fmt: skip

NAMES = {f"{kind}: {name}": row for kind, rows in (("macro", MACROS), ("block", BLOCKS), ("HTML", HTML), ("character", CHARACTERS)) for name, row in rows.items()}  # fmt: skip


@pytest.mark.parametrize("text, expected", NAMES.values(), ids=NAMES)
def test_a_page_is_read_or_refused_with_line_and_reason(text, expected, tmp_path):
    found = errors(one_language(tmp_path, {"x": HEAD + text + "\n"}))
    if not expected:
        assert found == []
        return
    line, colon, words = expected.partition(": ") if expected[0].isdigit() else ("", "", expected)
    assert [error for error in found if words in error and error.startswith(f"docs/x.md:{line}{colon}")], found


@pytest.mark.parametrize(
    "text, expected",
    [
        ("plain\ttext\n", "plain\ttext\n"),
        ("\x1b[0m\x00\x7f", "␛[0m␀␡"),
        ("a\u202eb\x9b\u200b\u3000", "a<U+202E>b<U+009B><U+200B><U+3000>"),
        ("é 中文，好 😀", "é 中文，好 😀"),
    ],
)
def test_what_cannot_be_seen_is_made_visible(text, expected):
    assert characters.visible(text) == expected


HEADS = {
    "a direction in a title": ("title: a\u202eb", "3: U+202E"),
    "mkdocs-macros' own key": ("render_macros: true", "3: render_macros: unknown key"),
    "a template": ("template: x.html", "3: template: unknown key"),
    "what the theme cannot hide": ("hide: [content]", "3: hide.1: expected navigation or toc or path or footer or feedback, found 'content'"),
    "HTML in a title, which is shown as text": ("title: <script>alert(1)</script>", ""),
    "a macro in a title, which is shown as text": ("title: '[[[ proof() ]]]'", ""),
}  # fmt: skip


@pytest.mark.parametrize("line, expected", HEADS.values(), ids=HEADS)
def test_a_head_is_read_or_refused(line, expected, tmp_path):
    found = errors(one_language(tmp_path, {"x": f"---\nmachine: container\n{line}\n---\n\nx\n"}))
    assert found == [] if not expected else found[0].startswith(f"docs/x.md:{expected}"), found


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
    "an address in a style": (SVG.format('<rect style="fill:url(https://e.org/)"/>'), "2: style: expected nothing to load"),
    "an import": (SVG.format("<style>@import 'x';</style>"), "2: <style>: expected nothing to load"),
    "an escape in a style": (SVG.format(r"<style>@\69mport 'x';</style>"), "2: <style>: expected nothing to load"),
    "a style sheet": ('<?xml-stylesheet href="x"?>' + SVG.format(""), "1: a drawing has no <? ?>"),
    "entities": ('<!DOCTYPE svg [<!ENTITY x SYSTEM "/etc/passwd">]>' + SVG.format("<text>&x;</text>"), "1: a drawing has no <!DOCTYPE>"),
    "HTML": ("<html><body>x</body></html>", "1: the element <body> is not allowed"),
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


LARGE = {
    "a table of 3000 columns": "| a " * 3000 + "|\n" + "|---" * 3000 + "|\n",
    "2000 blocks": "".join(f"```bash {{#s{number}}}\ntrue\n```\n\n" for number in range(2000)),
    "2000 texts": "```text\nx\n```\n\n" * 2000,
    "2000 elements": "<b>x</b> " * 2000,
    "2000 addresses": "[x](y.md)\n\n" * 2000,
    "2000 words of code": "`[[[ x ]]]`\n\n" * 2000,
}


@pytest.mark.parametrize("text", LARGE.values(), ids=LARGE)
def test_a_large_page_is_read(text, tmp_path):
    assert errors(one_language(tmp_path, {"x": HEAD + text})) == []


def test_the_renderings_that_a_wrong_page_costs_are_bounded():
    """The lines of problems are found by rendering parts of the page; their number grows with the logarithm of the lines."""
    rendered = []

    def render(text: str) -> str:
        rendered.append(text)
        return text

    problems, _ = html_policy.check("<script></script>\n" * 1000, render, "block")
    assert [line for line, _ in problems] == list(range(1, html_policy.MOST_PROBLEMS + 1))
    assert len(rendered) < html_policy.MOST_PROBLEMS * 11
