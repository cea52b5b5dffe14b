"""Every way in which a snippet can misbehave, on real containers, through the command that users type."""

from __future__ import annotations

import re
from collections import Counter

import pytest

pytestmark = [pytest.mark.container, pytest.mark.usefixtures("nothing_left")]
JUNIT = ".guide/junit-debian-13.xml"


def verify(guide, *arguments):
    return guide.guide("verify", *arguments)


def test_a_page_runs_in_one_login_shell(make_guide):
    make_guide.page(
        "shell",
        """\
```bash {#set}
cd /usr/share
name=value
greet() { echo "hello $1"; }
alias say='echo said'
declare -i number=7
```

```bash {#get}
echo "$PWD $name $number"
greet reader
say it
id -un
sudo id -un
tty >/dev/null && echo a terminal
```

```text {.output}
/usr/share value 7
hello reader
said it
reader
root
a terminal
```

```bash {#status data-exit="3"}
(exit 3)
```

```bash {#status-of-the-one-before}
echo $?
```

```text {.output}
3
```

```bash {#no-final-newline}
printf 'no newline'
```

```text {.output}
no newline
```

```bash {#tracing}
set -x
```

```bash {#tracing-stays-quiet}
set +x
```

```bash {#removed-folder}
mkdir /tmp/gone && cd /tmp/gone && rmdir /tmp/gone
```

```bash {#after-removed-folder}
cd && echo home
```

```python {#program data-file="program.py"}
import sys

print("from python", len(sys.argv))
```

```text {.output}
from python 1
```

```bash {#program-was-saved}
python3 program.py one
```

```text {.output}
from python 2
```

```python {#inline}
import platform

print(platform.node())
```

```text {.output}
lab
```
""",
    )
    ran = verify(make_guide)
    assert ran.status == 0, ran.out
    entries = {entry["id"]: entry for entry in ran.evidence["shell"]["snippets"]}
    assert entries["status"]["exit_status"] == 3
    assert "guide" not in entries["tracing"]["output"] + entries["removed-folder"]["output"]


# eval hides from the linter what it would find.
MISBEHAVIOURS = {
    "wrong-output": ("echo one", "it printed something else than the page shows"),
    "failing": ("false", "exit status 1, expected 0"),
    "failing-in-the-middle": ("true\nfalse\ntrue", "line 2 of the snippet failed with exit status 1"),
    "exit-7": ("eval 'exit 7'", "ended the reader's shell, with exit status 7"),
    "exec-true": ("eval 'exec true'", "ended the reader's shell, with exit status 0"),
    "set-e": ("eval 'set -e'\nfalse", "ended the reader's shell, with exit status 1"),
    "killed-shell": ("kill -9 $$", "ended the reader's shell, with exit status 137"),
    "reads-stdin": ("eval cat", "waited for input on the terminal for 2 s"),
    "too-long": ("sleep 1000", "did not end within 2 s"),
    "unfinished": ('eval "echo \'no end"', "exit status 2, expected 0"),
    "unknown-command": ("no-such-command", "exit status 127, expected 0"),
    "no-network": ("ping -c 1 127.0.0.1 || sudo apt-get -qq -o Acquire::Retries=0 install -y cowsay", "exit status"),
    "fork-bomb": ("eval ':(){ :|:& };:'\nsleep 1", "the limit on processes refused"),
    "memory-hog": ("head -c 3G /dev/zero | tail", "killed for want of memory"),
}


def test_each_misbehaviour_is_reported_truly_and_the_next_page_unharmed(make_guide):
    for name, (code, _) in MISBEHAVIOURS.items():
        output = "\n```text {.output}\ntwo\n```\n" if name == "wrong-output" else ""
        timeout_s = 60 if name == "memory-hog" else 2
        make_guide.page(name, f'```bash {{#bad data-timeout="{timeout_s}"}}\n{code}\n```\n{output}\n```bash {{#next}}\ntrue\n```\n')
        make_guide.page(f"{name}-after", "```bash {#fine}\necho fine\n```\n\n```text {.output}\nfine\n```\n")
    ran = verify(make_guide)
    assert ran.status == 1, ran.out
    for name, (_, words) in MISBEHAVIOURS.items():
        report = ran.out.split(f"docs/{name}.md#bad ___")[-1].split("\n___")[0]
        assert words in report, f"{name}:\n{report}"
        assert f"docs/{name}.md:" in report
        assert f"./guide shell {name}#bad" in report
        assert name not in ran.evidence, "a page that failed has no evidence"
        assert f"{name}-after" in ran.evidence, f"the page after {name} was harmed:\n{ran.out}"
    assert f"{len(MISBEHAVIOURS)} passed" not in ran.out
    cases = Counter(re.findall(r'<testcase classname="docs\.([^"]*)\.md" name="([^"[]*)\[', (make_guide.folder / JUNIT).read_text()))
    assert set(cases.values()) == {1} and len(cases) == 3 * len(MISBEHAVIOURS), "each snippet has one place in the report"


def test_large_strange_and_background_output_is_taken_as_it_is(make_guide):
    make_guide.snippets(
        "output",
        "head -c 5000000 /dev/zero | tr '\\0' a | fold -w 100",
        r"printf 'caf\xe9 \xff\n'",
        "sleep 1000 &",
        "echo after",
        "setsid sleep 1000 >/dev/null 2>&1 &",
    )
    ran = verify(make_guide)
    assert ran.status == 0, ran.out
    entries = ran.evidence["output"]["snippets"]
    assert entries[0]["output_bytes"] == 5_049_999
    assert entries[1]["output"] == "caf\\xe9 \\xff"
    assert entries[3]["output"].endswith("after")


def test_python_that_fails_says_where(make_guide):
    make_guide.page("trace", "```python {#broken}\nx = 1\nprint(x / 0)\n```\n")
    ran = verify(make_guide)
    assert ran.status == 1
    assert "ZeroDivisionError" in ran.out
    assert "docs/trace.md:8: #broken: exit status 1, expected 0" in ran.out


def test_a_page_goes_on_where_another_ended_and_siblings_do_not_meet(make_guide):
    make_guide.snippets("root", "echo root >~/trace")
    make_guide.snippets("one", "echo one >>~/trace", "cat ~/trace", after="root")
    make_guide.snippets("two", "echo two >>~/trace", "cat ~/trace", after="root")
    make_guide.snippets("three", "cat ~/trace", after="two")
    ran = verify(make_guide)
    assert ran.status == 0, ran.out
    assert ran.evidence["one"]["snippets"][1]["output"] == "root\none"
    assert ran.evidence["two"]["snippets"][1]["output"] == "root\ntwo"
    assert ran.evidence["three"]["snippets"][0]["output"] == "root\ntwo"


def test_the_container_has_no_network_and_sees_no_file_of_the_host(make_guide):
    make_guide.snippets(
        "jail",
        "ls /sys/class/net",
        "sudo sh -c 'mount -t tmpfs none /mnt' || true",
        "sudo cat /proc/1/environ || true",
        "echo mounts; grep -v -e overlay -e proc -e sysfs -e tmpfs -e cgroup -e mqueue -e devpts /proc/self/mountinfo || true",
    )
    ran = verify(make_guide)
    assert ran.status == 0, ran.out
    entries = ran.evidence["jail"]["snippets"]
    assert entries[0]["output"] == "lo"
    assert "permission denied" in entries[1]["output"]
    assert "Permission denied" in entries[2]["output"]
    for line in entries[3]["output"].split("\n")[1:]:
        # what is left: the engine's own hosts, hostname, resolv.conf and container markers
        assert any(word in line for word in ("/etc/", "/run/", "/dev/")), line


def test_update_writes_what_was_printed(make_guide):
    path = make_guide.page("fresh", "```bash {#say}\nseq 3\n```\n\n```text {.output}\nold\n```\n\nprose\n")
    assert verify(make_guide).status == 1
    ran = verify(make_guide, "--update")
    assert ran.status == 0, ran.out
    assert path.read_text().endswith("```text {.output}\n1\n2\n3\n```\n\nprose\n")
    assert verify(make_guide).status == 0


def test_outputs_that_had_nothing_to_be_compared_with_are_counted(make_guide):
    body = '```bash {{#say}}\necho here\n```\n\n```text {{.output data-target="{}"}}\n{}\n```\n'
    path = make_guide.page("elsewhere", body.format("ubuntu-*", "there"))
    make_guide.page("here", body.format("debian-*", "here"))
    told = "1 output had nothing to be compared with: the page shows only those of other targets"
    where = "docs/elsewhere.md:8: #say on debian-13"
    ran = verify(make_guide, "--target", "debian-13")
    assert ran.status == 0, ran.out
    assert told in ran.out and where in ran.out
    assert '<property name="no_output_for" value="debian-13"' in (make_guide.folder / JUNIT).read_text()
    before = path.read_text()
    ran = verify(make_guide, "--target", "debian-13", "--update")
    assert ran.status == 0, ran.out
    assert told in ran.out and "--update adds no fence" in ran.out
    assert path.read_text() == before
    assert "had nothing to be compared with" not in verify(make_guide, "--target", "debian-13", "here").out


def test_what_cannot_be_chosen_is_named(make_guide):
    make_guide.snippets("only", "true")
    ran = verify(make_guide, "nothing")
    assert ran.status == 2
    assert "there is no page 'nothing'; the guide has only" in ran.out
    ran = verify(make_guide, "--target", "plan-9")
    assert ran.status == 2
    assert "there is no target 'plan-9'; the guide has debian-12, debian-13, " in ran.out


def test_a_home_with_blanks_and_chinese_is_no_hindrance(make_guide, tmp_path):
    home = tmp_path / "家 里:a,b"
    home.mkdir()
    make_guide.snippets("page", "echo here")
    ran = make_guide.guide("verify", HOME=str(home), GUIDE_CACHE="")
    assert ran.status == 0, ran.out
    assert (home / ".cache" / "guide-checks").is_dir()
