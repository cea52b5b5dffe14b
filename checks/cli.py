"""The commands of ./guide."""

from __future__ import annotations

import argparse
import shutil
import sys
from functools import partial
from pathlib import Path

from checks import config as configuration
from checks.commands import test
from checks.commands.status import list_snippets, show_status
from checks.commands.verify import run_pytest, verify
from checks.config import Config
from checks.model import GuideError
from checks.pages.reader import read_guide

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
    verifying = command("verify", verify, "run the snippets of pages, compare, keep the evidence")
    verifying.add_argument("pages", nargs="*", metavar="PAGE", help="quick-start, docs/en/quick-start.md, docs/en; all by default")
    verifying.add_argument("--target", default=None, help="the release to run on; default: this host's family")
    verifying.add_argument("--update", action="store_true", help="write what was printed into the pages, in all languages")
    verifying.add_argument("--keep", action="store_true", help="on a failure, open a shell in the machine as it is then")
    verifying.add_argument("--evidence", default=None, metavar="DIR", help="default: evidence/")
    verifying.add_argument("--jobs", default="auto", metavar="N", help="pages that run side by side; default: as many as this host carries")
    verifying.add_argument("--no-reuse", action="store_true", help="run every snippet, also those that this host has run before")
    test = command("test", _test, "run every test and every page; nothing in the tree is changed")
    test.add_argument("rest", nargs=argparse.REMAINDER, help="arguments for pytest")
    listing = command("list", list_snippets, "list every snippet")
    listing.add_argument("--target", default=None)
    listing.add_argument("--json", action="store_true")
    status = command("status", show_status, "tell which evidence still holds")
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
    from checks.site.serve import serve

    serve(config, options.host, options.port)
    return 0


def _build(config: Config, options) -> int:
    from checks.site.build import build

    build(config, Path(options.out).resolve() if options.out else config.root / "site")
    return 0


def _test(config: Config, options) -> int:
    rest = [word for word in options.rest if word != "--"]
    return test.test(config, rest, partial(run_pytest, config))


def _shell(config: Config, options) -> int:
    from checks.commands.shell import open_shell

    return open_shell(config, options.place, options.target)


def _parity(config: Config, options) -> int:
    from checks.lint import parity

    if options.accept:
        for path in parity.accept(config, options.accept):
            print(f"{config.relative(path)}: recorded")
        return 0
    problems = parity.check(read_guide(config), config)
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


def _clean(config: Config, options) -> int:
    from checks.running.cleanup import clean, clean_states

    shutil.rmtree(config.work_dir, ignore_errors=True)
    for line in [*(clean_states() if options.states or options.all else []), *clean(everything=options.all)]:
        print(line)
    return 0


def _bench(config: Config, options) -> int:
    from benchmarks.__main__ import bench

    return bench(config, options.parts, options.full)
