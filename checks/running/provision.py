"""Machines for pages: restored from a saved state, or started anew.

The nearest state that can be restored is taken. Where a state cannot be restored, a message says so and an older
state is tried, at worst a machine that has only been started, or a boot from the disk. The runner then runs again
what came after the state.
"""

from __future__ import annotations

import copy
import json
import logging
import os
import re
import shutil
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from checks.config import Config
from checks.evidence.fingerprints import Fingerprints, image_kinds, page_fingerprints
from checks.host import cache_dir, host_lock, require_free_space
from checks.images.build import Builder, BuiltImage
from checks.machines import slots
from checks.machines.accelerator import accelerator
from checks.machines.channel import MODULES_DIGEST
from checks.machines.container import Container
from checks.machines.hardware import Hardware
from checks.machines.machine import MachineLost, PageTime
from checks.machines.vm import Vm, new_folder
from checks.model import Guide, GuideError, Outcome, Page, PageRun, Snippet, utc_now
from checks.pages.rules.machine_keys import program
from checks.pages.tree import ancestors, dump_pages, reads_dumps
from checks.sessions.pair import SET_UP_DIGEST, PairSession
from checks.sessions.programs import ask, give, put
from checks.sessions.session import Session
from checks.states import retention
from checks.states.dump_files import dump_files
from checks.states.record import Record
from checks.states.store import StateImage, Store
from checks.targets import Target

log = logging.getLogger("guide")

COLD_STARTS = 3
HOST_MEMORY_MIB = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") >> 20
# Programs of Debian and Ubuntu that run with other rights than those of whoever starts them. The container of a page
# that names none of them forbids such programs altogether (no_new_privs).
PRIVILEGED_PROGRAMS = re.compile(
    r"\b(at|chage|chfn|chsh|crontab|expiry|gpasswd|mount|newgrp|passwd|ping|pkexec|ssh-agent|su|sudo|sudoedit|umount|wall|write)\b"
)
VM_MAY_WRITE_BYTES = 2 << 30  # beside the VM's memory: the disk's layers and what a crash leaves


class Provisioner:
    """Makes machines for one guide on one target, and saves their states in ``store``."""

    def __init__(self, config: Config, guide: Guide, target: Target, builder: Builder, store: Store):
        self.config, self.guide, self.target, self.builder, self.store = config, guide, target, builder, store
        self._bases: dict[Hardware | tuple[str, ...], str] = {}

    # ---- fingerprints

    def fingerprints(self, page: Page) -> Fingerprints:
        """The keys of the states along a page: what was built, what emulates it, the agent, and every snippet so far."""
        return page_fingerprints(self.guide, page, self.target, self._base)

    def _base(self, page: Page) -> str:
        """What the page's machine is made of."""
        hardware = self._hardware(page)
        key = hardware or image_kinds(self.guide, page)
        if key not in self._bases:
            if hardware is None:
                parts = [self._image(page).build]
            else:
                disk = self.builder.disk(self.target)  # Builds the emulator, too, at the same time.
                chosen, emulator = self._accelerator(), self.builder.emulator(self.target)
                parts = [disk.digest, disk.build, emulator.build, chosen, hardware.digest(chosen)]
                parts += [SET_UP_DIGEST] if page.peer else []
            self._bases[key] = json.dumps([self.target.name, MODULES_DIGEST, *parts])
        return self._bases[key]

    def _image(self, page: Page) -> BuiltImage:
        """The image of a container page's machine."""
        return (self.builder.analysis if reads_dumps(self.guide, page) else self.builder.container)(self.target)

    def _hardware(self, page: Page) -> Hardware | None:
        """The hardware of a page's VM; None for a container."""
        if page.machine == "container":
            return None
        root = (ancestors(self.guide, page) or [page])[0]
        return Hardware(memory=root.memory or self.target.memory, firmware=root.firmware, lan=1 if root.peer else None)

    def _accelerator(self) -> str:
        emulator, disk = self.builder.emulator(self.target), self.builder.disk(self.target)
        return accelerator(self.builder.engine(), emulator.tag, disk.path)

    # ---- machines

    def restore(self, page: Page, record: Record) -> Session | None:
        """A machine in the state of ``record``; None, with a message, when the state cannot be restored."""
        key = record.key
        self.store.locks.use(key)
        saved = self.store.machine(key)
        if saved is None or saved.instance != record.instance:
            self.store.locks.release(key)
            return None
        session = self._new_session(page, saved.image, in_use=key)
        try:
            if damage := self.store.damage(saved):
                raise MachineLost(damage)
            session.restore(saved.folder, record.packages_before)
        except (MachineLost, GuideError) as error:
            self.release(session)
            log.info(f"a state of {record.page_run.page or 'the machine'} cannot be restored ({error}); an older one is tried")
            self.store.forget(key)
            return None
        except BaseException:
            self.release(session)
            raise
        self.store.touch(saved)
        return session

    def boot(self, page: Page) -> Session:
        """A machine on which nothing has been run. Raises MachineLost when none comes up.

        A VM is restored as it was after its boot, once a VM of this hardware has been booted on this host.
        """
        key = self.fingerprints(page).begin
        if page.machine == "vm" and (record := self.store.record(key)) and (session := self.restore(page, record)):
            return session
        for attempts_left in reversed(range(COLD_STARTS)):
            session = self._new_session(page)
            try:
                self._start(page, session, key)
                return session
            except MachineLost as lost:
                # Nothing of the page has run yet, so a cold start that failed says nothing about the page.
                tail = "\n".join(machine.console_tail() for machine in session.machines)
                self.release(session)
                if not attempts_left:
                    raise MachineLost(f"the machine did not start: {lost}\n{tail}") from None
                log.info(f"the machine did not come up ({lost}): starting another")
            except BaseException:
                self.release(session)  # Ctrl-C, or an error of ours: nobody else knows this machine yet.
                raise
        raise AssertionError("unreachable")

    def _start(self, page: Page, session: Session, key: str) -> None:
        if page.machine == "container":
            session.open()
            return
        vms = "two VMs" if page.peer else "a VM"
        log.info(f"starting {vms} of {self.target.label} under {(session.machine.accelerator or '').upper()}", extra={"stage": "booting"})
        session.open()
        session.settle()
        run = self.page_run(replace(page, name=""), session)
        self.save(Record(key, self.store.run, utc_now(), run, session.boot_id), session)

    def page_run(self, page: Page, session: Session) -> PageRun:
        """The head of a page's evidence, on the machine that the page begins on."""
        container = page.machine == "container"
        made = self._image(page) if container else self.builder.disk(self.target)
        machine = session.machine
        return PageRun(
            page=page.name, target=self.target.name, image=f"sha256:{made.digest}", recipe=made.recipe,
            emulator=machine.emulator, accelerator=machine.accelerator, kernel=session.kernel,
            started=utc_now(), seconds=0, packages={}, outcomes=[], archive=made.archive,
        )  # fmt: skip

    def _new_session(self, page: Page, image: str | None = None, in_use: str | None = None) -> Session:
        """A session on the machines that the page asks for, which are not started yet."""
        hardware = self._hardware(page)
        if hardware is not None and hardware.memory_mib > HOST_MEMORY_MIB:
            raise GuideError(
                f"{page.path}: its VM has {hardware.memory} of memory, and this host {HOST_MEMORY_MIB} MiB: name less (memory:)"
            )
        session = self._container_session(page, image) if hardware is None else self._vm_session(hardware)
        session.machine.in_use = in_use
        return session

    def _container_session(self, page: Page, image: str | None) -> Session:
        tag = image or self._image(page).tag
        return Session(Container(self.builder.engine(), tag, becomes_root=becomes_root(page)), self.config.dumps)

    def _vm_session(self, hardware: Hardware) -> Session:
        count = 2 if hardware.lan else 1
        needed = ((hardware.memory_mib << 20) + VM_MAY_WRITE_BYTES) * count
        require_free_space(cache_dir(), needed, f"{count} VM{'s' * (count - 1)} with {hardware.memory} of memory")
        slot = slots.take(count)
        session = self._pair(hardware) if hardware.lan else Session(self._vm(hardware), self.config.dumps)
        session.machine.slot = slot
        return session

    def _vm(self, hardware: Hardware, lan: Path | None = None) -> Vm:
        emulator, disk = self.builder.emulator(self.target), self.builder.disk(self.target)
        return Vm(self.builder.engine(), emulator.tag, disk.path, hardware, self._accelerator(), lan)

    def _pair(self, hardware: Hardware) -> PairSession:
        lan = new_folder("lan")
        own, peer = (self._vm(replace(hardware, lan=place), lan) for place in (1, 2))
        return PairSession(own, peer, self.config.dumps)

    def furnish(self, page: Page, session: Session) -> None:
        """Put into the reader's home what the page begins with: programs of the guide, symbols, and in ~/dumps/PAGE what crashes have left.

        Raises MachineLost where a saved state is gone, or has no dumps.
        """
        give(session, page.programs)
        if page.symbols:
            put(session, self.builder.symbols(self.target))
        for name, crashed in dump_pages(self.guide, page, self.target).items():
            key = self.fingerprints(crashed).end
            self.store.locks.use(key)
            try:
                saved = self.store.machine(key)
                if saved is None or self.config.dump_folder is None:
                    raise MachineLost(f"the state at the end of {crashed.name} is gone")
                disk, emulator = self.builder.disk(self.target), self.builder.emulator(self.target)
                with host_lock(f"dumps-{key[:16]}"):
                    files = dump_files(self.builder.engine(), emulator.tag, disk.path, saved.folder, self.config.dump_folder)
                session.machine.receive(files, f"/home/reader/dumps/{name}")
            finally:
                self.store.locks.release(key)

    def run(self, page: Page, snippet: Snippet, session: Session) -> Outcome:
        """Run one snippet; then, where the page says so and nothing failed, ask the guide's program what it says of the machine."""
        outcome = session.run(snippet)
        if snippet.examine and outcome.failure is None:
            outcome.examined = self.examine(page, session)
        return outcome

    def examine(self, page: Page, session: Session) -> dict[str, Any] | None:
        """What the guide's program (``at_end`` in mkdocs.yml) says of a VM; None on other pages, and in a guide without such a program."""
        if page.machine != "vm" or not self.config.at_end:
            return None
        path, *arguments = self.config.at_end
        return ask(session, program(self.config.root, path), arguments)

    def give_time(self, session: Session) -> None:
        """A page begins on the machines of the session: from now on its time runs."""
        for machine in session.machines:
            machine.page_time = PageTime.from_now(self.config.limits.page_minutes)

    def release(self, session: Session) -> None:
        """End a session that ``restore`` or ``boot`` gave."""
        session.close()
        machine = session.machine
        machine.slot.close()
        if machine.in_use:
            self.store.locks.release(machine.in_use)
            machine.in_use = None

    # ---- states

    def save(self, record: Record, session: Session, then: Callable[[], None] = lambda: None) -> None:
        """Save the machine as it is, partly in the background; ``then`` is called when the state is saved or has failed."""
        record = copy.deepcopy(record)  # The run goes on and appends outcomes to its page run.
        record.packages_before = session.packages_before
        folder = None
        try:
            needed = sum(machine.save_bytes() for machine in session.machines)
            retention.prune(self.store, self.config.state_limits, self.remove_image, room_for=needed)
            require_free_space(self.store.root, needed, "a state")
            folder = self.store.new_folder()
            tag = f"{self.store.images}:{record.key[:16]}-{uuid.uuid4().hex[:8]}"
            image_bytes = session.save(folder, tag)
            image = None if image_bytes is None else StateImage(tag, image_bytes)
        except (MachineLost, GuideError, OSError) as error:
            page = record.page_run.page or "the machine"
            log.info(f"a state of {page} could not be saved, and the run goes on without it: {error}")
            if folder:
                shutil.rmtree(folder, ignore_errors=True)
            self.store.save_record(record)
            then()
            return
        self.store.save(record, folder, image, then)

    def remove_image(self, tag: str) -> bool:
        """Remove a container's state from the engine; False while a container runs from it."""
        engine = self.builder.engine()
        return not engine.has_image(tag) or engine.call("rmi", tag, check=False).returncode == 0


def becomes_root(page: Page) -> bool:
    """Whether a snippet of the page names a program that runs with other rights than those of whoever starts it."""
    return any(PRIVILEGED_PROGRAMS.search(snippet.code) for snippet in page.snippets)
