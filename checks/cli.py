"""The commands of ./guide."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

from checks import config as configuration
from checks import evidence, plan, testing
from checks.config import Config
from checks.images.target import choose
from checks.images.target import load as load_targets
from checks.model import GuideError
from checks.snippets import read_guide, read_heads

ROOT = Path(__file__).resolve().parent.parent


def main(arguments: list[str]) -> int:
    """Run one command; the exit status is 0, 1 for a check that failed, 2 for what the user has to mend."""
    options = _parser().parse_args(arguments)
    try:
        return options.run(configuration.load(Path(options.config)), options) or 0
    except GuideError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 141


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./guide", description="A guide whose every snippet is run.")
    parser.add_argument("--config", default=str(ROOT / "mkdocs.yml"), metavar="FILE", help="another site's mkdocs.yml")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run, text: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(run=run)
        return sub

    serve = command("serve", _serve, "show the site, and show it anew after every edit")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", default=8000, type=int)
    build = command("build", _build, "build the site of all languages")
    build.add_argument("--out", default=None, metavar="DIR", help="default: site/")
    verify = command("verify", _verify, "run the snippets of pages, compare, keep the evidence")
    verify.add_argument("pages", nargs="*", metavar="PAGE", help="quick-start, docs/en/quick-start.md, docs/en; all by default")
    verify.add_argument("--target", default=None, help="the release to run on; default: this host's family")
    verify.add_argument("--update", action="store_true", help="write what was printed into the pages, in all languages")
    verify.add_argument("--keep", action="store_true", help="on a failure, open a shell in the machine as it is then")
    verify.add_argument("--evidence", default=None, metavar="DIR", help="default: evidence/")
    verify.add_argument("--jobs", default="auto", metavar="N", help="pages that run side by side; default: as many as this host carries")
    verify.add_argument("--no-reuse", action="store_true", help="run every snippet, also those that this host has run before")
    test = command("test", _test, "run every test and every page; nothing in the tree is changed")
    test.add_argument("rest", nargs=argparse.REMAINDER, help="arguments for pytest")
    listing = command("list", _list, "list every snippet")
    listing.add_argument("--target", default=None)
    listing.add_argument("--json", action="store_true")
    status = command("status", _status, "tell which evidence still holds")
    status.add_argument("--target", default=None)
    status.add_argument("--json", action="store_true")
    shell = command("shell", _shell, "open a shell in the machine as it is after a page, or after one of its snippets")
    shell.add_argument("place", metavar="PAGE[#ID]")
    shell.add_argument("--target", default=None)
    parity = command("parity", _parity, "compare the languages")
    parity.add_argument("--accept", nargs="+", metavar="PAGE", help="record that the languages were read against each other")
    clean = command("clean", _clean, "remove what runs left; with --states also the states, with --all the images and disks, too")
    clean.add_argument("--states", action="store_true")
    clean.add_argument("--all", action="store_true")
    bench = command("bench", _bench, "measure what the checks cost, beside peers in the same run")
    bench.add_argument("parts", nargs="*", metavar="PART", help="snippets (the default), growth, growth-run, states, autopkgtest, emulator")
    bench.add_argument("--full", action="store_true", help="growth-run: also 1000 pages")
    command("help", lambda config, options: parser.print_help(), "show this")
    return parser


# ---- the site


def _serve(config: Config, options) -> int:
    from checks.serve import serve

    serve(config, options.host, options.port)
    return 0


def _build(config: Config, options) -> int:
    from checks.build import build

    build(config, Path(options.out).resolve() if options.out else config.root / "site")
    return 0


# ---- running pages


def _pytest(config: Config, *arguments: str) -> int:
    """pytest in a process of its own, so that Ctrl-C reaches it alone and its exit status is ours."""
    command = [sys.executable, "-m", "pytest", "--rootdir", str(config.root), *arguments]
    if config.root != ROOT:
        command += ["-c", os.devnull, "-p", "checks.plugin", "-p", "no:cacheprovider"]
    process = subprocess.Popen([*command, "--guide-config", config.file.name], cwd=config.root)
    # Whoever asks this process to end means the run.
    signal.signal(signal.SIGTERM, lambda number, frame: process.terminate())
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue


def _verify(config: Config, options) -> int:
    if options.jobs != "auto" and not (options.jobs.isdigit() and int(options.jobs)):
        raise GuideError(f"--jobs: expected a number or auto, found {options.jobs!r}")
    guide = read_heads(config)  # pytest reads the rest, and tells what is wrong with it
    target = choose(load_targets(config), options.target)
    wanted = plan.order(guide, plan.find_pages(guide, options.pages))
    if not wanted:
        read_guide(config)  # or none whose front matter says where they run
        print("these pages have no snippets")
        return 0
    evidence_dir = Path(options.evidence).resolve() if options.evidence else config.evidence_dir
    arguments = ["--verbose", "-rs", "--tb=short", "--guide-drafts", f"--target={target.name}", f"--guide-evidence={evidence_dir}"]
    arguments += ["--keep"] if options.keep else []
    # A person at the one machine that failed, or one writer of the pages.
    arguments += [] if options.keep or options.update else [f"--guide-jobs={options.jobs}"]
    arguments += ["--guide-update"] if options.update else []
    arguments += ["--no-reuse"] if options.no_reuse else []
    arguments += [f"--junitxml={config.work_dir}/junit-{target.name}.xml"]
    # All of them by their folder: pytest looks through it anew for each file that is named.
    paths = [page.path for page in wanted] if options.pages else [config.first_folder]
    status = _pytest(config, *arguments, *map(str, paths))
    return testing.STATUS.get(status, 2)


def _test(config: Config, options) -> int:
    rest = [word for word in options.rest if word != "--"]
    return testing.test(config, rest, partial(_pytest, config))


def _shell(config: Config, options) -> int:
    from checks.shell import open_shell

    return open_shell(config, options.place, options.target)


# ---- what there is


def _list(config: Config, options) -> int:
    guide = read_guide(config)
    target = choose(load_targets(config), options.target)
    rows = [
        {
            "page": page.name, "id": snippet.id, "language": snippet.language, "machine": page.machine, "target": target.name,
            "skip": plan.skip_reason(snippet, target.name), "path": str(snippet.path), "line": snippet.line, "sha256": snippet.sha256,
        }
        for page in guide.primary for snippet in page.snippets
    ]  # fmt: skip
    if options.json:
        print(json.dumps(rows, indent=1, ensure_ascii=False))
        return 0
    for row in rows:
        skip = f"  skipped: {row['skip']}" if row["skip"] else ""
        print(f"{row['path']}:{row['line']}\t{row['machine']}\t{row['language']}\t{row['id']}{skip}")
    print(f"{len(rows)} snippets, {sum(bool(row['skip']) for row in rows)} skipped on {target.name}")
    return 0


def _status(config: Config, options) -> int:
    guide = read_guide(config)
    targets = load_targets(config)
    chosen = [choose(targets, options.target)] if options.target else list(targets.values())
    found = evidence.status(config, guide, chosen)
    if options.json:
        print(json.dumps([vars(row) for row in found], indent=1))
        return 0
    for row in found:
        if row.state == "missing":
            print(f"{row.target:14} {row.page:24} missing")
        else:
            print(f"{row.target:14} {row.page:24} {row.state:8} {row.date}  {row.seconds:7.1f} s  {row.ran} ran, {row.skipped} skipped")
    print(_states(config))
    return 0


def _states(config: Config) -> str:
    from checks.states import room
    from checks.states.store import Store

    store = Store("")
    used = room.usage(store)
    limit = f"{config.state_limits.bytes / (1 << 30):g} GiB"
    if not used.machines:
        return f"states: none ({store.root})"
    return (
        f"states: {used.machines} take {used.bytes / (1 << 30):.1f} of {limit} "
        f"({store.root}), last used {used.oldest:%Y-%m-%d %H:%M} to {used.newest:%Y-%m-%d %H:%M}"
    )


def _parity(config: Config, options) -> int:
    from checks import parity

    if options.accept:
        for path in parity.accept(config, options.accept):
            print(f"{config.relative(path)}: recorded")
        return 0
    problems = parity.check(read_guide(config), config)
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


def _clean(config: Config, options) -> int:
    from checks.clean import clean, clean_states

    shutil.rmtree(config.work_dir, ignore_errors=True)
    for line in [*(clean_states() if options.states or options.all else []), *clean(everything=options.all)]:
        print(line)
    return 0


def _bench(config: Config, options) -> int:
    from checks.bench import bench

    return bench(config, options.parts, options.full)
