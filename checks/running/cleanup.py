"""Removing what runs leave: at every start what a killed one left, on request everything."""

from __future__ import annotations

import shutil

from checks.host import cache_dir, owner_in_name, owner_is_alive
from checks.images.build import REPOSITORY
from checks.machines import engine as engines
from checks.machines.engine import Engine
from checks.states import retention
from checks.states.store import Store


def sweep() -> list[str]:
    """Remove containers and folders of runners that no longer live; returns what was removed."""
    gone = []
    for program in engines.answering():
        gone += [f"container {name}" for name in Engine(program, ()).sweep()]
    for pattern in ("machines/*-*-*", "disk-*", "root-*", "bench-*"):
        for folder in cache_dir().glob(pattern):
            if not owner_is_alive(owner_in_name(folder.name)):
                shutil.rmtree(folder, ignore_errors=True)
                gone.append(f"folder {folder}")
    return gone + [f"folder {folder}" for folder in _sweep_states(Store(""))]


def _sweep_states(store: Store) -> list[str]:
    """What was being written when its run was killed, and images that no state names."""
    return retention.sweep(store) + _remove_images(store)


def _remove_images(store: Store) -> list[str]:
    """Remove the images that no state names any more, and that nobody is making."""
    gone = []
    for program in engines.answering():
        engine = Engine(program, ())
        made = engine.state_images(store.images)
        named = {kept.image for kept in store.machines() if kept.image} if made else set()
        for tag, who in made:
            if not owner_is_alive(who) and tag not in named:
                engine.call("rmi", tag, check=False)
                gone.append(f"image {tag}")
    return gone


def clean_states() -> list[str]:
    """Remove every state that is not in use."""
    store = Store("")
    for kept in store.machines():
        store.forget(kept.key)
    gone = [f"removed {what}" for what in _remove_images(store)]
    for path in (store.root / "records").glob("*.json"):
        path.unlink(missing_ok=True)
    return [*gone, f"removed the states in {store.root}"]


def clean(everything: bool) -> list[str]:
    """``sweep``; with ``everything`` also the images and disks, which the next run builds again."""
    gone = [f"removed {what}" for what in sweep()]
    if not everything:
        return gone
    for program in engines.answering():
        engine = Engine(program, ())
        listed = engine.call("images", "--format", "{{.Repository}}:{{.Tag}}", check=False).stdout.split()
        for tag in listed:
            if tag.startswith(REPOSITORY):
                engine.call("rmi", "--force", tag, check=False)
                gone.append(f"removed image {tag}")
    shutil.rmtree(cache_dir(), ignore_errors=True)
    return [*gone, f"removed {cache_dir()}"]
