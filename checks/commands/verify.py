"""``./guide verify``: run the snippets of pages by pytest."""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path

from checks.commands.display import Display, Estimates
from checks.config import PROJECT, Config
from checks.faults import INTERRUPTED
from checks.files.plain import make_folder
from checks.model import GuideError
from checks.pages.reader import read_guide
from checks.pages.tree import find_pages, order
from checks.running import cleanup
from checks.targets import choose_target, load_targets

# The exit status of pytest -> that of ./guide; every other status of pytest becomes 2. Pytest's own 2 is both that of Ctrl-C and
# that of a file that cannot be collected: pytest_plugin/faults_shown.py makes INTERRUPTED or 1 of it.
STATUS = {0: 0, 1: 1, INTERRUPTED: INTERRUPTED}
NOTHING_COLLECTED = 5  # pytest's exit status


def run_pytest(config: Config, target: str, *arguments: str, interactive: bool = False) -> int:
    """Run pytest in a process of its own, with a progress line; returns pytest's exit status, INTERRUPTED when interrupted.

    ``interactive`` leaves the terminal to pytest, as --keep needs it.
    """
    command = [sys.executable, "-m", "checks.pytest_plugin", "--rootdir", str(config.root), *arguments]
    if config.root == PROJECT:
        command += ["-c", str(PROJECT / "pyproject.toml")]  # else pytest would take a pytest.ini that lies among the pages
    else:
        command += ["-c", os.devnull, "-p", "checks.pytest_plugin.plugin", "-o", f"cache_dir={config.work_dir}/pytest"]
    command += ["--guide-config", config.file.name]
    if interactive:
        return subprocess.run(command, cwd=config.root).returncode
    if sys.stdout.isatty():
        command += ["--color=yes"]  # pytest itself writes into a pipe. A variable would also colour what the tests start.
    status = Display(Estimates(config.evidence_dir, target), config.limits.run_minutes).run(command, config.root)
    if status == INTERRUPTED or status not in STATUS:
        cleanup.sweep()  # Processes that were killed could not end their machines.
    return status


def new_report(config: Config, name: str) -> Path:
    """The path of a report below the work folder, where nothing stands any more: pytest would write through a link."""
    report = make_folder(config.work_dir, config.root) / name
    report.unlink(missing_ok=True)
    return report


def verify(config: Config, options: argparse.Namespace) -> int:
    """Run the pages that the options name, all pages by default; the exit status of ./guide."""
    if options.jobs != "auto" and not re.fullmatch(r"[1-9][0-9]{0,3}", options.jobs):
        raise GuideError(f"--jobs: expected a number from 1 to 9999, or auto, found {options.jobs!r}")
    target = choose_target(load_targets(config), options.target).name
    evidence_dir = Path(options.evidence).resolve() if options.evidence else config.evidence_dir
    arguments = ["--verbose", "-rs", "--tb=short", "--guide-drafts", f"--target={target}", f"--guide-evidence={evidence_dir}"]
    arguments += ["--keep"] if options.keep else []
    # --keep needs the terminal and --update writes the pages: both run in one process.
    arguments += [] if options.keep or options.update else [f"--guide-jobs={options.jobs}"]
    arguments += ["--guide-update"] if options.update else []
    arguments += ["--no-reuse"] if options.no_reuse else []
    arguments += [f"--junitxml={new_report(config, f'junit-{target}.xml')}"]
    # Of the plugins that are installed, pages need one. The others are for tests, and loading them takes as long as all the rest.
    arguments += ["--disable-plugin-autoload", "-pxdist"]
    paths = _paths(config, options.pages)
    status = run_pytest(config, target, *arguments, *paths, interactive=options.keep) if paths else NOTHING_COLLECTED
    if status == NOTHING_COLLECTED:
        print("these pages have no snippets")
        return 0
    return STATUS.get(status, 2)


def _paths(config: Config, names: list[str]) -> list[str]:
    """What pytest is told to run: the files of the named pages and of the pages before them, or the folder of all pages.

    Pages without snippets have no file in the list. pytest looks through the whole folder once more for each file that is named.
    """
    if not names:
        return [str(config.first_folder)]
    guide = read_guide(config)
    return [str(page.path) for page in order(guide, find_pages(guide, names)) if page.snippets]
