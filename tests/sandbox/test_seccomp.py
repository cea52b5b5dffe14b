"""The list of system calls that page containers get."""

from __future__ import annotations

import json

import pytest

from checks.model import GuideError
from checks.sandbox import seccomp

DEFAULT = {
    "defaultAction": "SCMP_ACT_ERRNO",
    "defaultErrnoRet": 38,
    "archMap": [],
    "syscalls": [
        {"names": ["userfaultfd", "swapon"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1, "args": []},
        {"names": ["read", "clone", "clone3", "unshare", "setns", "keyctl", "socketcall", "io_uring_setup"], "action": "SCMP_ACT_ALLOW"},
        {"names": ["bpf", "setns"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_ADMIN"]}},
        {"names": ["socket"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_AUDIT_WRITE"]}},
    ],
}


def rules_of(name, profile):
    return [rule for rule in profile["syscalls"] if name in rule["names"]]


def test_what_is_forbidden_is_allowed_by_no_rule():
    made = seccomp.restricted(DEFAULT)
    for name in (*seccomp.FORBIDDEN, *seccomp.MISSING):
        assert {rule["action"] for rule in rules_of(name, made)} == {"SCMP_ACT_ERRNO"}, name
    for name, value, operator in (("clone", 0x7E020000, "SCMP_CMP_MASKED_EQ"), ("socket", 1, "SCMP_CMP_EQ")):
        first = rules_of(name, made)[0]["args"]
        assert first == [{"index": 0, "value": value, "valueTwo": 0, "op": operator}]
    assert 40 not in [rule["args"][0]["value"] for rule in rules_of("socket", made)]
    assert rules_of("read", made)[0]["action"] == "SCMP_ACT_ALLOW"
    assert made["defaultErrnoRet"] == 38 and DEFAULT["syscalls"][3]["names"] == ["socket"], "the default stays as it is"


def test_the_first_profile_that_exists_is_taken_and_named_by_its_content(tmp_path):
    missing, present = tmp_path / "none.json", tmp_path / "default.json"
    assert seccomp.write_profile(tmp_path, (missing,)) is None
    present.write_text(json.dumps(DEFAULT))
    made = seccomp.write_profile(tmp_path, (missing, present))
    assert json.loads(made.read_text()) == seccomp.restricted(DEFAULT)
    assert seccomp.write_profile(tmp_path, (present,)) == made


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"syscalls": 5}', '{"syscalls": [{}]}', '{"syscalls": [5]}', "\udcff"])
def test_another_file_is_told(text, tmp_path):
    present = tmp_path / "default.json"
    present.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(GuideError, match="default.json: expected podman's list of system calls, found"):
        seccomp.write_profile(tmp_path, (present,))
