"""Evidence files: one a page and target, written whole or not at all."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import stat
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from checks.evidence.digest import broken_seal, sealed
from checks.evidence.fingerprints import machinery_fingerprint
from checks.evidence.shape import contradiction, wrong_shape
from checks.host import write_whole
from checks.model import GuideError, Outcome, Page, PageRun, Snippet
from checks.targets import Target, skip_reason
from checks.terminal import plain, visible

KEPT_CHARACTERS = 200_000  # of an output, in evidence; the comparison with the page is of the whole output
MOST_BYTES = 64 << 20  # of an evidence file and of a recording; those of a run are smaller than 1 MiB


def evidence_file(folder: Path, target: str, page: str) -> Path:
    """The JSON file of a page's evidence below ``folder``; the console's recording is beside it, as ``.cast.gz``."""
    return folder / target / f"{page}.json"


def write_evidence(folder: Path, run: PageRun, page: Page, fingerprints: dict[str, str], target: Target) -> Path:
    """Write the evidence of one page's whole run; returns the JSON file.

    ``fingerprints`` are those of the page's snippets, by id (``snippet_fingerprints``).
    """
    outcomes = {outcome.id: outcome for outcome in run.outcomes}
    data = {key: value for key, value in asdict(run).items() if key not in ("outcomes", "console")}
    if run.at_end is None:
        del data["at_end"]
    data["machinery"] = machinery_fingerprint()
    data["snippets"] = [_entry(snippet, outcomes.get(snippet.id), fingerprints, target) for snippet in page.snippets]
    path = evidence_file(folder, run.target, run.page)
    folder.mkdir(parents=True, exist_ok=True)
    # With mtime=0 the same recording gives the same bytes.
    cast = gzip.compress(run.console.encode(), mtime=0) if run.console else None
    _write_both(folder, path, sealed(_visible(data), cast), cast)
    return path


def _visible(value: Any) -> Any:
    r"""The value with ``\x1b`` for each character in it that nobody sees: a machine has named kernels, packages, paths and panics."""
    if isinstance(value, dict):
        return {_visible(key): _visible(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_visible(item) for item in value]
    return visible(value) if isinstance(value, str) else value


def _write_both(folder: Path, path: Path, content: bytes, cast: bytes | None) -> None:
    """Write the JSON file, and the recording beside it, which the JSON file's digest covers.

    The recording lies ready on the disk before the JSON file is replaced, so that a full disk leaves the old pair.
    """
    recording = path.with_suffix(".cast.gz")
    ready = recording.with_name(f".{recording.name}.new")
    try:
        if cast is not None:
            write_whole(ready, cast, base=folder)
        write_whole(path, content, base=folder)
        if cast is not None:
            ready.replace(recording)
        else:
            recording.unlink(missing_ok=True)
    finally:
        ready.unlink(missing_ok=True)


def _entry(snippet: Snippet, outcome: Outcome | None, fingerprints: dict[str, str], target: Target) -> dict[str, Any]:
    entry: dict[str, Any] = {"id": snippet.id, "sha256": snippet.sha256, "chain": fingerprints[snippet.id]}
    if outcome is None:
        return {**entry, "skip": skip_reason(snippet, target.name)}
    output = plain(outcome.output)
    entry |= {
        "ran_at": outcome.ran_at,
        "exit_status": outcome.exit_status,
        "seconds": outcome.seconds,
        "output": _shortened(output),
        "boot_id_before": outcome.boot_id_before,
        "boot_id_after": outcome.boot_id_after,
    }
    if len(output) > KEPT_CHARACTERS:
        entry |= {"output_bytes": len(outcome.output), "output_sha256": hashlib.sha256(outcome.output).hexdigest()}
    optional = {"on": snippet.on, "panic": outcome.panic, "stages": outcome.stages, "dump": outcome.dump, "examined": outcome.examined}
    return entry | {key: value for key, value in optional.items() if value}


def _shortened(text: str) -> str:
    if len(text) <= KEPT_CHARACTERS:
        return text
    half = KEPT_CHARACTERS // 2
    return f"{text[:half]}\n[{len(text) - 2 * half} characters are not kept]\n{text[-half:]}"


@dataclass(frozen=True)
class EvidenceFile:
    """One evidence file that has been read. ``fault`` is what shows that the file is not as a run wrote it, or None."""

    data: dict[str, Any]
    fault: str | None


def read_evidence(folder: Path, target: str, page: str) -> dict[str, Any] | None:
    """The content of one evidence file, or None where there is no file; a GuideError for a damaged or a changed file."""
    file = read_evidence_file(folder, target, page)
    if file is not None and file.fault:
        raise GuideError(f"{evidence_file(folder, target, page)}: {file.fault}; ./guide verify {page} renews it")
    return None if file is None else file.data


def read_evidence_file(folder: Path, target: str, page: str) -> EvidenceFile | None:
    """One evidence file and whether it is as a run wrote it; None where there is no file.

    The file is held against its digest, against the recording beside it, and against itself.
    """
    path = evidence_file(folder, target, page)
    try:
        content = read_regular(path)
        if content is None:
            return None
        data = json.loads(content)
        json.dumps(data, ensure_ascii=False).encode()  # JSON can write half a surrogate, "\\ud800", which no page can show.
    except (ValueError, RecursionError, OSError) as error:
        return EvidenceFile({}, f"not evidence: {error}")
    if fault := wrong_shape(data):
        return EvidenceFile({}, f"not evidence: {fault}")
    try:
        fault = broken_seal(content, data, read_regular(path.with_suffix(".cast.gz")))
    except OSError as error:
        fault = f"the recording of the console beside the file: {error}"
    return EvidenceFile(data, fault or contradiction(data, target, page))


def read_regular(path: Path) -> bytes | None:
    """The bytes of a regular file, or None where there is none. OSError for a link, a FIFO, a device, and for more than MOST_BYTES."""
    try:
        # O_NONBLOCK: a FIFO that nobody writes to would be waited for.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError("expected a file, found a folder, a device or a FIFO")
    with open(descriptor, "rb") as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise OSError(f"it is larger than {MOST_BYTES >> 20} MiB")
    return content
