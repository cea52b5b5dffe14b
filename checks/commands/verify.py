"""``./guide verify``: run the snippets of pages by pytest."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from checks.config import Config
from checks.model import GuideError
from checks.pages.reader import read_guide
from checks.pages.tree import find_pages, order
from checks.targets import choose_target, load_targets

ROOT = Path(__file__).resolve().parents[2]  # of this project, whose pyproject.toml has pytest's settings
# The exit status of pytest -> that of ./guide; every other status of pytest becomes 2.
STATUS = {0: 0, 1: 1, 2: 130}


def run_pytest(config: Config, *arguments: str) -> int:
    """pytest in a process of its own, so that Ctrl-C reaches it alone and its exit status is ours."""
    command = [sys.executable, "-m", "pytest", "--rootdir", str(config.root), *arguments]
    if config.root != ROOT:
        command += ["-c", os.devnull, "-p", "checks.pytest_plugin.plugin", "-p", "no:cacheprovider"]
    process = subprocess.Popen([*command, "--guide-config", config.file.name], cwd=config.root)
    # Whoever asks this process to end means the run.
    signal.signal(signal.SIGTERM, lambda number, frame: process.terminate())
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue


def verify(config: Config, options) -> int:
    if options.jobs != "auto" and not (options.jobs.isdigit() and int(options.jobs)):
        raise GuideError(f"--jobs: expected a number or auto, found {options.jobs!r}")
    guide = read_guide(config)
    target = choose_target(load_targets(config), options.target)
    wanted = order(guide, find_pages(guide, options.pages))
    if not wanted:
        print("these pages have no snippets")
        return 0
    evidence_dir = Path(options.evidence).resolve() if options.evidence else config.evidence_dir
    arguments = ["--verbose", "-rs", "--tb=short", "--guide-drafts", f"--target={target.name}", f"--guide-evidence={evidence_dir}"]
    arguments += ["--keep"] if options.keep else []
    # A person at the one machine that failed, or one writer of the pages.
    arguments += [] if options.keep or options.update else [f"--guide-jobs={options.jobs}"]
    arguments += ["--guide-update"] if options.update else []
    arguments += ["--no-reuse"] if options.no_reuse else []
    arguments += [f"--junitxml={config.work_dir}/junit-{target.name}.xml"]
    # All of them by their folder: pytest looks through it anew for each file that is named.
    paths = [page.path for page in wanted] if options.pages else [config.first_folder]
    status = run_pytest(config, *arguments, *map(str, paths))
    return STATUS.get(status, 2)
