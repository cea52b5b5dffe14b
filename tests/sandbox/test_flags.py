"""Which protections a host takes: tried together, then one by one; a stronger runtime first."""

from __future__ import annotations

import json
import os

import pytest

from checks.sandbox import flags
from checks.sandbox.flags import Protection

ONE, TWO = Protection("one", ("--one",)), Protection("two", ("--two", "--zwei"))
QUIET = Protection("quiet", ("--quiet",), expected=False)
GVISOR, KATA = Protection("gvisor", ("--runtime=runsc",), keeps_files=True), Protection("kata", ("--runtime=kata",), keeps_files=True)

# (stronger runtimes, protections, flags that the host refuses) -> (flags taken, names of what is reported)
CASES = {
    "all at once": ([], [ONE, TWO, QUIET], "", "--one --two --zwei --quiet", []),
    "one refused": ([], [ONE, TWO, QUIET], "--one", "--two --zwei --quiet", ["one"]),
    "only in part": ([], [ONE, TWO], "--zwei", "--one", ["two"]),
    "refused in silence": ([], [ONE, QUIET], "--quiet", "--one", []),
    "all refused": ([], [ONE, TWO], "--one --two", "", ["one", "two"]),
    "gvisor": ([GVISOR, KATA], [ONE], "", "--runtime=runsc --one", []),
    "kata after gvisor": ([GVISOR, KATA], [ONE], "--runtime=runsc", "--runtime=kata --one", ["gvisor"]),
    "neither": ([GVISOR, KATA], [ONE], "--runtime=runsc --runtime=kata", "--one", ["gvisor", "kata"]),
}


@pytest.mark.parametrize("case", CASES)
def test_what_the_host_takes_is_taken(case):
    stronger, protections, refused, taken, told = CASES[case]
    tries = []

    def refusal(words, keeps_files):
        tries.append((words, keeps_files))
        return next((f"{word} is not supported" for word in words if word in refused.split()), None)

    chosen, reported = flags.choose(stronger, protections, refusal)
    assert " ".join(chosen) == taken
    assert list(reported) == told and all("is not supported" in words for words in reported.values())
    assert len(tries) <= 1 + len(stronger) + len(protections)
    assert [keeps for words, keeps in tries if words[:1] in (("--runtime=runsc",), ("--runtime=kata",)) and len(words) == 1] in (
        [], [True], [True, True],
    ), "a runtime counts only when states can be saved of its containers"  # fmt: skip


def test_the_runtimes_that_are_installed_are_tried_in_order(monkeypatch):
    monkeypatch.delenv("GUIDE_RUNTIME", raising=False)
    monkeypatch.setattr(flags.shutil, "which", lambda name: name if name in ("kata", "runsc") else None)
    assert [protection.flags for protection in flags.runtimes("podman")] == [("--runtime=runsc",), ("--runtime=kata",)]
    monkeypatch.setenv("GUIDE_RUNTIME", "runc")
    assert [protection.flags for protection in flags.runtimes("podman")] == [("--runtime=runc",)]


def test_no_variable_of_the_host_reaches_a_container(monkeypatch, tmp_path):
    assert {"--http-proxy=false", "--env-host=false", "--log-driver=none"} == set(flags.always("podman"))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    assert flags.always("docker") == ("--log-driver=none",)
    for text, expected in (("{}", 1), ("[]", 1), ("nonsense", 1), (json.dumps({"proxies": {"default": {"httpProxy": "x"}}}), 11)):
        (tmp_path / "config.json").write_text(text)
        assert len(flags.always("docker")) == expected, text
    assert "--env=http_proxy=" in flags.always("docker")


def test_an_ordinary_user_gets_no_mapping_and_docker_keeps_its_own_list_of_calls(monkeypatch, tmp_path):
    def words(program):
        return " ".join(flag for protection in flags.protections(program, tmp_path, 100, 1000) for flag in protection.flags)

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert "--uidmap=0:" in words("podman") and "size=100m" in words("podman") and "inodes=1000" in words("podman")
    assert "--uidmap" not in words("docker") and "seccomp" not in words("docker") and ".containerenv" not in words("docker")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert "--uidmap" not in words("podman")
    assert all(flag.endswith(":ro") for flag in words("podman").split() if flag.startswith("--volume"))
