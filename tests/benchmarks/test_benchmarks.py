"""./guide bench: the generated sites, the arithmetic, the tables, and small runs in real containers."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from guides import ROOT, this_config

from benchmarks import growth, sites, snippets
from benchmarks.__main__ import bench
from benchmarks.report import number, ratio, table
from benchmarks.sites import Shape
from benchmarks.snippets import CostSplit, WayCost
from benchmarks.usage import CommandUsage, measure_command
from checks import config as configuration
from checks.host import cache_dir
from checks.model import GuideError
from checks.pages.reader import read_guide

TARGETS = ROOT / "data" / "targets.yml"


def test_a_generated_site_holds_the_snippets_that_were_asked_for(tmp_path):
    config = sites.site(tmp_path / "site", Shape(2, 3), TARGETS)
    guide = read_guide(configuration.load(config))
    assert [page.name for page in guide.primary] == ["p1", "p2"]
    for page in guide.primary:
        assert [snippet.code for snippet in page.snippets] == ["true", "echo x", "true"]
        assert [[output.text for output in snippet.outputs] for snippet in page.snippets] == [[], ["x"], []]
        assert page.machine == "container"


def test_no_two_snippets_of_a_distinct_site_are_alike(tmp_path):
    config = sites.site(tmp_path / "site", Shape(3, 4, distinct=True), TARGETS)
    guide = read_guide(configuration.load(config))
    assert len({snippet.code for page in guide.primary for snippet in page.snippets}) == 12


def test_the_other_programs_run_the_same_commands(tmp_path):
    shape = Shape(2, 3)
    names = sites.cram(tmp_path / "cram", shape)
    assert names == ["p1.t", "p2.t"]
    assert (tmp_path / "cram" / "p1.t").read_text() == "  $ true\n  $ echo x\n  x\n  $ true\n"
    lines = sites.one_bash_per_snippet(tmp_path, shape).read_text().split("\n")
    assert lines == ["set -e", *["bash -c true", "bash -c 'echo x'", "bash -c true"] * 2, ""]
    done = subprocess.run(["sh", sites.one_bash_per_page(tmp_path, shape)], capture_output=True, text=True)
    assert done.stdout == "x\nx\n"


def test_sybil_runs_each_bash_fence_of_the_same_pages(tmp_path):
    sites.site(tmp_path, Shape(2, 3), TARGETS)
    sites.sybil(tmp_path)
    command = [sys.executable, "-m", "pytest", "-q", "-c", "/dev/null", "--rootdir", str(tmp_path), "-p", "no:cacheprovider", "docs"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert "6 passed" in done.stdout, done.stdout
    (tmp_path / "docs" / "p1.md").write_text("```bash {#no}\nfalse\n```\n")
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert "1 failed, 3 passed" in done.stdout, done.stdout


def test_three_runs_tell_the_costs_of_a_run_a_page_and_a_snippet_apart():
    run, page, snippet = 2.0, 0.5, 0.01
    whole_site = run + 10 * (page + 20 * snippet)
    one_page = run + page + 20 * snippet
    cost = snippets.split(Shape(10, 20), 100, whole_site, one_page, one_page + 100 * snippet)
    assert (cost.run, cost.page, cost.snippet) == pytest.approx((run, page, snippet))
    assert cost.total == whole_site


def test_the_cost_over_bash_stands_beside_what_is_demanded():
    def cost(snippet_s):
        split = CostSplit(1, 0.1, 0.1, snippet_s)
        return WayCost(split, split, 0)

    text = snippets.comparison(Shape(2, 3), {"ours": cost(0.005), "bash -c each": cost(0.002), "one bash a page": cost(0.001)})
    assert "3.00 ms of CPU more than `bash -c` for the same command (demanded: at most 4 ms)" in text
    assert "4.00 ms more than in a shell that is open" in text


def test_numbers_have_three_digits_and_columns_are_aligned():
    assert [number(value) for value in (1234.5, 99.44, 0.128, None)] == ["1234", "99.4", "0.13", "-"]
    assert (ratio(3, 2), ratio(1, 0)) == ("x1.50", "-")
    assert table(["", "ms"], [["a", "1"], ["longer", "22"]]) == "        ms\n------  --\na        1\nlonger  22"


def test_a_row_of_growth_is_compared_with_the_row_above():
    text = growth.collecting_table({10: CommandUsage(1, 1, 50), 100: CommandUsage(4, 4, 60)})
    assert text.splitlines()[-1].split() == ["100", "4.00", "4.00", "x4.00", "40.0", "60.0", "x1.20"]


def test_collecting_1000_pages_stands_beside_what_is_demanded():
    text = growth.collecting_table({100: CommandUsage(4, 4, 60), 1000: CommandUsage(40, 20, 90)})
    assert text.splitlines()[0].endswith("at most")
    assert text.splitlines()[-1].endswith("x1.50  60 s wall")


def test_a_generated_site_is_collected():
    text = growth.report_collecting(this_config(), sizes=(1, 2), snippets=2)
    assert [line.split()[0] for line in text.splitlines()[5:]] == ["1", "2"], text


def test_the_cpu_of_orphans_is_counted(tmp_path):
    burn = "import time\nwhile time.process_time() < 0.5: pass"
    # what podman does with its monitor: a grandchild in a session of its own, whose parent has gone
    daemon = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {burn!r}], start_new_session=True)"
    usage = measure_command([sys.executable, "-c", daemon], tmp_path)
    assert 0.5 <= usage.cpu_s < 2
    assert usage.still_running == 0


def test_the_error_of_a_failed_command_shows_the_end_of_its_output(tmp_path):
    with pytest.raises(GuideError, match="(?s)failed:.*the reason"):
        measure_command(["sh", "-c", "echo the reason; exit 3"], tmp_path)


def test_a_part_that_does_not_exist_is_named():
    with pytest.raises(GuideError, match="expected one of the parts snippets, growth, .*found 'speed'"):
        bench(this_config(), ["growth", "speed"])


def test_a_row_of_growth_run_is_compared_with_the_row_above():
    text = growth.running_table({10: CommandUsage(6, 8, 50), 100: CommandUsage(50, 60, 60)})
    assert text.splitlines()[-1].split() == ["100", "60.0", "x7.50", "0.60", "0.50", "60.0", "x1.20"]


@pytest.mark.slow
@pytest.mark.usefixtures("nothing_left")
def test_a_small_bench_runs_in_real_containers(capsys):
    text = snippets.report(this_config(), Shape(2, 3), more=5, rounds=1)
    assert "6 trivial snippets" in text
    for name in ("./guide verify", "Sybil", "cram", "bash -c each", "one bash a page"):
        assert f"\n{name} " in text
    assert "to cram" in text


@pytest.mark.slow
@pytest.mark.usefixtures("nothing_left")
def test_what_runs_inside_a_container_is_counted(make_guide):
    make_guide.snippets("burn", "python3 -c 'import time\nwhile time.process_time() < 3: pass'")
    config = str(make_guide.folder / "mkdocs.yml")
    # An earlier run of this test has left its outcomes in the host's cache: a run that uses the cached outcomes burns nothing.
    command = [sys.executable, "-m", "checks", "--config", config, "verify", "--no-reuse"]
    assert measure_command(command, make_guide.folder).cpu_s > 3 + 0.5
    make_guide.snippets("burn", "true")
    assert measure_command(command, make_guide.folder).cpu_s < 3 + 2.5, "the rest of such a run costs less than the burning"


@pytest.mark.slow
@pytest.mark.usefixtures("nothing_left")
def test_runs_of_generated_sites_are_measured_and_leave_no_state():
    text = growth.report_running(this_config(), sizes=(1, 2), snippets=2)
    assert [line.split()[0] for line in text.splitlines()[5:7]] == ["1", "2"], text
    assert not list(cache_dir().glob(f"bench-{os.getpid()}"))
