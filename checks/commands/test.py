"""``./guide test``: the tests, the pages that always run, and the pages whose evidence does not hold any more.

``--all`` adds the tests that take minutes in VMs, runs every page anew, and writes the evidence of all pages.

An emulated machine on a busy host is late now and then. So a few failures are tried a second time, alone. What passes
only then is named at the end: it counts as passed, and somebody should look at it. What fails twice has failed.
"""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from checks.commands.junit import failed_tests, summary_line
from checks.commands.verify import STATUS, new_report, run_pytest
from checks.config import PROJECT, Config
from checks.evidence.validity import PageStatus, evidence_status
from checks.faults import INTERRUPTED
from checks.model import Guide
from checks.pages.reader import read_guide
from checks.targets import Target, choose_target, load_targets

SECOND_TRY_AT_MOST = 4  # More failures than so many are no coincidence.
SECOND_TRY_BEFORE_S = 70 * 60  # A second try that begins later would not end within the 90 minutes that CI gives.
COMMON = ("--no-reuse", "--durations=15", "-ra")


def test(config: Config, everything: bool, rest: list[str]) -> int:
    """Run the tests, or what ``rest`` tells pytest; the exit status of ./guide."""
    targets = load_targets(config) if config.targets_file.exists() else {}
    target = choose_target(targets, None) if targets else None
    name = target.name if target else ""
    if rest:
        return STATUS.get(run_pytest(config, name, *COMMON, f"--junitxml={new_report(config, 'junit.xml')}", *rest), 2)
    guide = read_guide(config)
    rows = evidence_status(config, guide, [target]) if target else []
    pages = _pages_to_run(config, guide, rows, everything)
    print(_plan(target, rows, pages), flush=True)
    status, reports = _run_twice(config, name, _arguments(config, name, pages, everything))
    if target and status != INTERRUPTED:
        print(_report(config, guide, target, rows, pages))
    print(summary_line(reports))
    return status


def _arguments(config: Config, target: str, pages: list[str], everything: bool) -> list[str]:
    """Pytest's arguments, but for those of the workers and of the report."""
    arguments = [*COMMON, f"--target={target}", *pages]
    arguments += [f"--guide-evidence={config.evidence_dir}"] if everything else ["-m", "not slow"]
    if (config.root / "tests").is_dir():
        arguments += ["tests"]
    if everything and config.root == PROJECT:
        # Measured: with coverage the tests of reading and linting take 1.6 times as long, so only the whole run has it.
        arguments += ["--cov=checks", "--cov-branch", "--cov-report=term"]
    return arguments


def _run_twice(config: Config, target: str, arguments: list[str]) -> tuple[int, list[Path]]:
    """Run pytest, and a few failures once more; the exit status of ./guide and the reports, of which the later one counts."""
    began = time.monotonic()
    first, second = (new_report(config, name) for name in ("junit-test.xml", "junit-second-try.xml"))
    shutil.rmtree(config.work_dir / "pytest", ignore_errors=True)  # --last-failed is to know the failures of this run only.
    # pytest-cov looks for workers before there are any: it takes the word of --dist.
    workers = ["--guide-jobs=auto", *(["--dist=loadfile"] if "--cov-branch" in arguments else [])]
    status = STATUS.get(run_pytest(config, target, *workers, *arguments, f"--junitxml={first}"), 2)
    failed = failed_tests(first)
    # An error outside any test, as of a file that cannot be imported, is no accident.
    may_try_again = all(not test.startswith(" ") for test in failed) and time.monotonic() - began < SECOND_TRY_BEFORE_S
    if status != 1 or not 0 < len(failed) <= SECOND_TRY_AT_MOST or not may_try_again:
        return status, [first]
    print(f"\nonce more, alone: {', '.join(sorted(failed))}\n", flush=True)
    status = STATUS.get(run_pytest(config, target, *arguments, "--last-failed", f"--junitxml={second}"), 2)
    still_failed = failed_tests(first, second)
    if late := [test for test in failed if test not in still_failed]:
        print(f"passed at the second try only: {', '.join(sorted(late))}")
    return status or (1 if still_failed else 0), [first, second]


def _pages_to_run(config: Config, guide: Guide, rows: list[PageStatus], everything: bool) -> list[str]:
    """The paths for pytest: the folder of all pages, or the pages that always run and those whose evidence does not hold.

    Where no page has evidence on the target, as on a fresh host, only the pages that always run do.
    """
    if everything:
        return [str(config.first_folder)]
    any_evidence = any(row.state != "missing" for row in rows)
    names = {row.page for row in rows if row.page in config.always_run or (any_evidence and row.state != "valid")}
    return [str(page.path) for page in guide.primary if page.name in names and page.snippets]


def _plan(target: Target | None, rows: list[PageStatus], pages: list[str]) -> str:
    """What this run is about to do, in one line."""
    if target is None:
        return "running the tests"
    valid = sum(row.state == "valid" for row in rows)
    named = ", ".join(pages) or "no page"
    return f"running the tests, and on {target.name} {named}; the evidence of {valid} of {len(rows)} pages holds"


def _report(config: Config, guide: Guide, target: Target, rows: list[PageStatus], pages: list[str]) -> str:
    """Which pages were not run, and of which date their evidence is."""
    folder = str(config.first_folder)
    ran = {page.name for page in guide.primary if folder in pages or str(page.path) in pages}
    cached = [row for row in rows if row.page not in ran and row.state == "valid"]
    unproven = [row for row in rows if row.page not in ran and row.state != "valid"]
    lines = []
    if cached:
        dates = sorted({(row.date or "")[:10] for row in cached})
        span = dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"
        older = sum(row.machinery == "older" for row in cached)
        machinery = f"; {older} of them were run by an older machinery" if older else ""
        lines.append(
            f"{len(cached)} of {len(rows)} pages were not run again on {target.name}: "
            f"their evidence of {span} holds{machinery}. ./guide test --all runs every page"
        )
    if unproven:
        lines.append(f"{len(unproven)} pages have no valid evidence on {target.name} and were not run: ./guide verify runs them")
    return "\n".join(lines) or f"all {len(rows)} pages were run on {target.name}"
