"""Having a machine stand where a page needs it: taken up from a state, or started anew.

The nearest state is taken that can be entered; where one can't, that is said
and an older one is tried, at worst a machine that has only been started, or a
boot from the disk. What was done after the state is done again by the runner.
"""

from __future__ import annotations

import copy
import json
import shutil
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from checks.config import Config, StateLimits
from checks.evidence.fingerprints import Fingerprints, page_fingerprints
from checks.host import cache_dir, require_free_space
from checks.images.build import Builder
from checks.machines import slots
from checks.machines.accelerator import accelerator
from checks.machines.channel import MODULES_DIGEST
from checks.machines.container import Container
from checks.machines.hardware import Hardware
from checks.machines.machine import MachineLost
from checks.machines.vm import Vm, new_folder
from checks.model import Guide, GuideError, Page, PageRun, utc_now
from checks.pages.tree import ancestors
from checks.sessions.pair import SET_UP_DIGEST, PairSession
from checks.sessions.session import Session
from checks.states import retention
from checks.states.record import Record
from checks.states.store import StateImage, Store
from checks.targets import Target

COLD_STARTS = 3
VM_MAY_WRITE = 2 << 30  # beside its memory: the disk's layers and what a crash leaves


class Provisioner:
    """Makes machines for one guide on one target, and keeps states of them in ``store``."""

    def __init__(
        self, config: Config, guide: Guide, target: Target, builder: Builder, store: Store, limits: StateLimits, say: Callable[[str], None]
    ):  # fmt: skip
        self.config, self.guide, self.target, self.builder = config, guide, target, builder
        self.store, self.limits, self.say = store, limits, say
        self._bases: dict[tuple, str] = {}

    # ---- keys

    def keys(self, page: Page) -> Fingerprints:
        """The states along a page: what was built, what emulates it, the agent in it, and every snippet so far."""
        hardware = self._hardware(page)
        key = (page.machine, hardware)
        if key not in self._bases:
            if page.machine == "container":
                parts = [self.builder.container(self.target).build]
            else:
                chosen = self._accelerator()
                emulator, disk = self.builder.emulator(self.target), self.builder.disk(self.target)
                parts = [disk.digest, disk.build, emulator.build, chosen, hardware.digest(chosen)]
                parts += [SET_UP_DIGEST] if page.peer else []
            self._bases[key] = json.dumps([self.target.name, MODULES_DIGEST, *parts])
        return page_fingerprints(self.guide, page, self.target, self._bases[key])

    def _hardware(self, page: Page) -> Hardware | None:
        if page.machine == "container":
            return None
        root = (ancestors(self.guide, page) or [page])[0]
        return Hardware(memory=root.memory or self.target.memory, firmware=root.firmware, lan=1 if root.peer else None)

    def _accelerator(self) -> str:
        emulator, disk = self.builder.emulator(self.target), self.builder.disk(self.target)
        return accelerator(self.builder.engine(), emulator.tag, disk.path, self.say)

    # ---- machines

    def enter(self, page: Page, record: Record) -> Session | None:
        """A machine in the state of ``record``, or None, and why is said."""
        key = record.key
        self.store.locks.use(key)
        kept = self.store.machine(key)
        if kept is None or kept.instance != record.instance:
            self.store.locks.release(key)
            return None
        session = self._session(page, kept.image, in_use=key)
        try:
            if page.machine == "vm":
                if damage := self.store.damage(kept):
                    raise MachineLost(damage)
                session.enter(kept.folder, record.packages_before)
            else:
                session.open()
                session.packages_before = record.packages_before
        except (MachineLost, GuideError) as error:
            self.end(session)
            self.say(f"a state of {record.page_run.page or 'the machine'} can't be entered ({error}); an older one is tried")
            self.store.forget(key)
            return None
        except BaseException:
            self.end(session)
            raise
        self.store.touch(kept)
        return session

    def start(self, page: Page) -> Session:
        """A machine on which nothing has been done. A VM is taken up as it was after its boot, once there was one; Lost."""
        key = self.keys(page).begin
        if page.machine == "vm" and (record := self.store.record(key)) and (session := self.enter(page, record)):
            return session
        for left in reversed(range(COLD_STARTS)):
            session = self._session(page)
            if page.machine == "vm":
                what = "two VMs" if page.peer else "a VM"
                self.say(f"starting {what} of {self.target.label} under {session.machine.accelerator.upper()}")
            try:
                session.open()
                if page.machine == "vm":
                    session.settle()
                    self.keep(
                        Record(key, self.store.run, utc_now(), self.page_run(replace(page, name=""), session), session.boot_id), session
                    )
                return session
            except MachineLost as lost:
                # Nothing of the page has run yet, so a cold start that hung is no finding about the page.
                tail = "\n".join(machine.console_tail() for machine in session.machines)
                self.end(session)
                if not left:
                    raise MachineLost(f"the machine did not start: {lost}\n{tail}") from None
                self.say(f"the machine did not come up ({lost}): starting another")
            except BaseException:
                self.end(session)  # Ctrl-C, or an error of ours: nothing else knows of this machine yet
                raise
        raise AssertionError("unreachable")

    def page_run(self, page: Page, session: Session) -> PageRun:
        """The head of a page's evidence, on the machine that it begins on."""
        made = self.builder.container(self.target) if page.machine == "container" else self.builder.disk(self.target)
        machine = session.machine
        return PageRun(
            page=page.name, target=self.target.name, image=f"sha256:{made.digest}", recipe=made.recipe,
            emulator=machine.emulator, accelerator=machine.accelerator, kernel=session.kernel,
            started=utc_now(), seconds=0, packages={}, outcomes=[],
        )  # fmt: skip

    def _session(self, page: Page, image: str | None = None, in_use: str | None = None) -> Session:
        """A session on the machines that the page asks for, not started yet."""
        if page.machine == "container":
            tag = image or self.builder.container(self.target).tag
            session = Session(Container(self.builder.engine(), tag), self.config.dumps, self.say)
        else:
            hardware = self._hardware(page)
            count = 2 if hardware.lan else 1
            needed = ((hardware.memory_mib << 20) + VM_MAY_WRITE) * count
            require_free_space(cache_dir(), needed, f"{count} VM{'s' * (count - 1)} with {hardware.memory} of memory")
            slot = slots.take(self.say, count)
            session = self._pair(hardware) if hardware.lan else Session(self._vm(hardware), self.config.dumps, self.say)
            session.machine.slot = slot
        session.machine.in_use = in_use
        return session

    def _vm(self, hardware: Hardware, lan: Path | None = None) -> Vm:
        emulator, disk = self.builder.emulator(self.target), self.builder.disk(self.target)
        return Vm(self.builder.engine(), emulator.tag, disk.path, hardware, self._accelerator(), lan)

    def _pair(self, hardware: Hardware) -> PairSession:
        lan = new_folder("lan")
        own, peer = (self._vm(replace(hardware, lan=place), lan) for place in (1, 2))
        return PairSession(own, peer, self.config.dumps, self.say)

    def end(self, session: Session) -> None:
        """End what ``enter`` or ``start`` gave."""
        session.close()
        machine = session.machine
        if machine.kind == "vm":
            machine.slot.close()
        if machine.in_use:
            self.store.locks.release(machine.in_use)
            machine.in_use = None

    # ---- states

    def keep(self, record: Record, session: Session, then: Callable[[], None] = lambda: None) -> None:
        """Keep the machine as it is now, in the background; ``then`` when it can be entered, or could not be kept."""
        record = copy.deepcopy(record)  # the run goes on, and its page run with it
        record.packages_before = session.packages_before
        folder = None
        try:
            needed = self._needed(session)
            retention.prune(self.store, self.limits, self.remove_image, room_for=needed)
            require_free_space(self.store.root, needed, "a state")
            folder = self.store.aside()
            image = None
            if session.machine.kind == "vm":
                session.save(folder)
            else:
                session.end_shell()
                tag = f"{self.store.images}:{record.key[:16]}-{uuid.uuid4().hex[:8]}"
                image = StateImage(tag, session.machine.save(tag))
        except (MachineLost, GuideError, OSError) as error:
            self.say(f"a state of {record.page_run.page or 'the machine'} could not be kept, and the run goes on without it: {error}")
            if folder:
                shutil.rmtree(folder, ignore_errors=True)
            self.store.remember(record)
            then()
            return
        self.store.keep(record, folder, image, then)

    def _needed(self, session: Session) -> int:
        if session.machine.kind == "container":
            return 256 << 20
        return sum((machine.hardware.memory_mib << 20) // 2 for machine in session.machines)

    def remove_image(self, tag: str) -> bool:
        """Remove a container's state from the engine; False while one runs from it."""
        engine = self.builder.engine()
        return not engine.has_image(tag) or engine.call("rmi", tag, check=False).returncode == 0
