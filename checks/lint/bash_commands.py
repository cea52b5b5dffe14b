"""Which commands of a snippet run in the reader's own shell, and which of them read what the reader types.

A command in ( ), in $( ), in a pipeline, in the background or in a function's body changes nothing in the reader's
shell when the snippet is pasted. A command whose input is a file, a pipe or a here-document reads nothing that is typed.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from checks.lint.bash_words import MOST_NESTED, Operator, Redirection, Scanner, TooDeep, Word

_ENDS_OF = {"then", "elif", "else", "fi", "do", "done", "esac", "}", "in"}


@dataclass
class Command:
    """A simple command: its words without assignments before it, its redirections, and where it stands.

    ``own_shell``: it runs in the reader's shell. ``typed``: what it reads would be typed by the reader. ``shown``: its
    output goes to the terminal.
    """

    words: list[Word]
    line: int
    assigned: list[str] = field(default_factory=list)
    redirections: list[Redirection] = field(default_factory=list)
    defines: bool = False  # a definition of the function that ``words`` names
    own_shell: bool = True
    typed: bool = True
    shown: bool = True

    @property
    def name(self) -> str:
        """The command's name, "" for assignments or redirections alone."""
        return self.words[0].text if self.words else ""


def commands(text: str) -> tuple[list[Command], list[int]]:
    """All simple commands of a snippet in their order, and the lines on which a ! stands for an earlier command.

    Raises TooDeep for compound commands or quotes that are nested too deep.
    """
    scanner = Scanner(text)
    tokens = list(scanner.tokens())
    return _Parser(tokens).all(), scanner.history


class _Parser:
    def __init__(self, tokens: list[Word | Redirection | Operator]):
        self._tokens = tokens
        self._at = 0
        self._deep = 0

    def all(self) -> list[Command]:
        found: list[Command] = []
        while self._at < len(self._tokens):
            before = self._at
            found += self._list(())
            if self._at == before:
                self._at += 1  # a ) or a reserved word that closes nothing: shellcheck tells of it
        return found

    def _token(self, offset: int = 0) -> Word | Redirection | Operator | None:
        index = self._at + offset
        return self._tokens[index] if index < len(self._tokens) else None

    def _is_operator(self, *texts: str) -> bool:
        token = self._token()
        return isinstance(token, Operator) and token.text in texts

    def _reserved(self, *texts: str) -> bool:
        token = self._token()
        return isinstance(token, Word) and not token.quoted and token.text in texts

    def _list(self, until: tuple[str, ...]) -> list[Command]:
        """Commands up to a reserved word or operator of ``until``, which is not taken, or up to what closes something else."""
        found: list[Command] = []
        while self._token() is not None:
            if self._is_operator(")") or self._is_operator(*until) or self._reserved(*(until or ("}",))) or self._reserved(*_ENDS_OF):
                return found
            if self._is_operator(";", "\n", "&", "&&", "||", ";;", ";&", ";;&", "|", "|&"):
                self._at += 1
                continue
            found += self._pipelines()
        return found

    def _pipelines(self) -> list[Command]:
        """Pipelines joined by && and ||; in the background, with & after them, none of them runs in the reader's shell."""
        found = self._pipeline()
        while self._is_operator("&&", "||"):
            self._at += 1
            while self._is_operator("\n"):
                self._at += 1
            found += self._pipeline()
        if self._is_operator("&"):
            for command in found:
                command.own_shell = command.typed = False
        return found

    def _pipeline(self) -> list[Command]:
        while self._reserved("!", "time"):
            self._at += 1
        parts = [self._command()]
        while self._is_operator("|", "|&"):
            self._at += 1
            while self._is_operator("\n"):
                self._at += 1
            parts.append(self._command())
        for number, part in enumerate(parts):
            for command in part:
                command.own_shell = command.own_shell and len(parts) == 1
                command.typed = command.typed and number == 0
                command.shown = command.shown and number == len(parts) - 1
        return [command for part in parts for command in part]

    def _command(self) -> list[Command]:
        self._deep += 1
        if self._deep > MOST_NESTED:
            raise TooDeep
        found = self._compound()
        self._deep -= 1
        return found

    def _compound(self) -> list[Command]:
        if self._is_operator("(("):
            return self._arithmetic()
        if self._is_operator("("):
            return self._brackets()
        if self._reserved("{"):
            return self._block(("}",))
        if self._reserved("if"):
            return self._block(("fi",))
        if self._reserved("while", "until"):
            return self._block(("done",))
        if self._reserved("for", "select"):
            return self._for()
        if self._reserved("case"):
            return self._case()
        if self._reserved("[["):
            return self._skip_to("]]")
        if self._reserved("function") or self._names_function():
            return self._function()
        return self._simple()

    def _brackets(self) -> list[Command]:
        self._at += 1
        found = self._list((")",))
        if self._is_operator(")"):
            self._at += 1
        for command in found:
            command.own_shell = False
        return self._redirected(found)

    def _arithmetic(self) -> list[Command]:
        self._skip_brackets()
        return self._redirected([])

    def _skip_brackets(self) -> None:
        """Past (( … )) or ( … ), to the closing bracket of the one that stands here."""
        depth = 0
        while (token := self._token()) is not None:
            self._at += 1
            if isinstance(token, Operator):
                depth += {"(": 1, "((": 2, ")": -1}.get(token.text, 0)
                if depth <= 0:
                    return

    def _block(self, ends: tuple[str, ...]) -> list[Command]:
        """{ …; }, if, while or until: all lists inside, up to the reserved word that ends the block."""
        self._at += 1
        found: list[Command] = []
        while self._token() is not None and not self._reserved(*ends):
            before = self._at
            found += self._list(ends)
            if self._reserved("then", "elif", "else", "do") or self._at == before:
                if self._is_operator(")"):
                    break
                self._at += not self._reserved(*ends)
        self._at += self._reserved(*ends)
        return self._redirected(found)

    def _for(self) -> list[Command]:
        selects, line = self._reserved("select"), self._line()
        while self._token() is not None and not self._reserved("do", "{"):
            self._at += 1
        found = self._block(("done", "}"))
        if selects:
            found = [*self._redirected([Command([Word("select", False, line)], line)]), *found]
        return found

    def _case(self) -> list[Command]:
        self._at += 1
        while self._token() is not None and not self._reserved("in"):
            self._at += 1
        self._at += 1
        found: list[Command] = []
        while self._token() is not None and not self._reserved("esac"):
            while self._token() is not None and not self._is_operator(")") and not self._reserved("esac"):
                self._at += 1  # a pattern
            self._at += self._is_operator(")")
            found += self._list((";;", ";&", ";;&", "esac"))
            while self._is_operator(";;", ";&", ";;&", "\n", ")"):
                self._at += 1
        self._at += self._reserved("esac")
        return self._redirected(found)

    def _skip_to(self, word: str) -> list[Command]:
        while self._token() is not None and not self._reserved(word):
            self._at += 1
        self._at += 1
        return self._redirected([])

    def _names_function(self) -> bool:
        words = [self._token(offset) for offset in range(3)]
        brackets = [token.text if isinstance(token, Operator) else "" for token in words[1:]]
        return isinstance(words[0], Word) and brackets == ["(", ")"]

    def _function(self) -> list[Command]:
        self._at += self._reserved("function")
        name, line = self._token(), self._line()
        self._at += 1
        for text in ("(", ")"):
            self._at += self._is_operator(text)
        while self._is_operator("\n"):
            self._at += 1
        body = self._command()
        for command in body:
            command.own_shell = command.typed = False
        definition = Command([name], line, defines=True) if isinstance(name, Word) else None
        return [*([definition] if definition else []), *body]

    def _simple(self) -> list[Command]:
        command = Command([], self._line())
        while (token := self._token()) is not None and not isinstance(token, Operator):
            self._at += 1
            if isinstance(token, Redirection):
                command.redirections.append(token)
            elif not command.words and _assigns(token):
                command.assigned.append(token.text.partition("=")[0].rstrip("+"))
            else:
                command.words.append(token)
        if self._is_operator("(", "(("):  # an array, x=(a b), or a syntax error
            self._skip_brackets()
        command.typed = not any(_is_input(redirection) for redirection in command.redirections)
        command.shown = not any(_is_output(redirection) for redirection in command.redirections)
        return [command] if command.words or command.assigned or command.redirections else []

    def _redirected(self, found: list[Command]) -> list[Command]:
        """The commands of a compound command, after the redirections that follow it."""
        while isinstance(token := self._token(), Redirection):
            self._at += 1
            for command in found:
                command.typed = command.typed and not _is_input(token)
                command.shown = command.shown and not _is_output(token)
        return found

    def _line(self) -> int:
        token = self._token()
        return token.line if isinstance(token, Word | Operator) else 1


def _assigns(word: Word) -> bool:
    name = word.text.partition("=")[0].rstrip("+")
    return "=" in word.text and name.partition("[")[0].isidentifier()


def _is_input(redirection: Redirection) -> bool:
    return redirection.operator.startswith("<") and redirection.descriptor in ("", "0")


def _is_output(redirection: Redirection) -> bool:
    return redirection.operator.startswith((">", "&>")) and redirection.descriptor in ("", "1") and redirection.target != "/dev/tty"
