"""Macros, blocks of code and heads. A row is a page below a head, and the line and words of what is told; without words, the page is read."""

# ruff: noqa: E501  a page stands in one line

from __future__ import annotations

import pytest
from guides import HEAD, assert_told, errors, one_language

BASH = "```bash {#a}\ntrue\n```\n\n"


def snippet(code: str, language: str = "bash") -> str:
    return f"```{language} {{#a}}\n{code}\n```"


MACROS = {
    "python reached from a global": ("[[[ cycler.__init__.__globals__.os.popen('id').read() ]]]", "4: [[[ starts a macro"),
    "expression": ("[[[ 1+1 ]]]", "4: [[[ starts a macro"),
    "name alone": ("[[[ proof ]]]", "4: [[[ starts a macro"),
    "attribute": ("[[[ proof().__class__ ]]]", "4: [[[ starts a macro"),
    "filter": ('[[[ facts("a") | upper ]]]', "4: [[[ starts a macro"),
    "include": ('[[% include "../../../../etc/hostname" %]]', "4: [[% starts a macro"),
    "statement": ("[[% for x in y %]]", "4: [[% starts a macro"),
    "comment of a template": ("[[# x #]]", "4: [[# starts a macro"),
    "unknown": ("[[[ nope() ]]]", "4: there is no macro nope (known: by_release, chart, diagnoses, diagram, documented, "),
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


@pytest.mark.parametrize("text, expected", MACROS.values(), ids=MACROS)
def test_a_macro_is_a_name_with_texts(text, expected, tmp_path):
    assert_told(tmp_path, text, expected)


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


@pytest.mark.parametrize("text, expected", BLOCKS.values(), ids=BLOCKS)
def test_a_block_ends_where_its_writer_meant_it_and_has_each_attribute_once(text, expected, tmp_path):
    assert_told(tmp_path, text, expected)


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
