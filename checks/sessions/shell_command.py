"""What the reader's shell is given for a snippet."""

from __future__ import annotations

import shlex

from checks.model import Snippet


def shell_command(snippet: Snippet) -> str:
    """What the reader's shell is given: a bash snippet as it is, a Python snippet as a reader would start it.

    A Python snippet with ``data-file`` is saved under that name and started.
    """
    if snippet.language == "bash":
        return snippet.code
    if snippet.file is None:
        return f"python3 -c {shlex.quote(snippet.code)}"
    end = "GUIDE-END"
    while end in snippet.code:
        end += "-"
    name = shlex.quote(snippet.file)
    return f"cat >{name} <<'{end}' &&\n{snippet.code}\n{end}\npython3 {name}"
