"""The workflows: valid, harmless, and nothing but the commands of a desk."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from guides import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
TEST_COMMAND = "./guide test"


def run(*command: str, **kwargs) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, **kwargs)


def jobs(workflow: str = "verify") -> dict[str, dict]:
    return yaml.safe_load((ROOT / ".github" / "workflows" / f"{workflow}.yml").read_text())["jobs"]


def steps() -> list[dict]:
    return [step for job in jobs().values() for step in job["steps"]]


def test_the_workflows_fit_their_schema():
    done = run(sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", *map(str, WORKFLOWS))
    assert done.returncode == 0, done.stdout + done.stderr


def test_zizmor_finds_nothing():
    zizmor = Path(sys.executable).with_name("zizmor")
    done = run(str(zizmor), "--offline", "--no-progress", "--persona=pedantic", *map(str, WORKFLOWS))
    assert done.returncode == 0, done.stdout + done.stderr


def taking_evidence() -> str:
    """The step of the site's job that copies the evidence out of the artifacts."""
    (script,) = (step["run"] for step in jobs()["site"]["steps"] if step["name"].startswith("Take the evidence"))
    return script


HOSTILE_ARTIFACT = {
    "verify-debian-13/evidence/debian-13/quick-start.json": "evidence/debian-13/quick-start.json",
    "verify-debian-13/evidence/debian-13/quick-start.cast.gz": "evidence/debian-13/quick-start.cast.gz",
    "verify-debian-13/evidence/debian-13/remote/ssh.json": "evidence/debian-13/remote/ssh.json",
    "verify-debian-13/evidence/debian-13/run.sh": None,
    "verify-debian-13/evidence/ubuntu-24.04/quick-start.json": None,
    "verify-debian-13/evidence/ubuntu-24.04/quick-start.cast.gz": None,
    "verify-debian-13/evidence/quick-start.json": None,
    "verify-debian-13/guide": None,
    "verify-debian-13/checks/cli.py": None,
    "verify-debian-13/data/targets.yml": None,
    "verify-debian-13/.guide/failed/x.txt": None,
    "verify-ubuntu-24.04/evidence/ubuntu-24.04/install.json": "evidence/ubuntu-24.04/install.json",
}


def test_the_site_takes_evidence_out_of_the_artifacts_and_nothing_else(tmp_path):
    artifacts, checkout = tmp_path / "temp" / "artifacts", tmp_path / "checkout"
    checkout.mkdir()
    for name in HOSTILE_ARTIFACT:
        file = artifacts / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    (artifacts / "verify-debian-13/evidence/debian-13/link.json").symlink_to("/etc/hostname")
    (artifacts / "verify-debian-13/evidence/debian-13/folder").symlink_to(artifacts / "verify-debian-13/data")
    environment = {"PATH": "/usr/bin:/bin", "RUNNER_TEMP": str(tmp_path / "temp"), "GITHUB_WORKSPACE": str(checkout)}
    # GitHub runs a step's script by "bash -e".
    done = subprocess.run(["bash", "-e", "-c", taking_evidence()], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    taken = {str(path.relative_to(checkout)): path.read_text() for path in checkout.rglob("*") if not path.is_dir()}
    assert taken == {copy: name for name, copy in HOSTILE_ARTIFACT.items() if copy}


def test_the_artifacts_are_not_unpacked_over_a_checkout():
    for job in jobs().values():
        for step in job["steps"]:
            if "download-artifact" in step.get("uses", ""):
                checked_out = any("actions/checkout" in other.get("uses", "") for other in job["steps"])
                assert step["with"]["path"].startswith("${{ runner.temp }}/") or not checked_out
                assert not step["with"].get("merge-multiple")


def test_every_target_is_verified():
    targets = list(yaml.safe_load((ROOT / "data" / "targets.yml").read_text()))
    assert jobs()["verify"]["strategy"]["matrix"]["target"] == targets


def test_workflows_run_the_commands_of_a_desk_and_nothing_else():
    commands = [step["run"].strip() for step in steps() if "run" in step]
    ours = [command for command in commands if "kvm" not in command and command != taking_evidence().strip()]
    assert all(re.match(r"(sudo )?\./guide \w+", command) for command in ours), ours
    assert f"sudo {TEST_COMMAND}" in ours
    assert f"sudo {TEST_COMMAND} --all" in ours, "weekly"
    assert 'sudo ./guide verify --target "$TARGET"' in ours


def test_actions_are_pinned_by_hash_with_their_version_beside_it():
    for path in WORKFLOWS:
        for line in path.read_text().splitlines():
            if "uses:" in line:
                assert re.search(r"uses: [\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line), line


def test_each_job_has_the_rights_it_needs_and_a_time_limit():
    rights = {name: job["permissions"] for name, job in jobs().items()}
    writing = {name for name, granted in rights.items() if "write" in granted.values()}
    assert writing == {"pages", "attest"}
    for name in writing:
        uses = [step.get("uses", "").split("@")[0] for step in jobs()[name]["steps"]]
        assert not any("run" in step for step in jobs()[name]["steps"]), "nothing of the repository runs where it may deploy or sign"
        assert "actions/checkout" not in uses
    assert all("timeout-minutes" in job for job in jobs().values())


def test_the_nightly_jobs_may_only_read_and_have_a_time_limit():
    for job in jobs("nightly").values():
        assert job["permissions"] == {"contents": "read"}
        assert "timeout-minutes" in job


def test_every_test_that_makes_inputs_up_and_every_target_of_the_fuzzer_has_a_nightly_job():
    properties = {path.stem.removeprefix("test_") for path in (ROOT / "tests" / "properties").glob("test_*.py")}
    assert {row["tests"] for row in jobs("nightly")["examples"]["strategy"]["matrix"]["include"]} == properties
    targets = {path.stem.removeprefix("fuzz_") for path in (ROOT / "tests" / "fuzz").glob("fuzz_*.py")}
    assert set(jobs("nightly")["fuzz"]["strategy"]["matrix"]["target"]) == targets


def test_every_file_that_is_to_have_mutants_and_every_test_for_them_exists():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mutmut"]
    for name in (*settings["only_mutate"], *settings["also_copy"], *settings["pytest_add_cli_args_test_selection"]):
        assert (ROOT / name).exists(), name


def test_a_failed_run_keeps_its_evidence_and_reports():
    uploads = [step for name in ("test", "verify") for step in jobs()[name]["steps"] if "upload-artifact" in step.get("uses", "")]
    assert len(uploads) == 2
    for step in uploads:
        assert step["if"] == "${{ !cancelled() }}"
        assert step["with"]["include-hidden-files"] is True, "without it .guide is left out"


def test_pages_come_from_main_after_everything_passed():
    site = jobs()["site"]
    assert set(site["needs"]) == {"test", "verify"}
    assert "refs/heads/main" in site["if"]
    assert set(jobs()["pages"]["needs"]) == {"site", "attest"}
    assert set(jobs()["attest"]["needs"]) == {"test", "verify"}
    assert jobs()["attest"]["if"] == site["if"]
    order = [step.get("run", step.get("uses", "")) for step in site["steps"]]
    status = next(i for i, step in enumerate(order) if step.startswith("./guide status --check"))
    assert status < order.index("./guide build --all")


CLOSINGS = {
    "passed": (0, "3 passed, 0 failed, 1 skipped"),
    "failed": (1, "2 passed, 1 failed"),
    "broken": (2, None),
}


@pytest.mark.parametrize("name", CLOSINGS)
def test_ci_run_gives_the_status_of_the_tests_and_ends_with_their_summary(tmp_path, name):
    status, closing = CLOSINGS[name]
    (tmp_path / ".ci").mkdir()
    script = tmp_path / ".ci" / "run"
    script.write_text((ROOT / ".ci" / "run").read_text())
    guide = tmp_path / "guide"
    guide.write_text(f"#!/bin/sh\necho \"$*\" >called\necho some line\necho '{closing or 'no python'}'\necho after\nexit {status}\n")
    guide.chmod(0o755)
    done = run("bash", str(script))
    assert done.returncode == status, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == (closing or "pytest did not come to its end")
    assert (tmp_path / "called").read_text() == "test\n"


def test_ci_run_calls_what_the_readmes_name():
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    assert TEST_COMMAND in (ROOT / ".ci" / "run").read_text()
    for name in ("README.md", "README.zh.md"):
        assert TEST_COMMAND in (ROOT / name).read_text()
