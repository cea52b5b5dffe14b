"""Which release a host stands for, and where the packages of a target come from."""

from __future__ import annotations

import pytest
from guides import this_config

from checks import config as configuration
from checks import targets
from checks.images import mirror
from checks.model import GuideError
from checks.targets import default_target, load_targets

INDEXTARGETS = """\
http://deb.example/debian/ bookworm
http://deb.example/debian/ bookworm-updates
http://deb.example/debian-security/ bookworm-security
http://other.example/apt main-of-somebody
"""


def test_the_hosts_own_mirrors_serve_another_release_of_its_family():
    found = mirror.parse(INDEXTARGETS, "bookworm")
    assert found == mirror.Mirror("http://deb.example/debian/", "http://deb.example/debian-security/")
    assert mirror.parse(INDEXTARGETS, "noble") is None
    config = this_config()
    lines = found.sources(load_targets(config)["debian-13"])
    assert [line.split("] ")[-1] for line in lines] == [
        "http://deb.example/debian/ trixie main",
        "http://deb.example/debian/ trixie-updates main",
        "http://deb.example/debian-security/ trixie-security main",
    ]


def test_security_fixes_are_asked_for_only_where_somebody_names_their_place(monkeypatch):
    """A Debian mirror need not have them, and a suite that is not there ends apt."""
    found = mirror.parse("http://deb.example/debian/ bookworm\n", "bookworm")
    target = load_targets(this_config())["debian-13"]
    suites = [" trixie main", " trixie-updates main"]
    assert [line.split("/debian/")[-1] for line in found.sources(target)] == suites
    monkeypatch.setenv("GUIDE_MIRROR_DEBIAN", "http://deb.example/debian/")
    assert [line.split("/debian/")[-1] for line in mirror.named("debian").sources(target)] == suites


def test_a_named_mirror_comes_first(monkeypatch):
    monkeypatch.setenv("GUIDE_MIRROR_UBUNTU", "http://mine.example/ubuntu")
    assert mirror.named("ubuntu") == mirror.Mirror("http://mine.example/ubuntu", "http://mine.example/ubuntu")
    assert mirror.named("debian") is None


@pytest.mark.parametrize(("told", "options"), [("false\n", ['Acquire::Check-Valid-Until "false"']), ("", []), ('x";y "\n', [])])
def test_a_build_takes_old_lists_only_where_the_hosts_own_apt_does(told, options, tmp_path, monkeypatch):
    program = tmp_path / "apt-config"
    (tmp_path / "told").write_text(told)
    program.write_text(f"#!/bin/sh\n[ \"$*\" = 'dump --format %v Acquire::Check-Valid-Until' ] && exec cat {tmp_path}/told\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert mirror.host_options() == options


@pytest.mark.parametrize(
    ("release", "name"),
    [
        ({"ID": "ubuntu", "VERSION_ID": "22.04"}, "ubuntu-22.04"),
        ({"ID": "ubuntu", "VERSION_ID": "25.10"}, "ubuntu-24.04"),
        ({"ID": "debian", "VERSION_ID": "12"}, "debian-13"),
        ({"ID": "debian"}, "debian-13"),
        ({"ID": "fedora", "VERSION_ID": "43"}, "debian-13"),
    ],
)
def test_the_default_target_is_of_the_hosts_family(monkeypatch, release, name):
    monkeypatch.setattr(targets, "host_release", lambda: release)
    assert default_target(load_targets(this_config())).name == name


def test_a_wrong_key_of_a_target_is_named(tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "data").mkdir()
    (tmp_path / "mkdocs.yml").write_text("site_name: x\n")
    (tmp_path / "data" / "targets.yml").write_text("debian-13: {family: debian, colour: red}\n")
    with pytest.raises(GuideError, match=r"data/targets.yml:1: debian-13.colour: unknown key \(known: family, suite, "):
        load_targets(configuration.load(tmp_path / "mkdocs.yml"))
