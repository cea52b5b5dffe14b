"""Have atheris look for an input that breaks a parser: ``run.py TARGET [OPTION OF LIBFUZZER ...]``."""

from __future__ import annotations

import importlib
import sys
import tempfile
from pathlib import Path

import atheris

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parents[1])]


def main(name: str, *options: str) -> None:
    with atheris.instrument_imports(include=["checks", "json", "yaml", "gzip"]):
        target = importlib.import_module(f"fuzz_{name}")
    with tempfile.TemporaryDirectory() as corpus:
        for number, seed in enumerate(target.SEEDS):
            (Path(corpus) / f"seed-{number}").write_bytes(seed)
        atheris.Setup([sys.argv[0], *options, corpus], target.one)
        atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
