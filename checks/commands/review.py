"""``./guide review BRANCH``: a stranger's pages, with the machinery of the checkout that one stands in.

From the branch come pages, images and data, nothing else; they are read out of git without a checkout, into a new
folder. What else the branch changes is code (SECURITY.md says which files) and is refused with a list. That includes the
shapes, which decide when an output agrees. Nothing of the branch is run on this host: its snippets run in containers and VMs.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from difflib import unified_diff
from pathlib import Path

from checks import config as configuration
from checks.commands.allowed import Allowed, believed
from checks.commands.branch import Repository
from checks.commands.changes import Changes, compare, describe, printable
from checks.commands.verify import verify
from checks.config import Config
from checks.evidence.files import read_evidence
from checks.files.tree import PICTURES
from checks.lint import parity
from checks.lint.snippets import Linting
from checks.mkdocs_yml import inherited
from checks.model import Guide, GuideError
from checks.pages.reader import read_guide
from checks.targets import Target, choose_target, load_targets

SHOWN_LINES = 10  # of what a new or changed snippet printed, where the page shows no output; and of files that nobody may commit


def review(config: Config, options: argparse.Namespace) -> int:
    """Show, lint and run what a branch changes; the exit status of ./guide: 1 for findings or a failed run."""
    repository = Repository(config.root)
    theirs = repository.commit(options.branch)
    base = repository.merge_base(repository.commit("HEAD"), theirs)
    _refuse_believed(repository, theirs)
    allowed = Allowed(config)
    changed = repository.changes(base, theirs)
    refused = [line for change in changed if (line := allowed.refusal(change))]
    print(f"{printable(options.branch)} is {theirs[:12]}; it comes from {base[:12]} and changes {len(changed)} files")
    if refused:
        _show_refused(refused, options.ignore_other)
    review_dir = config.work_dir / "review"
    review_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f"{theirs[:12]}-", dir=review_dir, ignore_cleanup_errors=True) as folder:
        before = _read_before(repository, base, allowed, config, Path(folder, "before"))
        after = _folder_of(repository, theirs, allowed, config, Path(folder, "after"))
        status = Review(before, after, options).run([change.path for change in changed])
        kept = _keep(Path(folder, "after"), review_dir / theirs[:12]) if status else None
    ignored = f"; {len(refused)} other changed files were NOT looked at" if refused else ""
    print(f"review of {printable(options.branch)} ({theirs[:12]}): {'passed' if status == 0 else 'FAILED'}{ignored}")
    if kept:
        print(f"its pages, and the outputs of what failed (.guide/failed), are in {config.relative(kept)}; ./guide clean removes them")
    return status


def _refuse_believed(repository: Repository, commit: str) -> None:
    """Raise a GuideError where the commit has files that ./guide or Python would obey as soon as it is checked out."""
    found = [line for file in repository.files(commit) if (line := believed(file.path))]
    if found:
        more = [f"and {len(found) - SHOWN_LINES} more"] if len(found) > SHOWN_LINES else []
        listed = "\n".join(f"    {line}" for line in [*found[:SHOWN_LINES], *more])
        raise GuideError(
            f"the branch has {len(found)} files that are made on each machine and never committed:\n{listed}\n"
            "They would be run or believed as soon as the branch is checked out or merged: do neither, and ask its author to remove them"
        )


def _show_refused(refused: list[str], ignore: bool) -> None:
    what = "files that are neither pages, images nor data of the guide, so they are code or taken for code"
    if not ignore:
        listed = "\n".join(f"    {line}" for line in refused)
        raise GuideError(
            f"the branch changes {len(refused)} {what}:\n{listed}\nRead them first (git diff), and run them only in a machine that "
            "you can throw away. --ignore-other reviews the pages and the data alone, with the code of this checkout"
        )
    print(f"NOT looked at and not taken: {len(refused)} {what}:")
    for line in refused:
        print(f"    {line}")


def _folder_of(repository: Repository, commit: str, allowed: Allowed, config: Config, folder: Path) -> Config:
    """The pages and data of a commit in a new folder, with the site's settings, the shapes and the programs of this checkout."""
    folder.mkdir()
    repository.write(commit, allowed.path, folder)
    for file in (config.shapes_file, *(config.root / path for path in config.programs)):
        if file.exists():
            _copy(file, config, folder)
    for file in {config.file, *config.languages.values()}:
        for document in inherited(file):
            if not document.path.is_relative_to(config.root):
                raise GuideError(f"{document.path}: a configuration outside {config.root} cannot be used for a review")
            _copy(document.path, config, folder)
    return configuration.load(folder / config.file.relative_to(config.root))


def _copy(file: Path, config: Config, folder: Path) -> None:
    """Copy a file of this checkout to the same path below ``folder``."""
    copy = folder / file.relative_to(config.root)
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.write_bytes(file.read_bytes())


def _read_before(repository: Repository, base: str, allowed: Allowed, config: Config, folder: Path) -> Version | None:
    """The guide before the branch. None, with a message, where today's machinery does not read those pages."""
    try:
        return Version(_folder_of(repository, base, allowed, config, folder))
    except GuideError as error:
        print(f"the pages at {base[:12]} cannot be read by this checkout's machinery, so every snippet counts as new:")
        for line in str(error).split("\n"):
            print(f"    {printable(line)}")
        return None


def _keep(folder: Path, place: Path) -> Path:
    """Move a folder to a place where nothing is yet: PLACE, else PLACE-2 and so on."""
    number = 1
    candidate = place
    while candidate.exists():
        number += 1
        candidate = place.with_name(f"{place.name}-{number}")
    return folder.rename(candidate)


class Version:
    """One version of the guide: its settings, its pages and its targets. Raises GuideError for pages that are wrong."""

    def __init__(self, config: Config):
        self.config = config
        self.guide: Guide = read_guide(config)
        self.targets: dict[str, Target] = load_targets(config)

    def data(self) -> dict[str, str]:
        """The data files by path, as text."""
        files = {file for folder in self.config.data_dirs for file in folder.glob("*.yml") if not file.name.startswith("mkdocs")}
        return {str(self.config.relative(file)): file.read_text(errors="backslashreplace") for file in sorted(files)}


class Review:
    """The steps of a review after the branch's pages and data lie in a folder of their own."""

    def __init__(self, before: Version | None, config: Config, options: argparse.Namespace):
        self._before, self._options = before, options
        self._after = Version(config)
        self._target = choose_target(self._after.targets, options.target)

    def run(self, changed: list[str]) -> int:
        """Show, lint, run; the exit status."""
        changes = self._changes()
        for line in [*self._data_diff(), *describe(changes)]:
            print(line)
        prose = self._only_prose(changed, changes)
        if prose:
            print(f"other text only, not run (git diff shows it): {', '.join(map(printable, prose))}")
        print(changes.summary())
        findings, blocking = self._findings()
        print(f"lint: {len(findings)} findings" if findings else "lint: nothing found")
        sys.stdout.flush()
        if self._options.no_run or not changes.pages or blocking:
            why = "--no-run" if self._options.no_run else "the findings come first" if blocking else "no snippet and no output differs"
            print(f"no page was run: {why}")
            return 1 if findings else 0
        print(f"to run on {self._target.name}: {', '.join(changes.pages)}", flush=True)
        status = self._verify(changes)
        return status or (1 if findings else 0)

    def _changes(self) -> Changes:
        before, name = self._before, self._target.name
        old = before.targets.get(name) if before else None
        return compare(before.guide if before else None, self._after.guide, old, self._target)

    def _data_diff(self) -> Iterator[str]:
        old, new = self._before.data() if self._before else {}, self._after.data()
        for path in sorted({*old, *new}):
            was, now = (text.splitlines() for text in (old.get(path, ""), new.get(path, "")))
            if was != now:
                yield f"data     {printable(path)}"
                yield from (f"    {printable(line)}" for line in list(unified_diff(was, now, lineterm=""))[2:])

    def _only_prose(self, changed: list[str], changes: Changes) -> list[str]:
        """The changed pages and images of which nothing is run."""
        pages = {str(page.path): page.name for page in self._after.guide.pages.values()}
        return [path for path in changed if path.endswith((".md", *PICTURES)) and pages.get(path) not in changes.pages]

    def _findings(self) -> tuple[list[str], bool]:
        """What the linters and the comparison of the languages find, printed; and whether any of it stops a run."""
        config, guide = self._after.config, self._after.guide
        stale = {str(problem) for problem in parity.stale(guide, config)}
        findings = [str(problem) for problem in [*parity.check(guide, config), *Linting(guide, config).problems()]]
        for finding in findings:
            print("\n".join(map(printable, finding.split("\n"))))
        return findings, any(finding not in stale for finding in findings)

    def _verify(self, changes: Changes) -> int:
        config = self._after.config
        evidence = config.work_dir / "evidence"
        options = argparse.Namespace(
            pages=changes.pages, target=self._target.name, evidence=str(evidence), update=False, keep=False, jobs="auto",
            no_reuse=self._options.no_reuse,
        )  # fmt: skip
        status = verify(config, options)
        for snippet in [*changes.new, *(now for _, now in changes.changed)]:
            if snippet.output_for(self._target.name) is None and (text := self._printed(evidence, snippet.page, snippet.id)):
                print(f"printed by {snippet.page}#{snippet.id}, for which the page shows no output:")
                for line in text.split("\n")[:SHOWN_LINES]:
                    print(f"    {printable(line)}")
        return status

    def _printed(self, evidence: Path, page: str, snippet_id: str) -> str:
        data = read_evidence(evidence, self._target.name, page) or {"snippets": []}
        return next((str(entry.get("output") or "") for entry in data["snippets"] if entry["id"] == snippet_id), "")
