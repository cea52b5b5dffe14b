"""What the guide's own program said of each failure that the pages bring about, as a table made from the evidence.

data/failures.yml lists the failures. Of each it names the snippet after which the program was asked (``examined``, else
``shown``) and the findings that name the failure (``doctor``), or why no program can see it (``unseen``)::

    stages:
      loaded: {en: Not loaded, zh: 没有加载}
    failures:
      - {stage: loaded, row: 2, see: start#off, shown: start#switch, doctor: [settings.off], en: it is off, zh: 关着}
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from checks.model import GuideError, PageErrors, Snippet
from checks.site.context import SiteContext
from checks.site.finding.catalogue import SECTION, SNIPPET
from checks.site.templating import markup, render
from checks.strict_yaml import Document
from checks.validation import Section, check

FILE = Path("data/failures.yml")

_Names = Annotated[tuple[str, ...], Field(strict=False, min_length=1)]


class Failure(Section):
    """One failure. The docstring of this module says what the keys mean."""

    stage: str
    row: int | None = None
    see: SECTION
    shown: SNIPPET | None = None
    examined: SNIPPET | None = None
    doctor: _Names | None = None
    unseen: dict[str, str] | None = None
    en: str
    zh: str

    @property
    def asked_at(self) -> str | None:
        """The snippet after which the program was asked, as PAGE#SNIPPET; None where no snippet brings the failure about."""
        return self.examined or self.shown


class Failures(Section):
    """The whole file."""

    stages: dict[str, dict[str, str]]
    failures: Annotated[tuple[Failure, ...], Field(strict=False)]


@dataclass(frozen=True)
class Diagnosis:
    """What the program said first of what is wrong, after a snippet; "" when it found nothing wrong."""

    target: str
    first: str

    def names(self, failure: Failure) -> bool:
        """Whether that is the failure."""
        return self.first in (failure.doctor or ())


def read(root: Path, languages: Iterable[str] = ()) -> Failures:
    """The failures of the guide in the folder ``root``. Raises PageErrors with the line of everything that is wrong."""
    document = Document.read(root / FILE, FILE)
    found = check(document, Failures)
    problems = [
        document.problem(("failures", index, "unseen"), f"expected text in {language}, found none")
        for index, failure in enumerate(found.failures)
        for language in languages
        if failure.unseen is not None and language not in failure.unseen
    ]
    if problems:
        raise PageErrors(sorted(problems))
    return found


def diagnoses(context: SiteContext) -> str:
    """The HTML of the table. Raises a GuideError for a snippet that the guide does not have."""
    rows = []
    for failure in read(context.config.root, context.guide.languages).failures:
        page, _, snippet_id = (failure.asked_at or "").partition("#")
        snippet = _snippet(context, page, snippet_id) if failure.asked_at else None
        if snippet is None or not snippet.examine:
            continue
        found = diagnosis(context, snippet)
        rows.append({
            "symptom": markup(getattr(failure, context.language)), "url": context.page_url(*failure.see.split("#")),
            "unseen": failure.unseen and failure.unseen[context.language], "found": found, "named": found and found.names(failure),
            "run": found and context.transcript_url(found.target, page, snippet_id),
        })  # fmt: skip
    return render("diagnoses.html", context=context, words=context.words, rows=rows)


def _snippet(context: SiteContext, name: str, snippet_id: str) -> Snippet:
    page = context.guide.pages.get((context.language, name))
    snippet = next((each for each in page.snippets if each.id == snippet_id), None) if page else None
    if snippet is None:
        raise GuideError(f"{FILE}: there is no snippet {name}#{snippet_id}")
    return snippet


def diagnosis(context: SiteContext, snippet: Snippet) -> Diagnosis | None:
    """What the program said after the snippet, on the first target whose evidence of it holds; None without such evidence."""
    page = context.guide.pages[context.language, snippet.page]
    for target in context.evidence.targets():
        run = context.evidence.of(target, page.name)
        if run and context.evidence.state(target, page, snippet) == "valid" and (answer := run.entries[snippet.id].get("examined")):
            return Diagnosis(target, first_finding(answer))
    return None


def first_finding(answer: Mapping[str, Any]) -> str:
    """The name of the first fault or warning in what the program printed with ``--json``, or else of the first note; "" for none."""
    try:
        findings = json.loads(answer["output"])["findings"]
        notes_last = sorted(findings, key=lambda each: each["level"] == "note")
        return next((str(each["id"]) for each in notes_last), "")
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise GuideError(f"the answer that the evidence has of {answer['command'][0]} is not its JSON: {error}") from None
