"""A page's shell script: it runs the page's snippets in plain bash, asks, stops, and goes on after a restart."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from answering import PROGRAM
from guides import evidence, two_languages
from sites import take_along

from checks.lint.program import tool
from checks.pages.reader import read_guide
from checks.site import build as building

pytest_plugins = ["sites"]

STEPS = r"""---
title: Steps
machine: vm
---

# Steps {#top}

The first sentence has `code` and [a link](#end), and is long enough to be wrapped in the comments of a script, since it goes on.

```bash {#first}
mark='"quoted" \ %s *'
printf '%s\n' "first $mark" >>log
```

```text {.output}
nothing
```

## Another part {#part}

- In a list

    ```bash {#second}
    cat <<-'END' >>log
    @second
    END
    printf '%s\n' "$mark" >>log
    ```

```bash {#announced data-exit="3"}
(exit 3)
```

```python {#program}
open("log", "a").write("it's python\n")
```

```python {#saved data-file="saved.py"}
import sys

open("log", "a").write(f"{sys.argv[0]}\n")
```

```bash {#elsewhere data-target="ubuntu-*"}
echo elsewhere >>log
```

```bash {#left-out data-skip="needs a disk"}
echo left out >>log
```

```bash {#restart data-expect="reboot"}
echo restart >>log
kill -KILL "$$"
```

## The end {#end}

```bash {#after}
echo "after${mark}" >>log
```
"""
STEPS = STEPS.replace("@", "\t")
BROKEN = """---
title: Broken
machine: vm
after: steps
---

# Broken {#top}

```bash {#fine}
true
```

```bash {#middle}
echo before >>log
false
echo hidden >>log
```

```bash {#last}
echo last >>log
```
"""
PEER = """---
title: Two
machine: vm
peer: true
---

# Two {#top}

```bash {#there data-on="peer"}
true
```
"""
PAGES = {"index": "# Home {#top}\n", "steps": STEPS, "broken": BROKEN, "two": PEER}
KILLED = 256 - 9
FIRST = 'first "quoted" \\ %s *\nsecond\n"quoted" \\ %s *\nit\'s python\nsaved.py\nrestart\n'
DEBIAN = 'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nID=debian\nVERSION_ID="13"\nVERSION_CODENAME=trixie\n'
UBUNTU = 'PRETTY_NAME="Ubuntu 24.04 LTS"\nID=ubuntu\nVERSION_ID="24.04"\nVERSION_CODENAME=noble\n'


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The scripts of the pages by language and name, the guide, and its built site."""
    folder = tmp_path_factory.mktemp("scripts")
    (folder / "guide").mkdir()
    config = two_languages(folder / "guide", {language: PAGES for language in ("en", "zh")})
    guide = read_guide(config)
    evidence(config, guide)
    building.build(config, folder / "out")
    take_along(config, folder / "out")
    texts = {(path.parts[-3], path.stem): path.read_text() for path in (folder / "out").glob("*/*/*.sh")}
    return texts, guide, folder / "out"


@pytest.fixture
def run(made, tmp_path):
    """A function that runs a page's script in a home of its own, at a terminal where somebody answers."""
    home = tmp_path / "home"
    home.mkdir()

    def run_script(name, *arguments, answer="y", release=DEBIAN, terminal=True, shell="bash", language="en"):
        (tmp_path / "os-release").write_text(release)
        file = tmp_path / f"{name}.sh"
        file.write_text(made[0][language, name].replace("/etc/os-release", str(tmp_path / "os-release")))
        command = [shell, str(file), *arguments]
        if terminal:
            command = [sys.executable, PROGRAM, answer, "", *command]
        environment = {"HOME": str(home), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
        done = subprocess.run(
            command, cwd="/", env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, start_new_session=True,
        )  # fmt: skip
        return done.returncode, done.stdout

    run_script.log = lambda: (home / "log").read_text()
    return run_script


def test_the_snippets_stand_in_the_script_byte_for_byte_and_in_order(made):
    texts, guide, _ = made
    assert {name for _, name in texts} == {"steps", "broken"}
    for (language, name), text in texts.items():
        end = 0
        for snippet in guide.pages[language, name].snippets:
            if snippet.skip is None:
                found = text.find(f"\n{snippet.code}\n", end)
                assert found > end, (name, snippet.id)
                end = found
    assert "# not run: needs a disk\n#     echo left out >>log" in texts["en", "steps"]


def test_sentences_are_comments_without_marks_of_markdown(made):
    text = made[0]["en", "steps"]
    assert (
        "# The first sentence has `code` and a link, and is long enough to be wrapped\n# in the comments of a script, since it goes on.\n"
    ) in text
    assert "# === Another part ===" in text
    assert "# what you should see on Debian 13" in text and "\n#     nothing\n" in text


def test_shellcheck_finds_nothing(made, tmp_path):
    for (language, name), text in made[0].items():
        (tmp_path / f"{name}.{language}.sh").write_text(text)
    done = subprocess.run([tool("shellcheck"), "--norc", *sorted(tmp_path.glob("*.sh"))], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_all_steps_run_and_after_the_restart_the_printed_command_goes_on(run):
    status, printed = run("steps")
    assert status == KILLED, printed
    assert run.log() == FIRST
    assert "This is Debian GNU/Linux 13 (trixie). All steps of the page have run on this release, last on 2026-01-02." in printed
    assert "== elsewhere\nfor other releases only, and left out\n" in printed.replace("\r", "")
    asked = printed.replace("\r", "").partition("== restart\n")[2]
    assert asked.startswith("The machine reboots here. Everything unsaved is lost.\nWhen the machine is back, log in and type:\n")
    assert re.search(r"^    bash \S+/steps\.sh --from after$", asked, re.MULTILINE), printed
    status, printed = run("steps", "--from", "after")
    assert (status, run.log()) == (0, f"{FIRST}after\n")
    assert "== first" not in printed and "That was the last step." in printed


def test_sh_runs_it_too(run):
    assert run("steps", "--from", "after", shell="sh")[0] == 0


def test_whoever_answers_no_keeps_the_machine_and_is_told_how_to_go_on(run):
    status, printed = run("steps", answer="")
    assert status == 2
    assert run.log() == FIRST.removesuffix("restart\n")
    assert re.search(r"The step was not run\. To run it later, type:\r?\n    bash \S+/steps\.sh --from restart", printed)


def test_without_a_terminal_nothing_is_taken_down(run):
    status, printed = run("steps", terminal=False)
    assert status == 2
    assert "There is no terminal to ask on." in printed and "restart" not in run.log()


def test_a_failure_in_the_middle_of_a_step_ends_the_script_with_its_name_and_address(run):
    status, printed = run("broken")
    assert (status, run.log()) == (1, "before\n")
    assert "Step middle ended with exit status 1, expected 0." in printed
    assert "https://guide.example/en/broken/#middle" in printed
    assert re.search(r"bash \S+/broken\.sh --from middle", printed)
    assert "The page goes on where another one ended, whose script comes first: Steps, https://guide.example/en/steps/" in printed


@pytest.mark.parametrize(("language", "words"), [("en", "not proven on this release, but on: Debian 13"), ("zh", "没有在这个版本上实测过")])
def test_a_release_on_which_the_page_was_not_proven_is_refused(run, language, words):
    status, printed = run("steps", release=UBUNTU, language=language)
    assert status == 2
    assert words in printed and re.search(r"bash \S+/steps\.sh --any-release", printed)


def test_on_another_release_its_own_steps_run_when_the_reader_insists(run):
    status, printed = run("steps", "--any-release", release=UBUNTU)
    assert status == KILLED
    assert "elsewhere\nrestart\n" in run.log()
    assert re.search(r"bash \S+/steps\.sh --any-release --from after", printed)


@pytest.mark.parametrize("arguments", [("--from", "nowhere"), ("--from",), ("--form", "after")])
def test_what_nobody_knows_is_refused_with_the_names_of_the_steps(run, arguments):
    status, printed = run("steps", *arguments)
    assert status == 2
    assert "first second announced program saved elsewhere restart after" in printed


def test_a_page_of_two_machines_says_why_it_has_no_script(made):
    for language, why in (("en", "no shell script, since the page needs two machines"), ("zh", "没有 shell 脚本，因为本页要用两台机器")):
        assert why in (made[2] / language / "two" / "index.html").read_text()
        assert why not in (made[2] / language / "steps" / "index.html").read_text()
