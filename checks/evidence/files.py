"""Evidence files: one a page and target, written whole or not at all."""

from __future__ import annotations

import gzip
import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from checks.evidence.fingerprints import machinery_fingerprint
from checks.host import write_whole
from checks.model import GuideError, Outcome, Page, PageRun, Snippet
from checks.targets import Target, skip_reason
from checks.terminal import plain

KEPT_CHARACTERS = 200_000  # of an output, in evidence; the comparison with the page is of the whole output


def evidence_file(folder: Path, target: str, page: str) -> Path:
    """The JSON file of a page's evidence below ``folder``; the console's recording is beside it, as ``.cast.gz``."""
    return folder / target / f"{page}.json"


def write_evidence(folder: Path, run: PageRun, page: Page, fingerprints: dict[str, str], target: Target) -> Path:
    """Write the evidence of one page's whole run; returns the JSON file.

    ``fingerprints`` are those of the page's snippets, by id (``snippet_fingerprints``).
    """
    outcomes = {outcome.id: outcome for outcome in run.outcomes}
    data = {key: value for key, value in asdict(run).items() if key not in ("outcomes", "console")}
    data["machinery"] = machinery_fingerprint()
    data["snippets"] = [_entry(snippet, outcomes.get(snippet.id), fingerprints, target) for snippet in page.snippets]
    path = evidence_file(folder, run.target, run.page)
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(path, (json.dumps(data, indent=1, ensure_ascii=False) + "\n").encode(), base=folder)
    cast = path.with_suffix(".cast.gz")
    if run.console:
        # With mtime=0 the same recording gives the same bytes.
        write_whole(cast, gzip.compress(run.console.encode(), mtime=0), base=folder)
    else:
        cast.unlink(missing_ok=True)
    return path


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
    optional = {"on": snippet.on, "panic": outcome.panic, "stages": outcome.stages, "dump": outcome.dump}
    return entry | {key: value for key, value in optional.items() if value}


def _shortened(text: str) -> str:
    if len(text) <= KEPT_CHARACTERS:
        return text
    half = KEPT_CHARACTERS // 2
    return f"{text[:half]}\n[{len(text) - 2 * half} characters are not kept]\n{text[-half:]}"


def read_evidence(folder: Path, target: str, page: str) -> dict[str, Any] | None:
    """The content of one evidence file, or None where there is no file; a GuideError for a damaged file."""
    path = evidence_file(folder, target, page)
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (ValueError, OSError) as error:
        raise GuideError(f"{path}: not evidence: {error}; ./guide verify {page} makes it anew") from None
    if not isinstance(data, dict) or not isinstance(data.get("snippets"), list):
        raise GuideError(f"{path}: not evidence: expected an object with a list of snippets; ./guide verify {page} makes it anew")
    return data
