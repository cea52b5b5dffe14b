"""An archive that is laid out as Ubuntu's: suites, pockets, components and package names are Ubuntu's, the contents Debian's.

With it the recipe of an Ubuntu target can be tried on a host that cannot reach Ubuntu's archive.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from ubuntu_packages import COMPONENTS

from checks.images import mirror
from checks.targets import COMMON, EMULATOR, VM, Target

# Names that only Ubuntu has: each becomes an empty package that depends on Debian's.
ONLY_UBUNTU = {
    "linux-image-virtual": "linux-image-cloud-amd64",
    "linux-headers-virtual": "linux-headers-cloud-amd64",
    "linux-crashdump": "kdump-tools",
}
POCKETS = ("", "-updates", "-security")


def run(*command: str | Path, **options: object) -> str:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **options)  # type: ignore[call-overload]
    assert done.returncode == 0, f"{command}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
    return str(done.stdout)


def component_of(package: str, known: Mapping[str, str]) -> str:
    """The component of a package: the one of ``known``; of others, which the named ones need, half lie in each component."""
    return known.get(package) or COMPONENTS[ord(package[0]) % 2]


class Archive:
    """Below ``folder``: ``www/ubuntu`` is the archive, ``etc`` what a host that uses it has in /etc and /usr/share/keyrings.

    ``suites``: for each suite, such as noble, the components of packages by name, as data/ubuntu_packages.yml has them.
    """

    def __init__(self, folder: Path, content: Target, suites: Mapping[str, Mapping[str, str]]):
        self.folder, self.root = folder, folder / "www" / "ubuntu"
        self._environment = {**os.environ, "GNUPGHOME": str(folder / "gpg")}
        (folder / "gpg").mkdir(mode=0o700)
        (self.root / "pool").mkdir(parents=True)
        self._fetch(content)
        self._rename_boot_folder()
        for name, real in ONLY_UBUNTU.items():
            self._make_package(name, real)
        entries = {path.name: self._entry(path) for path in sorted((self.root / "pool").glob("*.deb"))}
        self._make_key()
        for suite, known in suites.items():
            for pocket in POCKETS:
                self._make_suite(f"{suite}{pocket}", entries if pocket == "" else {}, known)
        run("gpgconf", "--kill", "all", env=self._environment)  # else gpg's agent would stay

    # ---- the contents

    def _fetch(self, content: Target) -> None:
        """Download from this host's own mirror all that the recipe of a machine and of its emulator can need."""
        sources = mirror.of_host(content.family)
        assert sources, "this host is no Debian"
        place = self.folder / "apt"
        for name in ("lists/partial", "archives/partial", "etc"):
            (place / name).mkdir(parents=True)
        (place / "status").touch()
        (place / "sources.list").write_text("\n".join(sources.sources(content)) + "\n")
        options = {
            "Dir::State::lists": place / "lists", "Dir::State::status": place / "status", "Dir::Cache::archives": self.root / "pool",
            "Dir::Cache::pkgcache": "", "Dir::Cache::srcpkgcache": "", "Dir::Etc::sourcelist": place / "sources.list",
            "Dir::Etc::sourceparts": place / "etc", "APT::Architecture": "amd64", "Acquire::Languages": "none",
        }  # fmt: skip
        apt = [word for key, value in options.items() for word in ("-o", f"{key}={value}")]
        apt += [word for line in mirror.host_options() for word in ("-o", line.replace(' "', "=").rstrip('"'))]
        run("apt-get", *apt, "update")
        essential = re.findall(r"^Package: (\S+)\n(?:.+\n)*?Essential: yes", run("apt-cache", *apt, "dumpavail"), re.MULTILINE)
        names = {*essential, "apt", "init", *COMMON, *VM, *EMULATOR, *content.pool, content.kernel}
        run("apt-get", *apt, "--yes", "--download-only", "install", *sorted(names))
        shutil.rmtree(self.root / "pool" / "partial")
        (self.root / "pool" / "lock").unlink(missing_ok=True)

    def _rename_boot_folder(self) -> None:
        """Debian's GRUB looks for its configuration in /EFI/debian of the disk, Ubuntu's in /EFI/ubuntu; the names are equally long."""
        (package,) = (self.root / "pool").glob("grub-efi-amd64-signed_*.deb")
        tree = self.folder / "grub"
        run("dpkg-deb", "--raw-extract", package, tree)
        image = tree / "usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed"
        data = image.read_bytes()
        assert b"/EFI/debian" in data
        image.write_bytes(data.replace(b"/EFI/debian", b"/EFI/ubuntu"))
        (tree / "DEBIAN" / "md5sums").unlink(missing_ok=True)
        run("dpkg-deb", "--build", "--root-owner-group", tree, package)

    def _make_package(self, name: str, real: str) -> None:
        tree = self.folder / name
        (tree / "DEBIAN").mkdir(parents=True)
        control = f"Package: {name}\nVersion: 1\nArchitecture: amd64\nMaintainer: a test <test@example.org>\nDepends: {real}\n"
        (tree / "DEBIAN" / "control").write_text(f"{control}Description: stands for Ubuntu's package of this name\n")
        run("dpkg-deb", "--build", "--root-owner-group", tree, self.root / "pool" / f"{name}_1_amd64.deb")

    # ---- the indexes

    def _entry(self, package: Path) -> str:
        """The package's paragraph in an index."""
        data = package.read_bytes()
        fields = f"Filename: pool/{package.name}\nSize: {len(data)}\nSHA256: {hashlib.sha256(data).hexdigest()}\n"
        return run("dpkg-deb", "--field", package).rstrip("\n") + f"\n{fields}"

    def _make_key(self) -> None:
        gpg = ("gpg", "--batch", "--passphrase", "", "--pinentry-mode", "loopback")
        run(*gpg, "--quick-generate-key", "a test of Ubuntu's recipe", "ed25519", "sign", "1d", env=self._environment)
        keyring = self.folder / "etc" / "keyrings" / "ubuntu-archive-keyring.gpg"
        keyring.parent.mkdir(parents=True)
        run("gpg", "--batch", "--output", keyring, "--export", env=self._environment)

    def _make_suite(self, suite: str, entries: dict[str, str], known: Mapping[str, str]) -> None:
        """``entries``: the paragraphs of the index, by the name of the package's file, which begins with that of the package."""
        folder = self.root / "dists" / suite
        sums = []
        for component in COMPONENTS:
            text = "\n".join(entry for file, entry in entries.items() if component_of(file.partition("_")[0], known) == component)
            index = folder / component / "binary-amd64" / "Packages"
            index.parent.mkdir(parents=True)
            index.write_text(text)
            sums.append(f" {hashlib.sha256(text.encode()).hexdigest()} {len(text.encode())} {index.relative_to(folder)}")
        date = run("date", "--utc", "--rfc-email").strip()
        names = f"Origin: Ubuntu\nLabel: Ubuntu\nSuite: {suite}\nCodename: {suite.split('-')[0]}\nDate: {date}\n"
        release = f"{names}Architectures: amd64\nComponents: {' '.join(COMPONENTS)}\nSHA256:\n" + "\n".join(sums) + "\n"
        gpg = ("gpg", "--batch", "--passphrase", "", "--pinentry-mode", "loopback", "--clearsign")
        (folder / "InRelease").write_text(run(*gpg, env=self._environment, input=release))

    # ---- the host

    @contextmanager
    def served(self) -> Iterator[str]:
        """The address of the archive, on this host's loopback, for as long as the context lasts."""
        handler = partial(_Quiet, directory=str(self.folder / "www"))
        with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            try:
                yield f"http://127.0.0.1:{server.server_address[1]}/ubuntu"
            finally:
                server.shutdown()

    def on_an_ubuntu_host(self, address: str, version: str, codename: str, command: Iterable[str]) -> list[str]:
        """The command line that runs ``command`` where /etc/os-release, apt's settings and lists, and the keyrings are this Ubuntu's."""
        etc = self.folder / "etc"
        name = f'NAME="Ubuntu"\nID=ubuntu\nID_LIKE=debian\nVERSION_ID="{version}"\nVERSION_CODENAME={codename}\n'
        (etc / "os-release").write_text(name)
        sources = etc / "apt" / "sources.list.d" / "ubuntu.sources"
        sources.parent.mkdir(parents=True)
        for place in ("apt.conf.d", "preferences.d", "trusted.gpg.d", "auth.conf.d"):
            (etc / "apt" / place).mkdir()
        keyring = "/usr/share/keyrings/ubuntu-archive-keyring.gpg"
        suites = " ".join(f"{codename}{pocket}" for pocket in POCKETS)
        lines = ["Types: deb", f"URIs: {address}", f"Suites: {suites}", f"Components: {' '.join(COMPONENTS)}", f"Signed-By: {keyring}"]
        sources.write_text("\n".join(lines) + "\n")
        (etc / "lists" / "partial").mkdir(parents=True)
        mounts = {"os-release": "/usr/lib/os-release", "apt": "/etc/apt", "keyrings": "/usr/share/keyrings", "lists": "/var/lib/apt/lists"}
        script = " && ".join(f"mount --bind {etc / source} {place}" for source, place in mounts.items())
        # As on a host in use: apt names the mirrors of which it has lists.
        return ["unshare", "--mount", "sh", "-c", f'{script} && apt-get -q update >&2 && exec "$@"', "sh", *command]


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Nothing is printed for a request."""
