"""Which SVG files the site shows: drawings, without scripts, links, and files of others."""

from __future__ import annotations

import re
from pathlib import Path

from lxml import etree

from checks.config import Config
from checks.model import Problem

MAX_BYTES = 2 << 20
_ELEMENTS = frozenset((
    "svg", "g", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "text", "tspan", "textPath",
    "title", "desc", "defs", "use", "symbol", "marker", "style", "linearGradient", "radialGradient", "stop",
    "clipPath", "mask", "pattern",
))  # fmt: skip
_NAMESPACE = "http://www.w3.org/2000/svg"
_ENCODING = re.compile(rb"""(?:\xef\xbb\xbf)?\s*<\?xml\b[^>]*?\bencoding\s*=\s*["']([^"']*)["']""")  # of an XML declaration
_ADDRESSES = ("href", "src", "base")  # in whatever namespace and case: a drawing also stands within HTML, which knows neither
# In a style: an address, which may only be that of a part of the drawing; an import; an escape, which could write either.
_LOADS = re.compile(r"url\s*+\(\s*+(?![\"']?#)|(?:src|image|image-set)\s*+\(|@import|expression\s*+\(|\\", re.IGNORECASE)


def problems(data: bytes) -> list[tuple[int, str]]:
    """What is wrong with a drawing: line, text. The name of the file is the caller's to say."""
    if len(data) > MAX_BYTES:
        return [(1, f"this drawing is larger than {MAX_BYTES >> 20} MiB")]
    declared = _ENCODING.match(data)
    if declared and declared[1].lower() not in (b"utf-8", b"us-ascii"):
        return [(1, f"a drawing is UTF-8: drop the encoding {ascii(declared[1].decode('latin-1'))}, which browsers may read otherwise")]
    try:
        data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return [(data.count(b"\n", 0, error.start) + 1, f"a drawing is UTF-8: the byte 0x{data[error.start]:02x} is not")]
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, encoding="utf-8")
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or 1
        return [(line, f"no XML: {getattr(error, 'msg', error)}")]
    document = root.getroottree()
    found: list[tuple[int, str]] = []
    if document.docinfo.internalDTD is not None:
        found.append((1, "a drawing has no <!DOCTYPE>, which can name files and entities"))
    for node in (*_before(root), *root.iter()):
        found += [(node.sourceline or 1, problem) for problem in _node(node)]
    return found


def file_problems(file: Path) -> list[tuple[int, str]]:
    """The same for a file."""
    with file.open("rb") as stream:
        return problems(stream.read(MAX_BYTES + 1))


def _before(root: etree._Element) -> list[etree._Element]:
    """The comments and instructions beside the root, such as <?xml-stylesheet?>."""
    return [*root.itersiblings(preceding=True), *root.itersiblings()]


def _node(node: etree._Element) -> list[str]:
    tag: object = node.tag  # a function for comments and instructions
    if tag is etree.Comment:
        return []
    if not isinstance(tag, str):
        return ["a drawing has no <? ?> but the XML declaration, and no entities"]
    name = etree.QName(node)
    if name.namespace != _NAMESPACE or name.localname not in _ELEMENTS:
        return [f"the element <{name.localname}> is not allowed in a drawing (known: {', '.join(sorted(_ELEMENTS))})"]
    found = []
    for key, value in ((etree.QName(key).localname, str(value)) for key, value in node.attrib.items()):
        if key.lower().startswith("on"):
            found.append(f"the attribute {key} is not allowed in a drawing: it is code")
        elif key.lower() in _ADDRESSES:
            if not value.strip().startswith("#"):
                found.append(f"{key}: expected a part of the drawing itself, like #part, found {ascii(value)[:60]}")
        elif _LOADS.search(value):
            found.append(f"{key}: expected nothing to load, found {ascii(value)[:60]}")
    # Browsers read a style without the comments and elements in it.
    if name.localname == "style" and _LOADS.search("".join([node.text or "", *(child.tail or "" for child in node)])):
        found.append("<style>: expected nothing to load: no url() but of a part of the drawing, no @import, no backslash")
    return found


def problems_below(config: Config, folder: Path) -> list[Problem]:
    """What is wrong with the SVG files in a folder: a browser runs what is in them."""
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in (".svg", ".svgz") and path.is_file())
    return [Problem(config.relative(file), line, text) for file in files for line, text in file_problems(file)]
