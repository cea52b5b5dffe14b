"""What a run ran on, in the words that a reader compares with their own machine: the kernel and the versions of some packages."""

from __future__ import annotations

from checks.evidence.validity import RecordedRun
from checks.site.context import SiteContext


def kernel(run: RecordedRun) -> str:
    """The release of the kernel that a VM ran; "" of a container, which has the kernel of the host that ran it."""
    return str(run.data["kernel"]) if run.data.get("emulator") else ""


def versions(context: SiteContext, run: RecordedRun) -> dict[str, str]:
    """The versions of the packages of ``extra: checks: packages`` that the machine had, by their names."""
    installed = run.data.get("packages") or {}
    return {name: str(installed[name]) for name in context.config.packages if name in installed}


def of_run(context: SiteContext, run: RecordedRun) -> list[str]:
    """Kernel and packages, one text for each: "Linux 6.12", "kdump-tools 1:1.10.7"."""
    found = [f"{name} {version}" for name, version in versions(context, run).items()]
    return [f"Linux {kernel(run)}", *found] if kernel(run) else found
