"""What an evidence file has to look like, and what must hold inside any file, whatever the page says today.

A run that happened cannot break these rules, so a file that breaks one is no record of a run.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

# What the first bytes of a dump are, in hexadecimal digits: a kdump-compressed file, an ELF core, makedumpfile's flattened form.
DUMP_MAGIC = {"4b44554d50": "KDUMP", "7f454c46": "ELF", "6d616b6564756d7066696c65": "makedumpfile"}
CLOCKS_DIFFER_BY = timedelta(days=1)  # A run that starts later than now on this host's clock, by more than this, has not happened.
ROUNDED_S = 1.0  # Seconds are rounded in the file, those of the run to tenths.

_Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
_Time = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$")]
_Seconds = Annotated[float, Field(ge=0, le=1e7, allow_inf_nan=False)]


class _Part(BaseModel):
    # Keys that a later machinery adds are no fault: the digest covers them, too.
    model_config = ConfigDict(extra="ignore", strict=True)


class _Dump(_Part):
    path: str
    bytes: Annotated[int, Field(ge=0)]
    magic: Annotated[str, Field(pattern=r"^([0-9a-f]{2})*$")]
    on: Literal["peer"] | None = None


class _Answer(_Part):
    command: Annotated[list[str], Field(min_length=1)]
    sha256: _Hash  # of the program
    status: Annotated[int, Field(ge=0, le=255)] | None
    output: str


class _Skipped(_Part):
    id: str
    sha256: _Hash
    chain: _Hash
    skip: str


class _Ran(_Part):
    id: str
    sha256: _Hash
    chain: _Hash
    skip: None = None
    ran_at: _Time
    exit_status: Annotated[int, Field(ge=0, le=255)] | None
    seconds: _Seconds
    output: str
    boot_id_before: str | None
    boot_id_after: str | None
    on: Literal["peer"] | None = None
    panic: str | None = None
    stages: dict[str, _Seconds] = {}
    dump: _Dump | None = None
    examined: _Answer | None = None


class _File(_Part):
    page: str
    target: str
    image: str
    emulator: str | None
    accelerator: str | None
    kernel: str
    started: _Time
    seconds: _Seconds
    packages: dict[str, str]
    archive: Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")] | None = None
    machinery: str | None = None
    console_sha256: _Hash | None = None
    at_end: _Answer | None = None
    snippets: list[Annotated[_Skipped | _Ran, Field(union_mode="left_to_right")]]


_FILE = TypeAdapter(_File)


def wrong_shape(data: Any) -> str | None:
    """The first thing that is not of the type that an evidence file has there, as "snippets.3.seconds: ..."; None for a right shape."""
    try:
        _FILE.validate_python(data)
    except ValidationError as error:
        # Of an entry that fits neither kind, pydantic reports both; what is said of the kind that the entry has is the one to show.
        problems = error.errors(include_url=False, include_input=False)
        shown = next((problem for problem in problems if _of_its_kind(data, problem["loc"])), problems[0])
        place = ".".join(str(part) for part in shown["loc"] if part not in ("_Skipped", "_Ran"))
        return f"{place}: {shown['msg'][:200]}" if place else shown["msg"][:200]
    return None


def _of_its_kind(data: Any, location: tuple[str | int, ...]) -> bool:
    if len(location) < 3 or location[0] != "snippets":
        return True
    entry = data["snippets"][location[1]]
    return not isinstance(entry, dict) or location[2] == ("_Skipped" if "skip" in entry else "_Ran")


def contradiction(data: dict[str, Any], target: str, page: str, now: datetime | None = None) -> str | None:
    """What cannot be true of one run, in a file of the right shape; None when nothing contradicts. ``now`` is for tests."""
    if (data["target"], data["page"]) != (target, page):
        return f"it tells of {data['page']!r} on {data['target']!r}"
    entries = data["snippets"]
    twice = [name for name, count in Counter(entry["id"] for entry in entries).items() if count > 1]
    if twice:
        return f"it has #{twice[0]} twice"
    ran = [entry for entry in entries if "skip" not in entry]
    return _impossible_times(data, ran, now or datetime.now(UTC)) or _impossible_boots(ran) or _impossible_dumps(ran)


def _impossible_times(data: dict[str, Any], ran: list[dict[str, Any]], now: datetime) -> str | None:
    try:
        times = [datetime.fromisoformat(data["started"]), *(datetime.fromisoformat(entry["ran_at"]) for entry in ran)]
    except ValueError as error:  # such as 2026-13-45
        return f"it has no date: {error}"
    for entry, before, after in zip(ran, times, times[1:], strict=False):
        if after < before:
            return f"#{entry['id']} ran at {entry['ran_at']}, before what comes before it"
    if (data.get("archive") or "") > f"{now + CLOCKS_DIFFER_BY:%Y-%m-%d}":
        return f"its packages are of {data['archive']}, a day that has not come yet"
    if times[-1] > now + CLOCKS_DIFFER_BY:
        return f"it is of {times[-1]:%Y-%m-%d}, a day that has not come yet"
    for entry in ran:
        stages = entry.get("stages", {})
        if sorted(stages.values()) != [*stages.values()]:
            return f"#{entry['id']}: its stages are not in the order of time"
        if stages.keys() & {"capturing", "back"} and entry.get("panic") is not None and next(iter(stages)) != "panicked":
            return f"#{entry['id']}: expected the stages of a panic to begin with panicked"
        if late := next((stage for stage, seconds in stages.items() if seconds > entry["seconds"] + ROUNDED_S), None):
            return f"#{entry['id']}: the stage {late!r} comes after the snippet's end"
    total = sum(entry["seconds"] for entry in ran)
    if total > data["seconds"] + ROUNDED_S:
        return f"its snippets took {total:.1f} s together, and the run took {data['seconds']:.1f} s"
    return None


def _impossible_boots(ran: list[dict[str, Any]]) -> str | None:
    """A machine boots anew only while a snippet runs, never between two snippets; each of the page's two machines by itself."""
    last: dict[str | None, str | None] = {}
    for entry in ran:
        machine = entry.get("on")
        if machine in last and entry["boot_id_before"] != last[machine]:
            return f"#{entry['id']} began in another boot than the one in which the snippet before it ended"
        last[machine] = entry["boot_id_after"]
    return None


def _impossible_dumps(ran: list[dict[str, Any]]) -> str | None:
    for entry in ran:
        dump = entry.get("dump")
        if dump and not dump["magic"].startswith(tuple(DUMP_MAGIC)):
            first = bytes.fromhex(dump["magic"])
            known = ", ".join(DUMP_MAGIC.values())
            return f"#{entry['id']}: {dump['path']!r} is no dump: expected it to begin with {known}, found {first!r}"
    return None
