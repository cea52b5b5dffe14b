"""mkdocs.yml as MkDocs reads it, without importing MkDocs: INHERIT, navigation, Markdown extensions, macros."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import yaml

from checks.model import PageErrors
from checks.strict_yaml import PLAIN_TAGS, Document, Location, PlainLoader

# MkDocs always loads these three extensions, whatever mkdocs.yml says.
BUILT_IN = ("toc", "tables", "fenced_code")
SUPERFENCES = "pymdownx.superfences"

# The packages whose names in mkdocs.yml are imported. The theme is not among them: reading the pages must not need
# the theme.
_RESOLVED = ("checks", "pymdownx", "markdown")


class TolerantLoader(PlainLoader):
    """Reads mkdocs.yml without importing what ``!!python/name:`` and ``!ENV`` point to; such a value is None."""

    text_keys = False  # a title in the navigation may be a year


TolerantLoader.add_multi_constructor("", lambda loader, suffix, node: None)
for _tag in PLAIN_TAGS:
    TolerantLoader.add_constructor(_tag, yaml.SafeLoader.yaml_constructors[_tag])


class _Unresolved:
    """The value of a setting that names something in a package which reading the pages must not need."""


class _NamesLoader(TolerantLoader):
    """Reads mkdocs.yml with ``!!python/name:`` imported from the packages in ``_RESOLVED``."""


def _resolve(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> Any:
    module, _, name = suffix.rpartition(".")
    if module.split(".")[0] not in _RESOLVED:
        return _Unresolved
    try:
        return getattr(import_module(module), name)
    except (ImportError, AttributeError):
        raise yaml.constructor.ConstructorError(None, None, f"there is no {suffix}", node.start_mark) from None


# This constructor stands before that of TolerantLoader, whose empty prefix fits every tag.
_NamesLoader.yaml_multi_constructors = {
    "tag:yaml.org,2002:python/name:": _resolve,
    **TolerantLoader.yaml_multi_constructors,
}


def read_yaml(path: Path, loader: type[PlainLoader] = TolerantLoader) -> Any:
    """The content of a YAML file. Raises a GuideError that names the file and line of what is wrong."""
    return Document.read(path, path, loader).data


def inherited(path: Path, loader: type[PlainLoader] = TolerantLoader) -> list[Document]:
    """The documents of a mkdocs.yml and of those that it names by INHERIT, the file itself first."""
    documents: list[Document] = []
    following: Path | None = path
    while following is not None:
        document = Document.read(following, following, loader)
        if document.data is None:
            document.data = {}
        documents.append(document)
        if not isinstance(document.data, dict):
            raise _problem(documents, (), f"expected `key: value` lines, found {document.describe(())}")
        following = _parent(documents)
    return documents


def _parent(documents: list[Document]) -> Path | None:
    """The file that the last document names by INHERIT."""
    document = documents[-1]
    name = document.data.get("INHERIT")
    if name is None:
        return None
    if not isinstance(name, str):
        found = document.describe(("INHERIT",))
        raise PageErrors([document.problem(("INHERIT",), f"expected the path of a file, found {found}")])
    parent = document.path.parent / name
    if parent.resolve() in [earlier.path.resolve() for earlier in documents]:
        raise PageErrors([document.problem(("INHERIT",), f"expected a file that does not lead back here, found {name!r}")])
    return parent


def merged(documents: list[Document]) -> dict[str, Any]:
    """mkdocs.yml with MkDocs' INHERIT: the file's keys over those of the file that it names, mappings merged."""
    data: dict[str, Any] = {}
    for document in reversed(documents):
        data = _merge(data, document.data)
    data.pop("INHERIT", None)
    return data


def source(documents: list[Document], location: Location) -> Document:
    """The document that has the most of ``location``; among equals, the one that inherits from the others."""
    return max(documents, key=lambda document: len(document.existing(location)))


def _problem(documents: list[Document], location: Location, text: str) -> PageErrors:
    return PageErrors([source(documents, location).problem(location, text)])


def _merge(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    both = dict(below)
    for key, value in above.items():
        inner = both.get(key)
        both[key] = _merge(inner, value) if isinstance(inner, dict) and isinstance(value, dict) else value
    return both


@dataclass(frozen=True)
class SiteSettings:
    """What decides how the pages of one language are read."""

    file: Path
    extensions: list[str]  # the names of the Markdown extensions, in order
    extension_settings: dict[str, dict[str, Any]]  # by name, as MkDocs gives them to Python-Markdown
    has_macros: bool  # whether [[[ name("text") ]]] is a macro
    navigation: tuple[str, ...]  # the names of the pages in ``nav``, in order


def site_settings(config_file: Path) -> SiteSettings:
    """Raises a GuideError that names the file and line of a setting that MkDocs would not understand."""
    documents = inherited(config_file, _NamesLoader)
    data = merged(documents)
    listed = _as_mapping(documents, data, "markdown_extensions")
    if SUPERFENCES not in listed:
        raise _problem(documents, ("markdown_extensions",), f"expected {SUPERFENCES}, which decides what is a code block")
    return SiteSettings(
        file=config_file,
        extensions=list(dict.fromkeys([*BUILT_IN, *listed])),
        extension_settings={name: _without_unresolved(settings) for name, settings in listed.items() if settings},
        has_macros=_has_macros(documents, data),
        navigation=tuple(navigation(data.get("nav"))),
    )


def _as_mapping(documents: list[Document], data: dict[str, Any], key: str) -> dict[str, dict[str, Any]]:
    """``plugins`` and ``markdown_extensions`` may be lists of names and of single-key mappings, or one mapping."""
    listed = data.get(key) or {}
    if isinstance(listed, list):
        pairs = [pair for item in listed for pair in (item.items() if isinstance(item, dict) else [(item, None)])]
    elif isinstance(listed, dict):
        pairs = list(listed.items())
    else:
        raise _problem(documents, (key,), f"expected a list or a mapping, found {listed!r}")
    for name, settings in pairs:
        if not isinstance(name, str) or not isinstance(settings, dict | None):
            raise _problem(documents, (key, name), f"expected names, each with a mapping of settings or nothing, found {name}: {settings}")
    return {name: settings or {} for name, settings in pairs}


def _without_unresolved(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_unresolved(inner) for key, inner in value.items() if inner is not _Unresolved}
    if isinstance(value, list):
        return [_without_unresolved(inner) for inner in value if inner is not _Unresolved]
    return value


def _has_macros(documents: list[Document], data: dict[str, Any]) -> bool:
    plugins = _as_mapping(documents, data, "plugins")
    if "macros" not in plugins:
        return False
    if plugins["macros"].get("render_by_default") is not False:
        text = "expected render_by_default: false, since in a page that is a template any code can be called"
        raise _problem(documents, ("plugins", "macros"), text)
    return True


def navigation(item: Any) -> Iterator[str]:
    """The names of the pages in mkdocs.yml's ``nav``, in its order."""
    if isinstance(item, str):
        yield item.removesuffix(".md")
    elif isinstance(item, (list, dict)):
        for inner in item.values() if isinstance(item, dict) else item:
            yield from navigation(inner)
