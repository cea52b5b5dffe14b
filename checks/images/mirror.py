"""Where packages come from: the host's own apt configuration, or a mirror that the user names.

No address stands in this repository. The apt configuration of a host of the target's family names the mirrors; for
a target of another family the apt configuration in the target's official container image does, or the variables
``GUIDE_MIRROR_DEBIAN`` and ``GUIDE_MIRROR_UBUNTU`` (each also with ``_SECURITY``).
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from checks.targets import FAMILIES, Target, host_release


@dataclass(frozen=True)
class Mirror:
    """The URIs of one archive. ``security`` equals ``main`` where one mirror has both, and is None where none is named."""

    main: str
    security: str | None

    def sources(self, target: Target) -> list[str]:
        """The apt sources of a target, one a line: the release, its updates and its security fixes."""
        family = target.distribution
        option = f"[signed-by={family.keyring}]" if Path(family.keyring).exists() else ""
        suites = [(self.main, target.suite), (self.main, f"{target.suite}-updates")]
        suites += [(self.security, f"{target.suite}-security")] if self.security else []
        return [" ".join(f"deb {option} {uri} {suite} {family.components}".split()) for uri, suite in suites]


def of_host(family: str) -> Mirror | None:
    """The mirror that this host uses; None on a host of another family, or without apt."""
    if host_release().get("ID") != family or not shutil.which("apt-get"):
        return None
    return parse(_indextargets(), host_release().get("VERSION_CODENAME", ""))


def named(family: str) -> Mirror | None:
    """The mirror that the user names in the environment; None when the variable is not set."""
    main = os.environ.get(f"GUIDE_MIRROR_{family.upper()}")
    # A family whose security fixes are usually on a mirror of their own need not have them on the named one.
    both = main if FAMILIES[family].security is None else None
    return Mirror(main, os.environ.get(f"GUIDE_MIRROR_{family.upper()}_SECURITY", both)) if main else None


def parse(indextargets: str, codename: str) -> Mirror | None:
    """The mirror in the output of ``apt-get indextargets``, whose lines are ``$(REPO_URI) $(RELEASE)``; None without ``codename``.

    RELEASE is the suite as the sources name it. On a host without a source of security fixes the images have none
    either, since the main mirror need not have any.
    """
    uris: dict[str, str] = {}
    for line in indextargets.splitlines():
        uri, _, suite = line.strip().partition(" ")
        # The repository's URI ends in dists/SUITE/; a source line takes what stands before that.
        uris.setdefault(suite, _first_of_list(uri.split("/dists/")[0]))
    main = uris.get(codename)
    return Mirror(main, uris.get(f"{codename}-security")) if main else None


def host_options() -> list[str]:
    """What apt is told on this host about the age of the lists that a mirror gives, as lines of apt.conf; empty where nothing is.

    A Release file names the day until which it is valid. Where a host's mirrors are copies of one day, somebody has told
    the host's apt to take older files, and a build from the same mirrors has to be told the same. Nothing but the host's own
    configuration says so.
    """
    name = "Acquire::Check-Valid-Until"
    told = subprocess.run(["apt-config", "dump", "--format", "%v", name], capture_output=True, text=True).stdout.strip()
    return [f'{name} "{told}"'] if re.fullmatch(r"\w+", told) else []


def _first_of_list(uri: str) -> str:
    """The URI itself, or the first mirror of the list that ``mirror+file:FILE`` names, as on GitHub's runners."""
    if not uri.startswith("mirror+file:"):
        return uri
    try:
        lines = Path(uri.removeprefix("mirror+file:").rstrip("/")).read_text().splitlines()
    except OSError:
        return uri
    return next((line.split()[0] for line in lines if line.strip() and not line.startswith("#")), uri)


def _indextargets() -> str:
    command = ["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE)", "Created-By: Packages"]
    return subprocess.run(command, capture_output=True, text=True).stdout
