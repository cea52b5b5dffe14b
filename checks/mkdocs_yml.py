"""mkdocs.yml as MkDocs reads it, without importing MkDocs: INHERIT, navigation, Markdown extensions, macros."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import yaml

from checks.model import GuideError

# MkDocs always loads these three extensions, whatever mkdocs.yml says.
BUILT_IN = ("toc", "tables", "fenced_code")
SUPERFENCES = "pymdownx.superfences"

# The packages in which a name that mkdocs.yml points to is imported. The theme is not among them: reading the
# pages must not need it.
_RESOLVED = ("checks", "pymdownx", "markdown")


class TolerantLoader(yaml.SafeLoader):
    """Reads mkdocs.yml without importing what ``!!python/name:`` and ``!ENV`` point to; such a value is None."""


TolerantLoader.add_multi_constructor("", lambda loader, suffix, node: None)
for _tag in ("null", "bool", "int", "float", "str", "seq", "map", "timestamp"):
    _full = f"tag:yaml.org,2002:{_tag}"
    TolerantLoader.add_constructor(_full, yaml.SafeLoader.yaml_constructors[_full])


class _Unresolved:
    """Stands for a name of a package that reading the pages must not need."""


class _NamesLoader(TolerantLoader):
    """Reads mkdocs.yml with ``!!python/name:`` imported where that is harmless (see ``_RESOLVED``)."""


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


def read_yaml(path: Path, loader: type[yaml.SafeLoader] = TolerantLoader) -> Any:
    """The content of a YAML file. Raises a GuideError that names the file and line of what is wrong."""
    try:
        return yaml.load(path.read_text(encoding="utf-8"), loader)
    except FileNotFoundError:
        raise GuideError(f"{path}: there is no such file") from None
    except UnicodeDecodeError as error:
        raise GuideError(f"{path}: not UTF-8 (byte {error.start})") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise GuideError(f"{path}:{mark.line + 1 if mark else 1}: not YAML: {error.problem}") from None


def with_parents(path: Path, loader: type[yaml.SafeLoader] = TolerantLoader) -> dict[str, Any]:
    """mkdocs.yml with MkDocs' INHERIT: the file's keys over those of the file it inherits, mappings merged."""
    data = read_yaml(path, loader) or {}
    if not isinstance(data, dict):
        raise GuideError(f"{path}:1: not a mapping")
    parent = data.pop("INHERIT", None)
    return data if parent is None else _merge(with_parents(path.parent / parent, loader), data)


def _merge(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    both = dict(below)
    for key, value in above.items():
        inner = both.get(key)
        both[key] = _merge(inner, value) if isinstance(inner, dict) and isinstance(value, dict) else value
    return both


def _as_mapping(listed: Any) -> dict[str, Any]:
    """``plugins`` and ``markdown_extensions`` may be lists of names and of single-key mappings, or one mapping."""
    if isinstance(listed, list):
        return {key: value for item in listed for key, value in (item.items() if isinstance(item, dict) else [(item, None)])}
    return dict(listed or {})


def markdown_settings(config_file: Path) -> tuple[list[str], dict[str, dict[str, Any]]]:
    """The names of the Markdown extensions, in order, and their settings, as MkDocs gives them to Python-Markdown."""
    listed = _as_mapping(with_parents(config_file, _NamesLoader).get("markdown_extensions"))
    if SUPERFENCES not in listed:
        raise GuideError(f"{config_file}: markdown_extensions: expected {SUPERFENCES}, which tells what is a code block")
    extensions = list(dict.fromkeys([*BUILT_IN, *listed]))
    return extensions, {name: _without_unresolved(value) for name, value in listed.items() if value}


def _without_unresolved(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_unresolved(inner) for key, inner in value.items() if inner is not _Unresolved}
    if isinstance(value, list):
        return [_without_unresolved(inner) for inner in value if inner is not _Unresolved]
    return value


def macro_openings(config_file: Path) -> tuple[str, ...]:
    """The strings that start a macro on this site, such as "[[["; none when the site has no macros."""
    plugins = _as_mapping(with_parents(config_file).get("plugins"))
    if "macros" not in plugins:
        return ()
    settings: dict[str, Any] = plugins["macros"] or {}
    defaults = {"j2_variable_start_string": "{{", "j2_block_start_string": "{%", "j2_comment_start_string": "{#"}
    return tuple(settings.get(key) or default for key, default in defaults.items())


def navigation(item: Any) -> Iterator[str]:
    """The names of the pages in mkdocs.yml's ``nav``, in its order."""
    if isinstance(item, str):
        yield item.removesuffix(".md")
    elif isinstance(item, (list, dict)):
        for inner in item.values() if isinstance(item, dict) else item:
            yield from navigation(inner)
