"""What a snippet would do in a reader's shell and does not do to a script: the reader pastes it, types on, and keeps the shell.

History expansion acts on ! in a pasted line. Options, traps and functions stay after the snippet. exit closes the
reader's terminal. A command that reads the terminal takes the lines that are pasted after it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from checks.lint.bash_commands import Command, commands
from checks.lint.bash_words import TooDeep, Word
from checks.model import Guide, Page, Problem, Snippet

_OPTIONS = {"e": "errexit", "u": "nounset", "f": "noglob", "n": "noexec", "C": "noclobber"}
_LASTING = {*_OPTIONS.values(), "pipefail", "posix", "ignoreeof"}
_SIGNALS = {"ERR", "EXIT", "DEBUG", "RETURN", "0"}
# Bash's builtins that a function would shadow, and the commands that nearly every snippet stands on.
_NOT_TO_REDEFINE = {
    ".", ":", "[", "alias", "bg", "bind", "break", "builtin", "caller", "cd", "command", "compgen", "complete", "compopt",
    "continue", "declare", "dirs", "disown", "echo", "enable", "eval", "exec", "exit", "export", "false", "fc", "fg", "getopts",
    "hash", "help", "history", "jobs", "kill", "let", "local", "logout", "mapfile", "popd", "printf", "pushd", "pwd", "read",
    "readarray", "readonly", "return", "set", "shift", "shopt", "source", "suspend", "test", "times", "trap", "true", "type",
    "typeset", "ulimit", "umask", "unalias", "unset", "wait",
    "apt", "apt-get", "awk", "bash", "cat", "chmod", "chown", "cp", "date", "dpkg", "env", "find", "grep", "head", "id",
    "install", "ls", "mkdir", "mv", "python3", "rm", "sed", "sh", "sleep", "ssh", "su", "sudo", "systemctl", "tail", "tee",
    "uname",
}  # fmt: skip
_OF_BASHRC = {"ll": "ls -l", "la": "ls -A", "l": "ls -CF"}
_FULL_SCREEN = {"vi", "vim", "nano", "emacs", "less", "more", "htop", "visudo"}
_KEEP = "{} stays on in the reader's shell after this snippet: {}. Write ( {}; … ), or switch it off at the snippet's end"
_CLOSES = "the next command that fails closes the reader's terminal"
_EFFECTS = {"errexit": _CLOSES, "nounset": "a variable that is not set ends the command"}
_PREFIXES = ("command", "builtin", "sudo", "env", "nohup", "nice")


def check(guide: Guide) -> list[Problem]:
    """All findings in the snippets, those that do not run here, too; in the order of files and lines.

    Twin pages with the same snippets are looked at once.
    """
    problems: list[Problem] = []
    seen: set[tuple[str, tuple[str, ...]]] = set()
    for page in guide.pages.values():
        codes = tuple(snippet.code for snippet in page.snippets)
        if (page.name, codes) not in seen:
            seen.add((page.name, codes))
            problems += _page(page)
    return sorted(problems)


def _page(page: Page) -> Iterator[Problem]:
    defined: set[str] = set()  # the functions and aliases of the page so far
    for snippet in page.snippets:
        findings = _python(snippet) if snippet.language == "python" else _bash(snippet, defined)
        for line, text in findings:
            yield Problem(snippet.path, snippet.line + line, f"{snippet.id}: {text}")


def _python(snippet: Snippet) -> Iterator[tuple[int, str]]:
    try:
        tree = ast.parse(snippet.code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return  # ruff tells of it
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "input":
            yield node.lineno, "input() reads what is pasted next: take the value from an argument or a file"


def _bash(snippet: Snippet, defined: set[str]) -> Iterator[tuple[int, str]]:
    try:
        found, history = commands(snippet.code)
    except TooDeep:
        yield 1, "brackets or quotes nested deeper than 50 levels: no reader can follow them"
        return
    for line in dict.fromkeys(history):
        yield line, "an interactive Bash takes ! for an earlier command here (history expansion): put it in single quotes"
    yield from _lasting(found)
    aliases: set[str] = set()
    for command in found:
        if command.defines or command.name == "alias":
            yield from _definition(command, aliases)
        defined |= {command.name} if command.defines else aliases
        yield from _one(command, defined, aliases)


def _definition(command: Command, aliases: set[str]) -> Iterator[tuple[int, str]]:
    names = [command.name] if command.defines else [word.text.partition("=")[0] for word in command.words[1:] if "=" in word.text]
    for name in names:
        if command.own_shell and name in _NOT_TO_REDEFINE:
            kind = "function" if command.defines else "alias"
            yield command.line, f"this {kind} takes the place of {name} in the reader's shell from here on: give it another name"
    if not command.defines:
        aliases.update(names)


def _one(command: Command, defined: set[str], aliases: set[str]) -> Iterator[tuple[int, str]]:
    name = command.name
    if name in aliases and not command.words[0].quoted:
        yield command.line, f"a shell that reads the whole snippet at once does not know the alias {name} yet: define a function"
    elif name in _OF_BASHRC and name not in defined and not command.defines:
        yield command.line, f"{name} is an alias of some readers' ~/.bashrc only: write {_OF_BASHRC[name]}"
    words = _effective(command.words)
    if command.own_shell and not command.defines:
        yield from _on_own_shell(command, [word.text for word in words])
    if command.typed and not command.defines and (text := _reads(words)):
        yield command.line, text
    if command.shown and words and words[0].text in _FULL_SCREEN and not command.defines:
        yield command.line, f"{words[0].text} takes the whole terminal and waits for keys: print with cat or sed, write with tee"


def _effective(words: list[Word]) -> list[Word]:
    """The words from the name of the program on that sudo, env and the like start."""
    words = list(words)
    while words and words[0].text in _PREFIXES:
        del words[0]
        while words and (words[0].text.startswith("-") or "=" in words[0].text):
            del words[0]
    return words


def _on_own_shell(command: Command, words: list[str]) -> Iterator[tuple[int, str]]:
    """What changes or ends the reader's shell at once."""
    name = words[0] if words and command.name != "sudo" else ""
    if name in ("exit", "logout"):
        yield command.line, f"{name} closes the reader's terminal: put the commands in ( ), or show the status with data-exit"
    elif name == "exec":
        if [word for word in words[1:] if not word.startswith("-")]:
            yield command.line, "exec replaces the reader's shell: leave exec away, or put it in ( )"
        elif any(redirection.descriptor in ("", "0", "1", "2") for redirection in command.redirections):
            yield command.line, "exec with a redirection redirects all that the reader types from here on: redirect { …; } instead"
    elif name == "enable" and "-n" in words:
        yield command.line, "enable -n takes a builtin away from the reader's shell"
    elif not command.words:
        for variable in {"IFS", "PROMPT_COMMAND", "BASH_ENV"} & set(command.assigned):
            yield command.line, f"{variable} stays changed in the reader's shell: write it before the one command that needs it, or in ( )"


def _reads(words: list[Word]) -> str | None:
    """What is wrong with a command whose input is the terminal."""
    texts = [word.text for word in words]
    if not texts:
        return None
    takes = f"{texts[0]} reads what is pasted next, as if the reader had typed it"
    if texts[0] in ("read", "mapfile", "readarray"):
        return None if "-u" in texts else f"{takes}: give it its input, as in <<< or < FILE"
    if texts[0] == "select":
        return f"{takes}: name the choice in the snippet"
    if texts[0] in ("cat", "tee", "sort", "wc", "xargs") and len(texts) == 1:
        return f"{takes}: name a file, or use a here-document"
    return None


def _lasting(found: list[Command]) -> Iterator[tuple[int, str]]:
    """Options and traps that are still set at the snippet's end."""
    on: dict[str, tuple[int, str]] = {}
    for command in found:
        words = [word.text for word in _effective(command.words)]
        if not command.own_shell or not words or command.name == "sudo":
            continue
        if words[0] == "set":
            _set(words[1:], command.line, on)
        elif words[0] == "shopt":
            _shopt(words[1:], command.line, on)
        elif words[0] == "trap":
            _trap(words[1:], command.line, on)
    yield from on.values()


def _set(words: list[str], line: int, on: dict[str, tuple[int, str]]) -> None:
    named = False
    for word in words:
        if word == "--" or not (named or word[:1] in ("-", "+")):
            return
        if named:
            options, named = [word], False
        else:
            options = [_OPTIONS[letter] for letter in word[1:] if letter in _OPTIONS]
            sign, named = word[0], "o" in word[1:]
        for option in options:
            if sign == "-" and option in _LASTING:
                why = _EFFECTS.get(option, "what the reader types next behaves otherwise than before")
                on[option] = (line, _KEEP.format(f"set -o {option}", why, f"set -o {option}"))
            else:
                on.pop(option, None)


def _shopt(words: list[str], line: int, on: dict[str, tuple[int, str]]) -> None:
    flags = "".join(word[1:] for word in words if word.startswith("-"))
    for name in (word for word in words if not word.startswith("-")):
        if "s" in flags or "u" in flags:
            sign, key = ("-s" if "s" in flags else "-u"), f"shopt {name}"
            if key in on and sign not in on[key][1]:
                del on[key]
            else:
                text = _KEEP.format(
                    f"shopt {sign} {name}", "what the reader types next behaves otherwise than before", f"shopt {sign} {name}"
                )
                on[key] = (line, text.replace("stays on", "stays").replace("switch it off", "undo it"))


def _trap(words: list[str], line: int, on: dict[str, tuple[int, str]]) -> None:
    operands = [word for word in words if word == "-" or not word.startswith("-")]
    if len(operands) < 2:
        return
    for signal in (word.upper().removeprefix("SIG") for word in operands[1:]):
        if operands[0] == "-":
            on.pop(f"trap {signal}", None)
        elif signal in _SIGNALS:
            text = f"this trap on {signal} stays in the reader's shell: put the commands in ( ), or end the snippet with trap - {signal}"
            on[f"trap {signal}"] = (line, text)
