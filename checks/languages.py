"""The word after a fence: what runs, what is only shown, and what is taken for either by mistake."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache

from pygments.lexers import find_lexer_class_by_name, get_all_lexers
from pygments.util import ClassNotFound

from checks.model import RUNNABLE

_PROMPTS = ("console", "shell-session", "shellsession", "sh-session", "bash-session", "terminal", "doscon")
_SHELLS = ("sh", "shell", "zsh", "ksh", "dash", "ash")
_PYTHONS = ("py", "py3", "python3", "python2", "py2", "sage", "bazel")


@cache
def wrong_language(language: str) -> str | None:
    """What is wrong with a fence's language that does not run; None when it is one that is only shown.

    Every snippet runs unless it says why not. So nothing that looks like a
    shell or Python may hide behind another name, or behind a misspelt one.
    """
    low = language.lower()
    if not language:
        return "a fence without a language: expected bash or python, or text for what is only shown"
    if low in RUNNABLE:
        return f"unknown language {language}: write {low}"
    if low in _PROMPTS:
        return f"a {language} fence would copy its prompts and output: write bash, then ```text {{.output}} for what it prints"
    if low in _SHELLS:
        return f"a {language} fence would not run: write bash"
    if low in ("pycon", "pycon3", "python-console"):
        return f"a {language} fence would copy its prompts and output: write python, then ```text {{.output}} for what it prints"
    if low in _PYTHONS:
        return f"a {language} fence would not run: write python"
    try:
        find_lexer_class_by_name(language)
    except ClassNotFound:
        alike = get_close_matches(low, [*RUNNABLE, *_aliases()], 1)
        hint = f"did you mean {alike[0]}?" if alike else "write text for what is only shown"
        return f"unknown language {language}: {hint}"
    return None


@cache
def _aliases() -> tuple[str, ...]:
    return tuple(alias for _, aliases, _, _ in get_all_lexers(plugins=False) for alias in aliases)
