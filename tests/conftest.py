"""What the tests share: generated guides, and a way to run them as a user does."""

from __future__ import annotations

import fcntl

import pytest
from guides import GuideFolder

from checks.site import build as building
from checks.site.mkdocs_process import MkDocsProcesses


class KeptProcesses(MkDocsProcesses):
    """MkDocs' processes that go on when a build has ended: starting them costs ten times as much as building a small guide."""

    def __exit__(self, *_: object) -> None:
        """Leave the processes to the fixture."""


@pytest.fixture(scope="session", autouse=True)
def mkdocs_stays():
    """Builds in the process of the tests use one process a language, whatever guide they build."""
    made = []

    def processes(config):
        made.append(KeptProcesses(config))
        made[-1]._processes = made[0]._processes
        return made[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(building, "MkDocsProcesses", processes)
        yield
    for kept in made[:1]:
        kept.stop()


@pytest.fixture
def make_guide(tmp_path):
    """A fresh guide."""
    return GuideFolder(tmp_path)


@pytest.fixture
def site_below(tmp_path):
    """A site with the page "index", in a folder of its own, so that there is room beside it."""
    (tmp_path / "site").mkdir()
    made = GuideFolder(tmp_path / "site")
    made.page("index", "Words.\n")
    return made


def orphans() -> set[str]:
    """Containers of ours and folders of machines whose runner no longer lives."""
    from checks.host import cache_dir, owner_in_name, owner_is_alive
    from checks.machines import engine as engines

    found = set()
    for program in engines.answering():
        for name, owner in engines.Engine(program, ()).ours():
            if not owner_is_alive(owner):
                found.add(name)
    for folder in (cache_dir() / "machines").glob("*-*-*"):
        if not owner_is_alive(owner_in_name(folder.name)):
            found.add(str(folder))
    return found


@pytest.fixture
def nothing_left(request):
    """Fails if the test leaves a container or a machine's folder behind; what other runs on this host have is not looked at.

    A test that uses ``kills_runs`` runs while no other test looks: what a killed run leaves until the next run starts
    would be taken for what another test has left.
    """
    from checks.host import cache_dir

    folder = cache_dir() / "locks"
    folder.mkdir(exist_ok=True)
    with (folder / "tests").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX if "kills_runs" in request.fixturenames else fcntl.LOCK_SH)
        before = orphans()
        yield
        assert orphans() <= before


@pytest.fixture
def kills_runs():
    """Marks a test that ends runs by SIGKILL."""
