"""Evidence whose forger knows the digest: what no run can have done makes it invalid, and a forged recording is a message."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from recorded import Data, changed, entry, reseal, site_with_evidence, status

from checks.evidence import validity
from checks.evidence.validity import RecordedEvidence
from checks.model import GuideError


@pytest.fixture
def site(tmp_path):
    return site_with_evidence(tmp_path)


def gzipped(text: str) -> bytes:
    return gzip.compress(text.encode())


# What a forger writes, with the right digest: it contradicts itself or the page.
def moved(data: Data) -> None:
    data["snippets"][0], data["snippets"][1] = data["snippets"][1], data["snippets"][0]


FORGED: dict[str, tuple[Callable[[Data], object], str]] = {
    "of another page": (lambda data: data.update(page="other"), "it tells of 'other' on 'debian-13'"),
    "of another target": (lambda data: data.update(target="ubuntu-24.04"), "it tells of 'index' on 'ubuntu-24.04'"),
    "a snippet twice": (lambda data: data["snippets"].append(data["snippets"][0]), "it has #before twice"),
    "snippets in another order": (moved, "another order"),
    "the wrong exit status": (lambda data: entry(data, "fails").update(exit_status=0), "exit status 0, and the page passes only with 3"),
    "no exit status": (lambda data: entry(data, "before").update(exit_status=None), "exit status None"),
    "other code under the same fingerprint": (lambda data: entry(data, "before").update(sha256="0" * 64), "it is of other code"),
    "a restart that the page does not announce": (
        lambda data: (entry(data, "fails").update(boot_id_after="x"), entry(data, "reboot").update(boot_id_before="x")),
        "#fails: the machine booted anew",
    ),
    "no restart where one is announced": (
        lambda data: (entry(data, "reboot").update(boot_id_after="boot-0"), entry(data, "panic").update(boot_id_before="boot-0")),
        "#reboot: the page announces a reboot, and the machine did not boot anew",
    ),
    "a boot between two snippets": (lambda data: entry(data, "panic").update(boot_id_before="x"), "#panic began in another boot"),
    "a boot without an id": (
        lambda data: (entry(data, "reboot").update(boot_id_after=None), entry(data, "panic").update(boot_id_before=None)),
        "did not boot anew",
    ),
    "a dump of random bytes": (lambda data: entry(data, "panic")["dump"].update(magic="d00dfeed" * 4), "is no dump"),
    "a dump with no bytes read": (lambda data: entry(data, "panic")["dump"].update(magic=""), "is no dump"),
    "a crash without a dump": (lambda data: entry(data, "panic").pop("dump"), "the evidence has no dump"),
    "a crash without a panic": (lambda data: entry(data, "panic").pop("panic"), "the evidence has no panic"),
    "a dump of a reboot": (
        lambda data: entry(data, "reboot").update(dump=entry(data, "panic")["dump"]), "the evidence has a dump"
    ),
    "a panic of a plain snippet": (lambda data: entry(data, "before").update(panic="sysrq"), "it has a panic"),
    "run on the peer": (lambda data: entry(data, "before").update(on="peer"), "it ran on the other machine"),
    "run although it is for another target": (
        lambda data: (entry(data, "elsewhere").pop("skip"), entry(data, "elsewhere").update(
            {key: value for key, value in entry(data, "before").items() if key not in ("id", "sha256", "chain")}
        )),
        "the page leaves this snippet out",
    ),
    "left out": (
        lambda data: (lambda e: (lambda kept: (e.clear(), e.update(kept, skip="no time")))(
            {key: e[key] for key in ("id", "sha256", "chain")}
        ))(entry(data, "before")),
        "it says that the snippet was left out",
    ),
    "earlier than the run": (lambda data: entry(data, "before").update(ran_at="2026-01-01T00:00:00Z"), "before what comes before it"),
    "earlier than the snippet before": (lambda data: entry(data, "before").update(ran_at="2026-01-02T04:00:00Z"), "#fails ran at"),
    "of a day to come": (
        lambda data: [e.update(ran_at="2999-01-01T00:00:00Z") for e in data["snippets"] if "ran_at" in e],
        "it is of 2999-01-01, a day that has not come yet",
    ),
    "no date": (lambda data: data.update(started="2026-13-45T00:00:00Z"), "it has no date"),
    "snippets longer than the run": (lambda data: entry(data, "before").update(seconds=100.0), "and the run took 12.5 s"),
    "a stage after the snippet's end": (
        lambda data: entry(data, "panic").update(stages={"panicked": 0.1, "back": 90.0}), "the stage 'back' comes after"
    ),
    "a panic that was never seen": (
        lambda data: entry(data, "panic").update(stages={"capturing": 0.1, "back": 0.25}), "expected the stages of a panic"
    ),
    "stages out of order": (
        lambda data: entry(data, "panic").update(stages={"panicked": 0.2, "capturing": 0.1, "back": 0.25}), "not in the order of time"
    ),
    "packages of a day to come": (lambda data: data.update(archive="9999-99-99"), "its packages are of 9999-99-99"),
    "an answer without a command": (
        lambda data: entry(data, "before").update(examined={"command": [], "sha256": "0" * 64, "status": 0, "output": "{}"}), "not evidence"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FORGED)
def test_a_forger_who_computes_the_digest_is_held_to_what_can_have_happened(site, name):
    config, guide, path = site
    change, words = FORGED[name]
    changed(path, change)
    row = status(config, guide)
    assert row.state == "invalid"
    assert words in row.problem, row.problem


def resealed_recording(path: Path, cast: bytes) -> None:
    path.with_suffix(".cast.gz").write_bytes(cast)
    reseal(path, json.loads(path.read_text()))


@pytest.mark.parametrize(
    "cast",
    [
        b"no gzip", gzipped("{}\n[1\n"), gzipped("[1]\n"), gzipped("[" * 100_000),
        gzip.compress(b'[0, "o", "\xff"]\n'), gzipped("x")[:-9],
    ],
    ids=["no gzip", "no JSON", "no event", "nested", "no UTF-8", "cut off"],
)  # fmt: skip
def test_a_forged_recording_is_a_message_and_no_traceback(site, cast):
    config, guide, path = site
    resealed_recording(path, cast)
    with pytest.raises(GuideError, match=r"index\.cast\.gz: no recording of a console: .*; ./guide verify index renews it"):
        RecordedEvidence(config, guide).of("debian-13", "index").console()


@pytest.mark.parametrize(
    ("bound", "most", "text", "words"),
    [("MOST_EVENTS", 10, '[1, "o", ""]\n' * 11, "more than 10 events"), ("MOST_BYTES", 1000, "x" * 2000, "larger than")],
)
def test_a_recording_that_unpacks_to_too_much_is_refused(bound, most, text, words, site, monkeypatch):
    config, guide, path = site
    monkeypatch.setattr(validity, bound, most)
    resealed_recording(path, gzipped(text))
    run = RecordedEvidence(config, guide).of("debian-13", "index")
    for read in (run.console, run.printed):
        with pytest.raises(GuideError, match=words):
            read()
