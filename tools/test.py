"""`make test`: ruff, mypy, the unit tests, and nbval on every notebook of both editions, two at a time.

python -m tools.test           everything
python -m tools.test --unit    ruff, mypy and the unit tests alone
"""

import subprocess
import sys
import time

from tools.build import ROOT, environment


def run(title: str, *command: str) -> bool:
    """Run one part, print how long it took; True if it passed."""
    print(f"── {title}", flush=True)
    start = time.monotonic()
    # Warnings about a changed public file and the like are the tests' business; progress bars are nobody's.
    passed = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, env=environment(threads=1)).returncode == 0
    print(f"── {title}: {'passed' if passed else 'FAILED'} in {time.monotonic() - start:.0f} s\n", flush=True)
    return passed


def main() -> int:
    """Run all parts even if one fails, so that one run tells everything."""
    parts = [
        ("style", "ruff", "check", "."),
        ("format", "ruff", "format", "--check", "."),
        ("types", "mypy"),
        ("unit tests", "pytest", "-q", "-n", "2", "--dist", "loadscope", "tests"),
    ]
    if "--unit" not in sys.argv:
        nbval = ("--nbval", "--nbval-current-env", "--nbval-sanitize-with", "tests/nbval_sanitize.cfg")
        parts.append(("notebooks", "pytest", "-q", "-n", "2", "--dist", "loadscope", *nbval, "notebooks"))
    return 0 if all([run(*part) for part in parts]) else 1


if __name__ == "__main__":
    sys.exit(main())
