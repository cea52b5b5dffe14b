"""Bash, read as far as a linter of the reader's session needs it: words with their quotes, and which commands the reader's own shell runs.

This is no checker of syntax: shellcheck is that, and reads every snippet, too. What is no Bash is read somehow, and never raises anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

_BLANK = " \t"
_META = " \t\n;&|<>()"
MOST_NESTED = 50  # of quotes and substitutions in each other, and of compound commands
MOST_IN_BRACKETS = 1000  # characters that are searched for the end of [!...]


class TooDeep(Exception):
    """Brackets are nested deeper than MOST_NESTED."""


@dataclass(frozen=True)
class Word:
    """A word: its text without quotes, and whether any of it was quoted. ``line`` is counted from 1, in the snippet."""

    text: str
    quoted: bool
    line: int


@dataclass(frozen=True)
class Redirection:
    """A redirection: its operator, the descriptor before the operator ("" for none), and what follows."""

    operator: str
    descriptor: str
    target: str


@dataclass(frozen=True)
class Operator:
    """One of ; & | && || ;; ( (( ) and the newline."""

    text: str
    line: int


@dataclass
class Scanner:
    """The tokens of one snippet, and the places where an interactive Bash would expand its history."""

    text: str
    position: int = 0
    line: int = 1
    history: list[int] = field(default_factory=list)  # the lines with a ! that stands for an earlier command
    _documents: list[tuple[str, bool]] = field(default_factory=list)  # delimiters of here-documents that begin at the next line
    _deep: int = 0

    def tokens(self) -> Iterator[Word | Redirection | Operator]:
        """All tokens, up to the end of the text. Here-documents are passed over."""
        while True:
            token = self._next()
            if token is None:
                return
            yield token

    def _peek(self, count: int = 1) -> str:
        return self.text[self.position : self.position + count]

    def _take(self, count: int = 1) -> str:
        taken = self._peek(count)
        self.position += count
        self.line += taken.count("\n")
        return taken

    def _next(self) -> Word | Redirection | Operator | None:
        self._skip_blanks()
        character = self._peek()
        if not character:
            return None
        line = self.line
        if character == "\n":
            self._take()
            self._skip_documents()
            return Operator("\n", line)
        for operator in (";;&", ";;", ";&", "&&", "||", "|&", "(("):
            if self._peek(len(operator)) == operator:
                return Operator(self._take(len(operator)), line)
        if character in "<>" and self._peek(2)[1:] != "(" or self._peek(2) == "&>":
            return self._redirection("")
        if character in ";&|()":
            return Operator(self._take(), line)
        word = self._word()
        if (
            word.text.isdigit()
            and not word.quoted
            and self._peek() in ("<", ">")
            or word.text.startswith("{")
            and self._peek() in ("<", ">")
        ):
            return self._redirection(word.text)
        return word

    def _skip_blanks(self) -> None:
        """Past blanks, continued lines and a comment."""
        while True:
            if self._peek() and self._peek() in _BLANK:
                self._take()
            elif self._peek(2) == "\\\n":
                self._take(2)
            elif self._peek() == "#":
                end = self.text.find("\n", self.position)
                self._take((len(self.text) if end < 0 else end) - self.position)
            else:
                return

    def _redirection(self, descriptor: str) -> Redirection:
        for operator in ("&>>", "<<<", "<<-", "<<", "<>", "<&", ">>", ">&", ">|", "&>", "<", ">"):
            if self._peek(len(operator)) == operator:
                break
        self._take(len(operator))
        self._skip_blanks()
        target = self._word() if self._peek() and self._peek() not in ("\n;&|()") else Word("", False, self.line)
        if operator in ("<<", "<<-"):
            self._documents.append((target.text, operator == "<<-"))
        return Redirection(operator, descriptor, target.text)

    def _skip_documents(self) -> None:
        for delimiter, strip in self._documents:
            while self.position < len(self.text):
                end = self.text.find("\n", self.position)
                row = self._take((len(self.text) if end < 0 else end + 1) - self.position).rstrip("\n")
                if (row.lstrip("\t") if strip else row) == delimiter:
                    break
        self._documents.clear()

    def _word(self) -> Word:
        line, parts, quoted = self.line, [], False
        while (character := self._peek()) and (character not in _META or self._peek(2) in ("<(", ">(")):
            if character == "\\":
                parts.append(self._take(2)[1:].replace("\n", ""))
                quoted = True
            elif character == "'" or self._peek(2) == "$'":
                parts.append(self._single())
                quoted = True
            elif character == '"' or self._peek(2) == '$"':
                parts.append(self._double())
                quoted = True
            elif self._peek(2) in ("$(", "${", "<(", ">(") or character == "`":
                parts.append(self._substitution(in_double=False))
            else:
                self._notice(in_double=False)
                parts.append(self._take())
        return Word("".join(parts), quoted, line)

    def _single(self) -> str:
        """'...' or $'...', where ! stands for itself."""
        escapes = self._peek() == "$"
        self._take(2 if escapes else 1)
        parts = []
        while (character := self._peek()) and character != "'":
            parts.append(self._take(2 if escapes and character == "\\" else 1))
        self._take()
        return "".join(parts)

    def _double(self) -> str:
        self._take(2 if self._peek() == "$" else 1)
        parts = []
        while (character := self._peek()) and character != '"':
            if character == "\\":
                parts.append(self._take(2)[1:])
            elif self._peek(2) in ("$(", "${") or character == "`":
                parts.append(self._substitution(in_double=True))
            else:
                self._notice(in_double=True)
                parts.append(self._take())
        self._take()
        return "".join(parts)

    def _substitution(self, in_double: bool) -> str:
        """$(...), ${...}, <(...) or `...`, as it stands. What runs inside runs in another shell."""
        self._deep += 1
        if self._deep > MOST_NESTED:
            raise TooDeep
        start = self.position
        if self._peek() == "`":
            self._take()
            closing = "`"
        else:
            closing = {"(": ")", "{": "}"}[self._peek(2)[1]]
            self._take(2)
        self._inside(closing, in_double and closing == "}")
        self._deep -= 1
        return self.text[start : self.position]

    def _inside(self, closing: str, in_double: bool) -> None:
        """Past the end of a substitution. Brackets inside are counted, so that a case's patterns, which close more, are the one miss."""
        opening, depth = {")": "(", "}": "{"}.get(closing, ""), 1
        while character := self._peek():
            if character == "\\":
                self._take(2)
            elif character == "'" and not in_double or self._peek(2) == "$'":
                self._single()
            elif character == '"':
                self._double()
            elif self._peek(2) in ("$(", "${") or character == "`" and closing != "`":
                self._substitution(in_double)
            elif character == "#" and self.text[self.position - 1 : self.position] in (" ", "\t", "\n") and closing == ")":
                self._skip_blanks()
            else:
                self._notice(in_double)
                self._take()
                depth += (character == opening) - (character == closing)
                if depth == 0:
                    return

    def _notice(self, in_double: bool) -> None:
        """Note a ! that Bash takes for an earlier command: bash(1), HISTORY EXPANSION, and what Bash itself leaves alone."""
        if self._peek() != "!":
            return
        before, after = self.text[max(0, self.position - 2) : self.position], self._peek(2)[1:]
        if not after or after in " \t\n\r=" or in_double and after == '"':
            return
        if before.endswith(("$", "${")) or before.endswith("[") and "]" in self._peek(MOST_IN_BRACKETS).split("\n")[0]:
            return
        self.history.append(self.line)
