"""Removing what runs leave: at each start what killed runs left; on request states, images and disks, too."""

from __future__ import annotations

import shutil

from checks.host import cache_dir, owner_in_name, owner_is_alive
from checks.images.build import REPOSITORY
from checks.machines import engine as engines
from checks.machines.engine import Engine
from checks.states import retention
from checks.states.store import Store


def sweep() -> list[str]:
    """Remove containers and folders of runs that have ended; returns what was removed, in words."""
    removed = []
    for program in engines.answering():
        removed += [f"container {name}" for name in Engine(program, ()).sweep()]
    for pattern in ("machines/*-*-*", "disk-*", "root-*", "bench-*"):
        for folder in cache_dir().glob(pattern):
            owner = owner_in_name(folder.name)
            if owner and not owner_is_alive(owner):
                shutil.rmtree(folder, ignore_errors=True)
                removed.append(f"folder {folder}")
    return removed + [f"folder {folder}" for folder in _sweep_states(Store(""))]


def _sweep_states(store: Store) -> list[str]:
    """Remove states that were being written when their run was killed, and images that belong to no state."""
    return retention.sweep(store) + _remove_images(store)


def _remove_images(store: Store) -> list[str]:
    """Remove the images that belong to no state and that no living process is making; returns them, in words."""
    removed = []
    for program in engines.answering():
        engine = Engine(program, ())
        made = engine.state_images(store.images)
        named = {machine.image for machine in store.machines() if machine.image} if made else set()
        for tag, owner in made:
            if not owner_is_alive(owner) and tag not in named:
                engine.call("rmi", tag, check=False)
                removed.append(f"image {tag}")
    return removed


def clean_states() -> list[str]:
    """Remove every state that is not in use; returns what was removed, in words."""
    store = Store("")
    for machine in store.machines():
        store.forget(machine.key)
    removed = [f"removed {image}" for image in _remove_images(store)]
    for path in (store.root / "records").glob("*.json"):
        path.unlink(missing_ok=True)
    return [*removed, f"removed the states in {store.root}"]


def clean(everything: bool) -> list[str]:
    """``sweep``; with ``everything`` remove also images and disks, which the next run builds again. What was removed, in words."""
    removed = [f"removed {leftover}" for leftover in sweep()]
    if not everything:
        return removed
    for program in engines.answering():
        engine = Engine(program, ())
        listed = engine.call("images", "--format", "{{.Repository}}:{{.Tag}}", check=False).stdout.split()
        for tag in listed:
            if tag.startswith(REPOSITORY):
                engine.call("rmi", "--force", tag, check=False)
                removed.append(f"removed image {tag}")
    shutil.rmtree(cache_dir(), ignore_errors=True)
    return [*removed, f"removed {cache_dir()}"]
