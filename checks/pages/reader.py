"""Markdown -> Guide: every page with its snippets, or every problem that stands in the way.

A page is read as the site renders it (see fences.py). Whatever could make the
code on the page differ from the code that runs is a problem, with its line.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from checks.config import Config
from checks.mkdocs_yml import SiteSettings, site_settings
from checks.model import RUNNABLE, Guide, Output, Page, PageErrors, Problem, Snippet
from checks.pages import frontmatter, values
from checks.pages.fences import Fence, Reader
from checks.pages.info_string import Attributes, never_chosen, of_output, of_text, wrong_language
from checks.pages.outline import Outline, prose_hash, without_fences
from checks.pages.shapes import Shapes
from checks.pages.tree import wrong_order
from checks.targets import load_targets

# Characters that a reader cannot see and that mean something to a terminal or shell: controls (not tab, not
# newline), no-break space, zero-width and direction marks, NEL, line and paragraph separators.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\xa0\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def read_guide(config: Config) -> Guide:
    """All pages of all languages; raises PageErrors with every problem found, in the order of the files."""
    targets = known_targets(config)
    shapes = Shapes.load(config.shapes_file, config.relative(config.shapes_file))
    problems: list[Problem] = []
    pages: dict[tuple[str, str], Page] = {}
    for language, config_file in config.languages.items():
        settings = site_settings(config_file)
        reader = PageReader(config, settings, language, targets, shapes)
        files = dict(_in_order(config.docs[language], settings.navigation))
        read: dict[str, Page] = {}
        for name, path in files.items():
            page = reader.read(name, path)
            problems += reader.problems
            if page is not None:
                read[name] = page
        problems += wrong_order(read, files)
        pages.update(((language, name), page) for name, page in read.items())
    if problems:
        raise PageErrors(sorted(problems))
    return Guide(tuple(config.languages), pages)


def known_targets(config: Config) -> tuple[str, ...] | None:
    """The names of the targets; None when the guide has no file of them."""
    return tuple(load_targets(config)) if config.targets_file.exists() else None


class PageReader:
    """Reads the pages of one language. ``problems`` has what is wrong with the page that was read last."""

    def __init__(self, config: Config, settings: SiteSettings, language: str, targets: tuple[str, ...] | None, shapes: Shapes):
        self._config = config
        self._shapes = shapes
        self._language = language
        self._targets = targets
        self._reader = Reader(settings)
        self._macros = settings.macro_openings
        self._path = Path()
        self.problems: list[Problem] = []

    def read(self, name: str, path: Path) -> Page | None:
        """The page; None when its file is not UTF-8 or has carriage returns."""
        self.problems = []
        self._path = self._config.relative(path)
        text = self._text(path)
        if text is None:
            return None
        head = frontmatter.read(text)
        for line, problem in head.problems:
            self._wrong(line, problem)
        rendered = self._reader.read(head.body)
        for unrendered in rendered.unrendered:
            self._wrong(unrendered.line, unrendered.reason)
        lines = head.body.split("\n")
        snippets = self._snippets(name, rendered.fences, lines)
        if not rendered.unrendered:
            self._ask_pytest_examples(text, snippets)
        meta = head.meta
        if snippets and "machine" not in meta and not head.problems:
            self._wrong(1, "this page has snippets, but its front matter names no machine: expected machine: container or vm")
        self._check_ids(snippets, rendered.outline)
        prose = without_fences(lines, rendered.fences)
        for line, problem in values.problems(prose, snippets, values.calls(prose)) if self._macros else ():
            self._wrong(line, problem)
        self._check_machine(head, snippets)
        headings = rendered.outline.headings
        return Page(
            name=name,
            language=self._language,
            path=self._path,
            title=head.text("title") or (headings[0].text if headings else name),
            machine=head.text("machine"),
            after=head.text("after"),
            memory=head.text("memory"),
            firmware=head.text("firmware"),
            peer=meta.get("peer") is True,
            meta=meta,
            snippets=tuple(snippets),
            meta_lines=head.lines,
            outline=rendered.outline,
            prose=prose_hash(lines, snippets),
            prose_lines=tuple(prose),
        )

    def _wrong(self, line: int, text: str) -> None:
        self.problems.append(Problem(self._path, line, text))

    def _text(self, path: Path) -> str | None:
        data = path.read_bytes()
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = data[: error.start].count(b"\n") + 1
            self._wrong(line, f"not UTF-8: byte 0x{data[error.start]:02x}")
            return None
        if "\r" in text:
            self._wrong(text[: text.index("\r")].count("\n") + 1, "carriage return: save this file with line feeds only")
            return None
        return text

    def _snippets(self, page: str, fences: tuple[Fence, ...], lines: list[str]) -> list[Snippet]:
        snippets: list[Snippet] = []
        for fence in fences:
            if fence.language in RUNNABLE:
                snippets.append(self._snippet(page, fence, lines))
            elif "output" in fence.classes:
                self._output(fence, snippets, lines)
            else:
                unknown = wrong_language(fence.language)
                for problem in [unknown] if unknown else of_text(fence):
                    self._wrong(fence.line, problem)
        return snippets

    def _snippet(self, page: str, fence: Fence, lines: list[str]) -> Snippet:
        attributes = Attributes(fence, self._targets)
        fields = attributes.fields()
        for problem in attributes.problems:
            self._wrong(fence.line, problem)
        if not fence.code.strip():
            self._wrong(fence.line, "this snippet is empty")
        elif fence.code != fence.code.rstrip():
            self._wrong(fence.end_line - 1, "this snippet ends in white space, which copying it drops")
        self._check_text(fence, lines)
        return Snippet(
            page=page, id=fence.id, language=fence.language, code=fence.code,
            path=self._path, line=fence.line, end_line=fence.end_line, **fields,
        )  # fmt: skip

    def _output(self, fence: Fence, snippets: list[Snippet], lines: list[str]) -> None:
        if fence.language != "text":
            self._wrong(fence.line, f"an output is written ```text {{.output}}, found {fence.language or 'no language'}")
        self._check_text(fence, lines)
        fields, problems = of_output(fence, self._targets)
        output = Output(fence.code, fence.line, fence.end_line, **fields)
        problems += self._shapes.problems(output)
        for problem in problems:
            self._wrong(fence.line, problem)
        if not snippets:
            self._wrong(fence.line, "an output without a snippet before it")
            return
        snippets[-1] = replace(snippets[-1], outputs=(*snippets[-1].outputs, output))
        if not problems and (unused := never_chosen(snippets[-1], self._targets)):
            self._wrong(fence.line, unused)

    def _check_text(self, fence: Fence, lines: list[str]) -> None:
        """The page shows the block as it is in the file, and the block has no unseen characters and no macro."""
        typed = lines[fence.line : fence.end_line - 1]
        for number, line in enumerate(typed, fence.line + 1):
            unseen = _UNSEEN.search(line)
            if unseen:
                self._wrong(number, f"U+{ord(unseen.group()):04X}, which a reader cannot see")
            for opening in self._macros:
                if opening in line:
                    self._wrong(number, f"{opening} starts a macro, so the page would not show this line as it is")
        shown = fence.code.split("\n") if typed else []
        if len(shown) != len(typed) or not all(source.endswith(line) for source, line in zip(typed, shown, strict=True)):
            self._wrong(fence.line, "the page shows this block otherwise than it is typed: are its tabs kept (preserve_tabs: true)?")

    def _check_ids(self, snippets: list[Snippet], outline: Outline) -> None:
        taken = {heading.id: "a heading" for heading in outline.headings if heading.id}
        for snippet in snippets:
            if not snippet.id:
                continue
            if snippet.id in taken:
                self._wrong(snippet.line, f"the id {snippet.id} is taken by {taken[snippet.id]}")
            else:
                taken[snippet.id] = f"the snippet on line {snippet.line}"

    def _check_machine(self, head: frontmatter.FrontMatter, snippets: list[Snippet]) -> None:
        """What only a VM has needs ``machine: vm``, and a snippet on a second machine ``peer: true``."""
        meta = head.meta
        for key in ("memory", "firmware"):
            if key in meta and meta.get("machine") != "vm":
                self._wrong(head.lines.get(key, 1), f"{key}: only a page with machine: vm has one, found {meta.get('machine') or 'none'}")
        for snippet in snippets:
            if snippet.expect and meta.get("machine") == "container":
                expected = "expected machine: vm in the front matter, since a container cannot restart"
                self._wrong(snippet.line, f'data-expect="{snippet.expect}": {expected}')
        if meta.get("peer") and meta.get("machine") != "vm":
            self._wrong(head.lines.get("peer", 1), f"peer: only a page with machine: vm has one, found {meta.get('machine') or 'none'}")
        for snippet in snippets:
            if snippet.on and not meta.get("peer"):
                self._wrong(
                    snippet.line, f'data-on="{snippet.on}": this page has no second machine: expected peer: true in its front matter'
                )

    def _ask_pytest_examples(self, text: str, snippets: list[Snippet]) -> None:
        """Compare the Python snippets with those of pytest-examples, which reads Markdown by a regular expression of its own."""
        ours = {snippet.line: snippet.code + "\n" for snippet in snippets if snippet.language == "python"}
        if not ours and "py" not in text:
            return
        theirs = python_examples(text)
        lines_with_problems = {problem.line for problem in self.problems}
        for line in sorted((ours.keys() | theirs.keys()) - lines_with_problems):
            if ours.get(line) == theirs.get(line):
                continue
            if line not in theirs:
                problem = "pytest-examples does not see this Python snippet: expected ```python {#name}, in no block quote"
            elif line not in ours:
                problem = "pytest-examples sees a Python example here, which the page does not show as one"
            else:
                problem = "pytest-examples reads other code here than the page shows: are all lines indented alike?"
            self._wrong(line, problem)


def python_examples(text: str) -> dict[int, str]:
    """pytest-examples' own list of the Python examples of a page: line of the opening fence -> code."""
    from pytest_examples import find_examples  # imported here, since the import takes 0.1 s, which a guide without Python can save

    # find_examples takes only files. This one has the text that was decoded and checked, whatever happens to the page.
    with tempfile.NamedTemporaryFile("w", suffix=".md", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        return {example.start_line: example.source for example in find_examples(file.name)}


def _in_order(folder: Path, navigation: Iterable[str]) -> Iterator[tuple[str, Path]]:
    """Names and files of the pages in a folder: those of the navigation first, in its order, then the others by name."""
    files = {
        path.relative_to(folder).with_suffix("").as_posix(): path
        for path in sorted(folder.rglob("*.md"))
        if not any(part.startswith(".") for part in path.relative_to(folder).parts)
    }
    names = [name for name in navigation if name in files]
    for name in dict.fromkeys([*names, *files]):
        yield name, files[name]
