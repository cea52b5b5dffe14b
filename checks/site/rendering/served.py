"""The site that ./guide serve shows: built whole, or again only those of its pages that were edited."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from checks import config as configuration
from checks import faults
from checks.config import Config
from checks.model import Guide
from checks.pages.reader import ReadBefore, read_guide
from checks.site import build
from checks.site.mkdocs_process import MkDocsProcesses
from checks.site.urls import page_folder

MACHINERY = Path(build.__file__).parents[1]  # the folder of the package "checks"
_KEPT_BESIDE = re.compile(r"\.|#|.*~$|4913$|__pycache__$")  # the names of what an editor, or Python, keeps beside a file
MOST_PAGES = 4  # that are built by themselves; where more were edited at once, as by git, the whole site comes first
State = dict[Path, int]  # of each file from which the site is made: when it was written


@dataclass(frozen=True)
class _Built:
    """What the whole site was built from."""

    state: State
    config: Config
    guide: Guide


class Site:
    """The served folder ``root``, a link to the site that was built last, and the error of the last build (None if there was none)."""

    def __init__(self, config: Config, processes: MkDocsProcesses, root: Path, url: str):
        self._config = config
        self._processes = processes
        self._url = url
        self._builds = 0
        self._read_before = ReadBefore()
        self._whole: _Built | None = None  # the last build of the whole site; None if it failed
        self._done: State | None = None  # from what the last build was made; None when the whole site still has to be built
        self._machinery_changed = _last_change(MACHINERY)
        self.root = root
        self.error: str | None = None

    def is_current(self) -> bool:
        """Whether nothing has changed since the last build: an editor may only have written, or removed, a file of its own."""
        return self._done == _state(self._config)

    def build_pages(self) -> bool:
        """Build the edited pages by themselves, and put them into the served site. An error of the pages is kept, not raised.

        Returns False, and does nothing, where only a build of the whole site will do: when something else than pages has
        changed, or what other pages show of a page (its title, its front matter), and when that build failed the last time.
        """
        start, state, whole = time.monotonic(), _state(self._config), self._whole
        if whole is None or whole.state.keys() != state.keys():
            return False
        edited = {path for path, known in whole.state.items() if state[path] != known}
        pages = {key: page for key, page in whole.guide.pages.items() if whole.config.root / page.path in edited}
        if not pages or len(pages) != len(edited) or len(pages) > MOST_PAGES:
            return False
        out = self.root.with_name("pages")
        try:
            guide = read_guide(whole.config, self._read_before)
            changed = Guide(guide.languages, {key: guide.pages[key] for key in pages})
            if any((page.title, page.meta) != (changed.pages[key].title, changed.pages[key].meta) for key, page in pages.items()):
                return False
            if not build.make_pages(guide, changed, self._processes, out):
                return False
            for language, name in pages:
                file = Path(language, page_folder(name), "index.html")
                (out / file).replace(self.root / file)
        except Exception as error:
            self._done = state
            self._tell(error)
        else:
            self._done = self.error = None
            names = ", ".join(sorted(str(page.path) for page in pages.values()))
            print(f"{names} shown in {time.monotonic() - start:.1f} s", flush=True)
        shutil.rmtree(out, ignore_errors=True)
        return True

    def build(self, superseded: Callable[[], bool] = build.never) -> bool:
        """Build into another folder, then put it in the place of the served one. An error of the pages is kept, not raised.

        Returns False where the site and the error are as they were, because ``superseded``, which is asked again and again,
        has said that another build has to come first.
        """
        start, state = time.monotonic(), _state(self._config)
        self._restart_after_a_change()
        self._builds += 1
        fresh = self.root.with_name(f"site-{self._builds}")
        try:
            config = configuration.load(self._config.file)
            guide = read_guide(config, self._read_before)
            build.make(config, guide, self._processes, fresh, self._url, True, superseded)
        except build.Superseded:
            shutil.rmtree(fresh, ignore_errors=True)
            return False
        except Exception as error:
            self._whole, self._done = None, state
            self._tell(error)
            if not self.root.exists() and fresh.exists():
                # The first site is served even with an error, since the error can only be shown on a page.
                self._swap(fresh)
            else:
                shutil.rmtree(fresh, ignore_errors=True)
            return True
        self._whole, self._done, self.error = _Built(state, config, guide), state, None
        self._swap(fresh)
        print(f"built in {time.monotonic() - start:.1f} s", flush=True)
        return True

    def _tell(self, error: Exception) -> None:
        self.error = faults.message(error, self._config.work_dir)
        print(f"\n{self.error}\n", flush=True)

    def _swap(self, fresh: Path) -> None:
        """Lead the link to the fresh site, in one step: requests are answered meanwhile."""
        old, link = self.root.resolve(), self.root.with_name("link")
        link.symlink_to(fresh)
        link.replace(self.root)
        if old != self.root:
            shutil.rmtree(old, ignore_errors=True)

    def _restart_after_a_change(self) -> None:
        """Stop MkDocs' processes when a file of the package "checks" was edited, since they have the old one in memory."""
        changed = _last_change(MACHINERY)
        if changed != self._machinery_changed:
            self._machinery_changed = changed
            self._processes.stop()


def _state(config: Config) -> State:
    """The files from which the site is made, without those that an editor or Python keeps beside them."""
    found: State = {}
    for place in watched(config):
        for path in place.rglob("*") if place.is_dir() else [place]:
            if not any(map(_KEPT_BESIDE.match, path.relative_to(place).parts)) and path.is_file():
                found[path] = _written(path)
    return found


def watched(config: Config) -> list[Path]:
    """The files, and folders of files, from which the site is made."""
    files = {config.file, *config.languages.values(), config.targets_file, config.shapes_file}
    files |= {config.root / program for program in config.programs}
    folders = {*config.docs.values(), config.root / "theme", config.root / "data", config.evidence_dir, MACHINERY}
    return sorted(path for path in files | folders if path.exists())


def _last_change(folder: Path) -> int:
    """When a Python file, template or list of words in the folder was last written, in ns since the epoch."""
    return max(_written(path) for path in folder.rglob("*") if path.suffix in (".py", ".yml", ".html", ".css", ".js"))


def _written(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:  # an editor's file, which was removed after it was listed
        return 0
