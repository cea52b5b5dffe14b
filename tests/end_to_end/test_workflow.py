"""The workflow's jobs, command by command, for the releases of Debian: what each writes, and what the next one takes of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from guides import ROOT, fence, two_languages

pytestmark = [pytest.mark.slow, pytest.mark.container]

JOBS = yaml.safe_load((ROOT / ".github" / "workflows" / "verify.yml").read_text())["jobs"]
TARGETS = ["debian-12", "debian-13", "debian-14"]
PAGE = "---\ntitle: A\nmachine: container\n---\n\n# A {{#a}}\n\n{}```text {{.output}}\n{}\n```\n"


def checkout(folder: Path, output: str) -> Path:
    """A guide of one page, with ./guide, and in ``bin`` beside it the ``sudo`` of a host whose user is root."""
    folder.mkdir(parents=True)
    text = PAGE.format(fence("release", "grep -o -m 1 debian /etc/os-release"), output)
    two_languages(folder, {language: {"index": text} for language in ("en", "zh")})
    every = yaml.safe_load((ROOT / "data" / "targets.yml").read_text())
    (folder / "data" / "targets.yml").write_text(yaml.safe_dump({name: every[name] for name in TARGETS}))
    program(folder / "guide", f'exec {sys.executable} -m checks --config "$PWD/mkdocs.yml" "$@"')
    (folder.parent / "bin").mkdir(exist_ok=True)
    program(folder.parent / "bin" / "sudo", 'exec "$@"')
    return folder


def program(path: Path, line: str) -> None:
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)


def run_job(name: str, folder: Path, **environment: str) -> tuple[list[int], str]:
    """Run the job's commands in ``folder`` as the workflow's runner does; their exit statuses, and the job's summary.

    A step with ``if: !cancelled()`` also runs after a failure. What sets up KVM is left out: it changes the host.
    """
    summary = folder.parent / f"summary-{folder.name}.md"
    variables = {
        **os.environ, "PATH": f"{folder.parent / 'bin'}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT), "GITHUB_WORKSPACE": str(folder),
        "GITHUB_STEP_SUMMARY": str(summary), "RUNNER_TEMP": str(folder.parent), "SITE_URL": "https://example.org/", **environment,
    }  # fmt: skip
    statuses: list[int] = []
    for step in JOBS[name]["steps"]:
        if "run" not in step or "kvm" in step["run"] or (any(statuses) and "cancelled" not in step.get("if", "")):
            continue
        done = subprocess.run(["bash", "-e", "-c", step["run"]], cwd=folder, env=variables, capture_output=True, text=True)
        print(done.stdout, done.stderr)
        statuses.append(done.returncode)
    return statuses, summary.read_text() if summary.exists() else ""


def upload(folder: Path, target: str, artifacts: Path) -> None:
    """Copy what the job keeps into its artifact, as actions/upload-artifact does."""
    (step,) = (step for step in JOBS["verify"]["steps"] if "upload-artifact" in step.get("uses", ""))
    artifact = artifacts / step["with"]["name"].replace("${{ matrix.target }}", target)
    for path in step["with"]["path"].replace("${{ matrix.target }}", target).split():
        source = folder / path
        if source.is_dir():
            shutil.copytree(source, artifact / path)
        elif source.exists():
            (artifact / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, artifact / path)


def test_every_release_is_verified_and_the_site_is_built_of_what_the_jobs_have_kept(tmp_path):
    for target in TARGETS:
        folder = checkout(tmp_path / target, "debian")
        statuses, summary = run_job("verify", folder, TARGET=target)
        assert set(statuses) == {0}
        assert "| index | valid 20" in summary
        upload(folder, target, tmp_path / "artifacts")
    folder = checkout(tmp_path / "site-job", "debian")
    statuses, summary = run_job("site", folder)
    assert set(statuses) == {0}
    assert summary.splitlines()[0] == "| page | Debian 12 | Debian 13 | Debian 14 (testing) |"
    assert summary.count("valid 20") == len(TARGETS)
    assert (folder / "site" / "en" / "index.html").is_file()


def test_the_summary_shows_an_output_that_has_changed_and_the_site_is_not_built(tmp_path):
    folder = checkout(tmp_path / "debian-13", "debian")
    assert run_job("verify", folder, TARGET="debian-13")[0] == [0, 0]
    for page in folder.glob("docs/*/index.md"):
        page.write_text(page.read_text().replace("\ndebian\n", "\nubuntu\n"))
    (tmp_path / "summary-debian-13.md").unlink()
    statuses, summary = run_job("verify", folder, TARGET="debian-13")
    assert statuses == [1, 0]
    assert "index.md:12: #release: it printed something else than the page shows" in summary
    assert "    - ubuntu\n    + debian\n" in summary
    assert "no package has changed since the evidence of " in summary
    upload(folder, "debian-13", tmp_path / "artifacts")
    shutil.rmtree(tmp_path / "artifacts" / "verify-debian-13" / "evidence")
    fresh = checkout(tmp_path / "site-job", "debian")
    assert 1 in run_job("site", fresh)[0]
    assert not (fresh / "site").exists()
