"""Markdown -> Guide: every page with its snippets, or every problem that stands in the way.

A page is read as the site renders it (see fences.py). Whatever could make the
code on the page differ from the code that runs is a problem, with its line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from checks.config import Config
from checks.files.plain import read_file
from checks.mkdocs_yml import SiteSettings, site_settings
from checks.model import RUNNABLE, Guide, Output, Page, PageErrors, Problem, Snippet
from checks.pages import bounds, frontmatter, macros, values
from checks.pages.fences import Fence, Reader
from checks.pages.info_string import Attributes, never_chosen, of_other, of_output, repeated, wrong_language
from checks.pages.outline import prose_hash, without_fences
from checks.pages.references import References
from checks.pages.rules import html_policy, machine_keys, page_names, python_examples, release_blocks, svg
from checks.pages.rules.characters import look_alikes, unseen
from checks.pages.rules.enclosed import meant_as_fences, wrong_end
from checks.pages.rules.ids import taken_ids
from checks.pages.shapes import Shapes
from checks.pages.tree import wrong_order
from checks.targets import load_targets

# What prose may have although it cannot be seen: spaces of typography, and what joins and chooses pictures.
_SEEN_IN_PROSE = str.maketrans(dict.fromkeys("\xa0\u202f\u3000\u200d\ufe0e\ufe0f", " "))


@dataclass
class ReadBefore:
    """The pages that read_guide has read by the same ``rules``: the bytes of each file, its page, its problems."""

    rules: object = None
    pages: dict[tuple[str, str], tuple[bytes, Page | None, list[Problem]]] = field(default_factory=dict)


def read_guide(config: Config, before: ReadBefore | None = None) -> Guide:
    """All pages of all languages; raises PageErrors with every problem found, in the order of the files.

    Of the pages that were read ``before``, only those whose file has changed are read again.
    """
    before = before or ReadBefore()
    targets = known_targets(config)
    shapes = Shapes.load(config.shapes_file, config.relative(config.shapes_file))
    references = References.load(config)
    all_settings = {language: site_settings(file) for language, file in config.languages.items()}
    programs = [(config.root / path).read_bytes() if (config.root / path).is_file() else b"" for path in config.programs]
    rules = (config, all_settings, targets, shapes, references, programs)
    if before.rules != rules:
        before.rules, before.pages = rules, {}
    problems: list[Problem] = []
    pages: dict[tuple[str, str], Page] = {}
    for language, settings in all_settings.items():
        reader = PageReader(config, settings, language, targets, shapes, references, before)
        files = dict(_in_order(config.docs[language], settings.navigation))
        read: dict[str, Page] = {}
        problems += [Problem(config.relative(files[name]), 0, text) for name, text in page_names.problems(files)]
        for name, path in files.items():
            with bounds.reading(config.relative(path)):
                page = reader.read(name, path)
            problems += reader.problems
            if page is not None:
                read[name] = page
        problems += [*wrong_order(read, files), *svg.problems_below(config, config.docs[language])]
        pages.update(((language, name), page) for name, page in read.items())
    problems += svg.problems_below(config, config.root / "theme" / "diagrams")
    if problems:
        raise PageErrors(sorted(set(problems)))
    return Guide(tuple(config.languages), pages)


def known_targets(config: Config) -> tuple[str, ...] | None:
    """The names of the targets; None when the guide has no file of them."""
    return tuple(load_targets(config)) if config.targets_file.exists() else None


class PageReader:
    """Reads the pages of one language. ``problems`` has what is wrong with the page that was read last."""

    def __init__(
        self,
        config: Config,
        settings: SiteSettings,
        language: str,
        targets: tuple[str, ...] | None,
        shapes: Shapes,
        references: References,
        before: ReadBefore | None = None,
    ):
        self._config = config
        self._shapes = shapes
        self._language = language
        self._targets = targets
        self._references = references
        self._reader = Reader(settings)
        self._has_macros = settings.has_macros
        self._path = Path()
        self._before = before or ReadBefore()
        self.problems: list[Problem] = []

    def read(self, name: str, path: Path) -> Page | None:
        """The page; None when its file is not UTF-8 or has carriage returns."""
        self._path = self._config.relative(path)
        data = read_file(path, self._path, bounds.MAX_BYTES, "Markdown")
        key, known = (self._language, name), self._before.pages
        if key not in known or known[key][0] != data:
            self.problems = []
            known[key] = (data, self._page(name, data), self.problems)
        _, page, self.problems = known[key]
        return page

    def _page(self, name: str, data: bytes) -> Page | None:
        text = self._text(data)
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
        fenced = without_fences(lines, rendered.fences)
        found: list[macros.Macro] = []
        ids: frozenset[str] = frozenset()
        if not rendered.unrendered:  # else blocks of code would be taken for prose
            self._check_prose(head, fenced)
            found = self._macros(lines, fenced)
            ids = self._check_html(lines, found)
            broken = {problem.line for problem in self.problems}
            for line, problem in python_examples.differences(text.split("\n"), rendered.fences):
                if line not in broken:
                    self._wrong(line, problem)
        meta = head.meta
        if snippets and "machine" not in meta and not head.problems:
            self._wrong(1, "this page has snippets, but its front matter names no machine: expected machine: container or vm")
        for line, problem in taken_ids(rendered.fences, rendered.outline, ids):
            self._wrong(line, problem)
        for line, problem in (*values.problems(fenced, snippets, found), *self._references.problems(found)) if self._has_macros else ():
            self._wrong(line, problem)
        for line, problem in release_blocks.wrong_snippets(fenced, found, snippets, self._targets):
            self._wrong(line, problem)
        programs, wrong_programs = machine_keys.programs(self._config, head)
        for line, problem in (*machine_keys.problems(head, snippets), *wrong_programs):
            self._wrong(line, problem)
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
            symbols=meta.get("symbols") is True,
            dumps=head.texts("dumps"),
            programs=programs,
            meta=meta,
            snippets=tuple(snippets),
            meta_lines=head.lines,
            outline=rendered.outline,
            prose=prose_hash(lines, snippets),
            prose_lines=tuple(fenced),
            macros=tuple(found),
        )

    def _wrong(self, line: int, text: str) -> None:
        self.problems.append(Problem(self._path, line, text))

    def _text(self, data: bytes) -> str | None:
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
            for problem in (*repeated(lines[fence.line - 1]), unseen(lines[fence.line - 1]), wrong_end(fence, lines)):
                if problem:
                    self._wrong(fence.line, problem)
            if fence.language in RUNNABLE:
                snippets.append(self._snippet(page, fence, lines))
            elif "output" in fence.classes:
                self._output(fence, snippets, lines)
            else:
                self._other(fence, lines)
        return snippets

    def _other(self, fence: Fence, lines: list[str]) -> None:
        """A block that is neither run nor compared. A reader can copy it all the same."""
        for problem in (wrong_language(fence.language), *of_other(fence)):
            if problem:
                self._wrong(fence.line, problem)
        self._check_seen(fence, lines)
        self._check_shown(fence, lines)

    def _snippet(self, page: str, fence: Fence, lines: list[str]) -> Snippet:
        attributes = Attributes(fence, self._targets)
        fields = attributes.fields()
        for problem in attributes.problems:
            self._wrong(fence.line, problem)
        if not fence.code.strip():
            self._wrong(fence.line, "this snippet is empty")
        elif fence.code != fence.code.rstrip():
            self._wrong(fence.end_line - 1, "this snippet ends in white space, which copying it drops")
        self._check_seen(fence, lines)
        for number, problem in look_alikes(fence.code, fence.language):
            self._wrong(fence.line + 1 + number, problem)
        self._check_shown(fence, lines)
        return Snippet(
            page=page, id=fence.id, language=fence.language, code=fence.code,
            path=self._path, line=fence.line, end_line=fence.end_line, **fields,
        )  # fmt: skip

    def _output(self, fence: Fence, snippets: list[Snippet], lines: list[str]) -> None:
        if fence.language != "text":
            self._wrong(fence.line, f"an output is written ```text {{.output}}, found {fence.language or 'no language'}")
        self._check_shown(fence, lines)
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

    def _check_seen(self, fence: Fence, lines: list[str]) -> None:
        """The block has no character that a reader cannot see. An output may have any: the site makes them visible."""
        for number, line in enumerate(lines[fence.line : fence.end_line - 1], fence.line + 1):
            if problem := unseen(line):
                self._wrong(number, problem)

    def _check_shown(self, fence: Fence, lines: list[str]) -> None:
        """The page shows the block as it is in the file."""
        typed = lines[fence.line : fence.end_line - 1]
        shown = fence.code.split("\n") if typed else []
        if len(shown) != len(typed) or not all(source.endswith(line) for source, line in zip(typed, shown, strict=True)):
            self._wrong(fence.line, "the page shows this block otherwise than it is typed: are its tabs kept (preserve_tabs: true)?")

    def _check_prose(self, head: frontmatter.FrontMatter, fenced: list[str]) -> None:
        """Prose, titles and fences' own lines have no character that could change how a line is read."""
        texts = [(number, line) for number, line in enumerate(fenced, 1) if not line.isascii() or not line.isprintable()]
        texts += [(head.lines.get(key, 1), value) for key, value in head.meta.items() if isinstance(value, str)]
        for number, text in texts:
            if character := unseen(text.translate(_SEEN_IN_PROSE)):
                self._wrong(number, character)
        for number, no_fence in meant_as_fences(fenced):
            self._wrong(number, no_fence)
        for number, line in enumerate(fenced, 1):
            if line.lstrip("> ").startswith("#"):
                for problem in repeated(line):
                    self._wrong(number, problem)

    def _macros(self, lines: list[str], fenced: list[str]) -> list[macros.Macro]:
        if not self._has_macros:
            return []
        found, problems = macros.find(lines, fenced, self._reader.html)
        blocks, wrong = release_blocks.find(fenced, self._targets)
        for line, problem in problems + wrong:
            self._wrong(line, problem)
        return sorted([*found, *blocks], key=lambda macro: (macro.line, macro.column))

    def _check_html(self, lines: list[str], found: list[macros.Macro]) -> frozenset[str]:
        """The ids in the page's HTML. What the HTML may not have is a problem."""
        text = "\n".join(macros.without_macros(lines, found))
        problems, ids = html_policy.check(text, self._reader.html, self._reader.block)
        for line, problem in problems:
            self._wrong(line, problem)
        return ids


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
