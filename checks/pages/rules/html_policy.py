"""Which HTML a page may have: lists of elements, attributes, classes and addresses. Whatever is not on them is refused.

What is looked at is the HTML that the site's Markdown makes of the page, so raw HTML, attributes in braces, links and
whatever an extension adds are all judged alike. No element on the list changes how a browser reads what follows, as
script, style, textarea or template do, so the strict expression of a tag below reads HTML as a browser does. No
attribute on the list hides an element, loads a file from elsewhere or has code in it.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Callable, Iterator
from difflib import get_close_matches

from checks.pages.macros import ADDRESS_WORD, OTHER_WORD
from checks.pages.rules.open_elements import OpenElements

_ANYWHERE = frozenset(("id", "class", "title", "lang"))
_OWN_ATTRIBUTES: dict[str, frozenset[str]] = {
    "a": frozenset(("href", "hreflang")),
    "img": frozenset(("src", "alt", "width", "height")),
    "ol": frozenset(("start",)),
    "td": frozenset(("style", "colspan", "rowspan")),
    "th": frozenset(("style", "colspan", "rowspan", "scope")),
    "details": frozenset(("open",)),
    "time": frozenset(("datetime",)),
    # pymdownx.tabbed makes these.
    "div": frozenset(("data-tabs",)),
    "input": frozenset(("checked", "name", "type")),
    "label": frozenset(("for",)),
}
ELEMENTS = frozenset((
    "a", "abbr", "b", "blockquote", "br", "caption", "cite", "code", "dd", "del", "details", "dfn", "div", "dl",
    "dt", "em", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "input", "ins", "kbd",
    "label", "li", "mark", "ol", "p", "q", "s", "samp", "small", "span", "strong", "sub", "summary", "sup", "table",
    "tbody", "td", "tfoot", "th", "thead", "time", "tr", "u", "ul", "var", "wbr",
))  # fmt: skip
# The theme's classes that pages use, those of the guide's own style sheets, and those that extensions of Markdown make.
CLASSES = frozenset((
    "md-button", "md-button--primary", "lead", "admonition", "abstract", "bug", "danger", "example",
    "failure", "info", "inline", "end", "note", "question", "quote", "success", "tip", "warning", "admonition-title",
    "footnote", "tabbed-set", "tabbed-alternate", "tabbed-labels", "tabbed-content", "tabbed-block", "tabbed-label",
    "highlight", "keys",
))  # fmt: skip
# Of keys, and of coloured code within a line.
_OF_ELEMENT = {
    "a": re.compile("footnote-(?:ref|backref)"),
    "kbd": re.compile(r"key-[a-z0-9-]+"),
    "code": re.compile(r"language-[a-z0-9+#.-]+"),
    "span": re.compile(r"[a-z]{1,2}[a-z0-9]?"),
}
_ID = re.compile(r"[A-Za-z0-9_]+(?:-+[A-Za-z0-9_]+)*-?|fn(?:ref\d*)?:[\w-]+|__tabbed_\d+(?:_\d+)?")
_ID_OF_THEME = re.compile(r"__(?!tabbed_)|block-\d+$")
_VALUES = {
    "style": re.compile(r"text-align: (?:left|center|right);"),
    "type": re.compile("radio"),
    "name": re.compile(r"__tabbed_\d+"),
    "data-tabs": re.compile(r"\d+:\d+"),
    "width": re.compile(r"[1-9]\d{1,3}"),
    "height": re.compile(r"[1-9]\d{1,3}"),
}
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_SCHEMES = ("http", "https", "mailto")

# A tag, what begins a comment, or a "<" that begins neither. Blanks are the five that browsers know, and no other of Unicode's:
# such a one is a part of a name or of a value. `(?>…)` keeps the search linear: an attribute is read in one way only.
_TOKEN = re.compile(
    r"""
    (?P<comment><!--)
    | <(?P<end>/?)(?P<name>[A-Za-z][A-Za-z0-9-]*)
      (?P<attributes>(?>
        [ \t\n\f\r]+ [^ \t\n\f\r"'<>/=]+
        (?> [ \t\n\f\r]* = [ \t\n\f\r]* (?:"[^"]*"|'[^']*'|[^ \t\n\f\r"'=<>`]+) )?
      )*) [ \t\n\f\r]* /?>
    | (?P<stray><)
    """,
    re.VERBOSE,
)
_ATTRIBUTE = re.compile(r"""([^ \t\n\f\r"'<>/=]+)(?:[ \t\n\f\r]*=[ \t\n\f\r]*(?:"([^"]*)"|'([^']*)'|([^ \t\n\f\r"'=<>`]+)))?""")
MOST_PROBLEMS = 10  # of one page: each costs several renderings, by which its line is found


def check(text: str, render: Callable[[str], str], block: str) -> tuple[list[tuple[int, str]], frozenset[str]]:
    """What is wrong with the HTML that ``render`` makes of a page's Markdown (line, text), and the ids in it.

    ``block`` is the element that stands for a code block in that HTML.
    """
    rendered = render(text)
    problems = list(_problems(rendered, block))
    ids = frozenset(html.unescape(value) for value in _ids(rendered, block))
    if not problems:
        return [], ids
    lines = text.split("\n")
    known: dict[int, Counter[str]] = {len(lines): Counter(problems)}

    def count(number: int, problem: str) -> int:
        if number not in known:
            known[number] = Counter(_problems(render("\n".join(lines[:number])), block))
        return known[number][problem]

    told = []
    seen: Counter[str] = Counter()
    for problem in problems[:MOST_PROBLEMS]:
        seen[problem] += 1
        low, high = 0, len(lines)
        while high - low > 1:  # the first line up to which the page has the problem
            middle = (low + high) // 2
            low, high = (low, middle) if count(middle, problem) >= seen[problem] else (middle, high)
        told.append((high, problem))
    return told, ids


def address_problem(address: str, loads: bool) -> str | None:
    """What is wrong with an address, read as browsers do: without tabs, line ends and what stands before its scheme.

    ``loads`` is true where the browser loads it with the page.
    """
    read = re.sub(r"[\t\n\r]", "", address).lstrip("".join(map(chr, range(0x21))))
    scheme = _SCHEME.match(read)
    if loads and (scheme or read.replace("\\", "/").startswith("//")):
        return f"the address {_short(address)} is loaded from elsewhere: expected a file below docs/"
    if scheme and scheme[1].lower() not in _SCHEMES:
        return f"the address {_short(address)} has the scheme {scheme[1].lower()}: expected {', '.join(_SCHEMES)}, or a page of the guide"
    if read.replace("\\", "/").startswith("//"):
        return f"the address {_short(address)} has no scheme: expected https://"
    return None


def _tokens(rendered: str) -> Iterator[tuple[re.Match[str], str]]:
    """The tags, comments and other "<" in the HTML, each with the text of the comment; a comment that has no end is a "<"."""
    position, comments_end = 0, True
    while token := _TOKEN.search(rendered, position):
        position = token.end()
        text = ""
        if token["comment"]:
            end = rendered.find("-->", position) if comments_end else -1
            comments_end = end >= 0  # looked for once, since otherwise many beginnings would take a time that grows with their square
            text = rendered[position:end] if comments_end else ""
            position = end + 3 if comments_end else position
            if not comments_end:
                yield token, "never closed"
                continue
        yield token, text


def _ids(rendered: str, block: str) -> Iterator[str]:
    for token, _ in _tokens(rendered):
        if token["name"] and not token["end"] and token["name"].lower() != block:
            yield from (value for name, value in _attributes(token) if name == "id")


def _attributes(token: re.Match[str]) -> list[tuple[str, str]]:
    found = _ATTRIBUTE.findall(token["attributes"] or "")
    return [(name.lower(), html.unescape(double or single or bare)) for name, double, single, bare in found]


def _problems(rendered: str, block: str) -> Iterator[str]:
    elements = OpenElements()
    ids: set[str] = set()
    for token, comment in _tokens(rendered):
        if token["stray"]:
            shown = " ".join(rendered[token.start() : token.start() + 30].split())
            yield f"`{shown}` is no HTML that browsers all read alike: write &lt; for a <, or put it between backquotes"
        elif token["comment"]:
            # Browsers end a comment at <!-->, <!---> and --!>.
            if comment == "never closed" or comment.startswith((">", "->")) or "--!>" in comment or "<!--" in f"{comment}-":
                yield "this comment ends before its -->, or has another in it: write <!-- text -->"
        elif (name := token["name"].lower()) == block:
            continue
        elif name not in ELEMENTS:
            if not token["end"]:  # of its end, nothing more is told
                yield f"the element <{name}> is not allowed: {_why(name)}"
        elif token["end"]:
            yield from elements.close(name)
        else:
            attributes = _attributes(token)
            yield from _attribute_problems(name, attributes, ids)
            yield from elements.open(name, dict(attributes).get("class", "").split())
    yield from elements.close_all()


_REASONS = {
    "pre": "a block that a reader can copy is a fence: ```text, or ```bash {#name}, which is run",
    "svg": "a drawing is a file: theme/diagrams/NAME.svg, and the macro diagram",
    "checks-fence": "it is a name of this guide's own",
}
_HIDING = ("template", "textarea", "noscript", "dialog", "select", "option")


def _why(name: str) -> str:
    if name in _HIDING:
        return "a reader would not see what is in it"
    return _REASONS.get(name, f"to show it as text, put <{name}> between backquotes")


def _attribute_problems(element: str, attributes: list[tuple[str, str]], ids: set[str]) -> Iterator[str]:
    allowed = _ANYWHERE | _OWN_ATTRIBUTES.get(element, frozenset())
    counts = Counter(name for name, _ in attributes)
    yield from (f"<{element}> has the attribute {name} twice" for name, count in counts.items() if count > 1)
    for name, value in attributes:
        # What a macro returns is not known here: an output's value may be an address that is code, or an id of the theme.
        if OTHER_WORD in value or (ADDRESS_WORD in value and name != "href"):
            yield f"a macro in the attribute {name} of <{element}>: only transcript_url may stand in an attribute, as the address of a link"
        elif name not in allowed:
            known = ", ".join(sorted(allowed))
            yield f"the attribute {name} of <{element}> is not allowed (known: {known}); to show it as text, put it between backquotes"
        elif name == "id":
            yield from _id_problems(value, ids)
        elif name == "class":
            yield from (problem for word in value.split() if (problem := _class_problem(element, word)))
        elif name in ("href", "src"):
            if problem := address_problem(value, loads=name == "src"):
                yield problem
        elif name in _VALUES and not _VALUES[name].fullmatch(value):
            yield f"<{element}>: {name} is not allowed to be {_short(value)}"
    if element == "input" and ("type", "radio") not in attributes:
        yield "the element <input> is not allowed: only tabs have one"


def _id_problems(value: str, ids: set[str]) -> Iterator[str]:
    if value in ids:
        yield f"the id {_short(value)} is there twice"
    ids.add(value)
    if not _ID.fullmatch(value) or _ID_OF_THEME.match(value):
        yield f"bad id {_short(value)}: expected letters, digits and hyphens, and no name of the site's own (__…, block-1)"


def _class_problem(element: str, word: str) -> str | None:
    if word in CLASSES or (element in _OF_ELEMENT and _OF_ELEMENT[element].fullmatch(word)):
        return None
    alike = get_close_matches(word, CLASSES, 1)
    hint = (
        f"did you mean {alike[0]}?" if alike else "a class can hide what it is on, so checks/pages/rules/html_policy.py has the known ones"
    )
    return f"unknown class {_short(word)}: {hint}"


def _short(text: str) -> str:
    return ascii(text if len(text) <= 60 else text[:60] + "…")
