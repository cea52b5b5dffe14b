"""What a run writes as evidence is read back as it was; what was changed by one byte is invalid, and never a traceback."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from examples import examples
from guides import one_language
from hypothesis import example, given
from hypothesis import strategies as st
from recorded import PAGE, site_with_evidence, status

from checks.evidence.files import evidence_file, read_evidence, read_evidence_file, write_evidence
from checks.evidence.fingerprints import snippet_fingerprints
from checks.evidence.validity import RecordedEvidence, RecordedRun
from checks.model import GuideError, Outcome, PageRun
from checks.pages.reader import read_guide
from checks.targets import load_targets, skip_reason
from checks.terminal import plain, visible


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return site_with_evidence(tmp_path_factory.mktemp("guide"))


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    """A guide whose evidence the tests write."""
    config = one_language(tmp_path_factory.mktemp("other"), {"index": PAGE})
    return config, read_guide(config)


texts = st.text(st.characters(blacklist_categories=("Cs",)), max_size=20)
seconds = st.floats(0, 100, allow_nan=False)


@given(st.data())
@examples(100)
def test_evidence_of_any_run_is_read_back_as_it_was(other, data):
    config, guide = other
    made, (page,) = load_targets(config)["debian-13"], guide.primary
    outcomes, boot = [], 0
    for snippet in page.snippets:
        if skip_reason(snippet, made.name) is None:
            outcome = Outcome(
                snippet.id,
                snippet.sha256,
                snippet.exit_status,
                data.draw(seconds),
                data.draw(st.binary(max_size=40)),
                ran_at="2026-01-02T03:04:06Z",
            )
            outcome.boot_id_before, boot = str(boot), boot + bool(snippet.expect)
            outcome.boot_id_after = str(boot)
            if snippet.expect:
                outcome.stages = {data.draw(texts): data.draw(st.floats(0, outcome.seconds))}
            if snippet.expect == "crash":
                outcome.panic = "x" + data.draw(texts)
                outcome.dump = {"path": data.draw(texts), "bytes": data.draw(st.integers(0, 1 << 40)), "magic": "4b44554d50"}
            outcomes.append(outcome)
    run = PageRun(
        page=page.name, target=made.name, image=data.draw(texts), recipe="0", emulator=data.draw(st.none() | texts), accelerator=None,
        kernel=data.draw(texts), started="2026-01-02T03:04:05Z", seconds=sum(outcome.seconds for outcome in outcomes),
        packages=data.draw(st.dictionaries(texts, texts, max_size=3)), outcomes=outcomes, console=data.draw(texts),
    )  # fmt: skip
    path = write_evidence(config.evidence_dir, run, page, snippet_fingerprints(guide, page, made), made)
    row = status(config, guide)
    assert (row.state, row.problem) == ("valid", None)
    content = read_evidence(config.evidence_dir, made.name, page.name)
    assert content["packages"] == {visible(name): visible(version) for name, version in run.packages.items()}
    assert content["kernel"] == visible(run.kernel)
    assert not [character for character in path.read_text().replace("\n", "") if character in "\x7f\x9b\u202e" or character < " "]
    entries = {entry["id"]: entry for entry in content["snippets"]}
    for outcome in outcomes:
        assert entries[outcome.id]["output"] == plain(outcome.output)
        assert entries[outcome.id]["seconds"] == outcome.seconds


@given(place=st.integers(0, 1 << 20), byte=st.integers(0, 255))
@example(place=5, byte=ord("D"))  # a letter of the key "digest": what has no digest was taken for evidence of an older machinery
@examples(200)
def test_one_byte_changed_makes_evidence_invalid(site, place, byte):
    config, guide, path = site
    before = path.read_bytes()
    after = bytearray(before)
    after[place % len(before)] = byte
    try:
        path.write_bytes(after)
        row = status(config, guide)
    finally:
        path.write_bytes(before)
    assert (row.state, row.problem is None) == (("valid", True) if after == before else ("invalid", False))
    assert "Traceback" not in (row.problem or "")


@given(place=st.integers(0, 1 << 20), byte=st.integers(0, 255))
@examples(100)
def test_one_byte_changed_in_the_recording_makes_evidence_invalid(site, place, byte):
    config, guide, path = site
    cast = path.with_suffix(".cast.gz")
    before = cast.read_bytes()
    after = bytearray(before)
    after[place % len(before)] = byte
    try:
        cast.write_bytes(after)
        row = status(config, guide)
    finally:
        cast.write_bytes(before)
    assert row.state == ("valid" if after == before else "invalid")


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.just("2026-13-45T00:00:00Z"),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=5), children, max_size=3),
    max_leaves=5,
)


@st.composite
def replaced(draw: st.DrawFn, data: object) -> object:
    """The data with another value in one place."""
    if isinstance(data, dict) and data and draw(st.integers(0, 5)):
        key = draw(st.sampled_from(sorted(data)))
        return {name: draw(replaced(value)) if name == key else value for name, value in data.items()}
    if isinstance(data, list) and data and draw(st.integers(0, 5)):
        place = draw(st.integers(0, len(data) - 1))
        return [draw(replaced(value)) if number == place else value for number, value in enumerate(data)]
    return draw(values)


@given(st.data())
@examples(200)
def test_whatever_json_stands_in_the_file_is_evidence_or_a_reason(site, data):
    config, guide, path = site
    before = path.read_bytes()
    content = data.draw(replaced({key: value for key, value in json.loads(before).items() if key != "digest"}))
    try:
        path.write_text(json.dumps(content))
        row = status(config, guide)
        run = RecordedEvidence(config, guide).of("debian-13", "index")
        assert run is None or (run.date and run.started and run.machinery)
    finally:
        path.write_bytes(before)
    assert row.state == "valid" or row.state == "stale" or row.problem


@given(content=st.binary(max_size=200))
@examples(200)
def test_whatever_bytes_stand_in_the_file_are_evidence_or_a_reason(site, content):
    folder = site[0].evidence_dir
    path = evidence_file(folder, "debian-13", "other")
    path.write_bytes(content)
    file = read_evidence_file(folder, "debian-13", "other")
    assert file is not None and file.fault
    path.unlink()


events = st.lists(st.one_of(values, st.tuples(st.floats(0, 9), st.sampled_from(["o", "i", 1]), values)), max_size=4)
recordings = st.one_of(
    st.binary(max_size=60),
    st.binary(max_size=60).map(gzip.compress),
    events.map(lambda rows: gzip.compress("\n".join(json.dumps(row) for row in rows).encode())),
    st.tuples(events, st.integers(0, 90)).map(lambda both: gzip.compress(json.dumps(both[0]).encode())[: both[1]]),
)


@given(content=recordings)
@examples(200)
def test_a_recording_is_a_text_or_an_error_of_ours(tmp_path_factory, content):
    cast = Path(tmp_path_factory.getbasetemp()) / "x.cast.gz"
    cast.write_bytes(content)
    try:
        text = RecordedRun("debian-13", "x", {}, cast).console()
    except GuideError as error:
        assert "./guide verify x renews it" in str(error)
        return
    assert text == plain(text.encode())
