"""What the tests share: generated guides, and a way to run them as a user does."""

from __future__ import annotations

import pytest
from guides import GuideFolder


@pytest.fixture
def make_guide(tmp_path):
    """A fresh guide."""
    return GuideFolder(tmp_path)


def orphans() -> set[str]:
    """Containers of ours and folders of machines whose runner no longer lives."""
    from checks.host import cache_dir, owner_in_name, owner_is_alive
    from checks.machines import engine as engines

    found = set()
    for program in engines.answering():
        for name, who in engines.Engine(program, ()).ours():
            if not owner_is_alive(who):
                found.add(name)
    for folder in (cache_dir() / "machines").glob("*-*-*"):
        if not owner_is_alive(owner_in_name(folder.name)):
            found.add(str(folder))
    return found


@pytest.fixture
def nothing_left():
    """Fails if the test leaves a container or a machine's folder behind; other runs on this host are not looked at."""
    before = orphans()
    yield
    assert orphans() <= before


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Where xdist runs the tests side by side, those that look at what is left do so one after the other.

    Some of them kill a run, and what it leaves until the next one starts is not what another test has left.
    """
    for item in items:
        if "nothing_left" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("machines"))
