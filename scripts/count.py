"""Adds up what test runners say at their ends.

`count LOG` prints the numbers passed, failed and skipped; `count --failed LOG` prints the tests that
failed, a line each.
"""

import re
import sys

# A whole line of each runner. Maven's line for each class goes on after the numbers; its total does not.
CARGO = re.compile(r"test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored;.*")
MAVEN = re.compile(r"\[\w+\] Tests run: (\d+), Failures: (\d+), Errors: (\d+), Skipped: (\d+)")
PLAIN = re.compile(r"(?:\d+ cells: )?(\d+) passed, (\d+) failed(?:, (\d+) skipped)?(?: in .*)?")
PYTEST = re.compile(
    r"(?:\d+ (?:passed|failed|skipped|errors?|warnings?|deselected|xfailed)(?:, )?)+ in [\d.]+s.*"
)

# How each runner names a test that failed: cargo, Maven, pytest and our own scripts.
FAILED = re.compile(
    r"test (?P<cargo>.+) \.\.\. FAILED"
    r"|\[ERROR\] (?P<maven>\S+) -- Time elapsed: .* <<< (?:FAILURE|ERROR)!"
    r"|(?:FAILED|ERROR) (?P<pytest>\S+::.+)"
    r"|(?:FAILED|failed)  (?P<script>\S.*)"
)


def count(line: str) -> tuple[int, int, int]:
    """The numbers passed, failed and skipped that a line tells; most lines tell none."""
    if match := CARGO.fullmatch(line) or PLAIN.fullmatch(line):
        passed, failed, skipped = (int(number or 0) for number in match.groups())
        return passed, failed, skipped
    if match := MAVEN.fullmatch(line):
        run, failures, errors, skipped = map(int, match.groups())
        return run - failures - errors - skipped, failures + errors, skipped
    if PYTEST.fullmatch(line):
        number = {
            word: int(digits) for digits, word in re.findall(r"(\d+) (passed|failed|skipped|error)", line)
        }
        return (
            number.get("passed", 0),
            number.get("failed", 0) + number.get("error", 0),
            number.get("skipped", 0),
        )
    return 0, 0, 0


def failed(line: str) -> str | None:
    """The test that a line says has failed, if it says so."""
    match = FAILED.fullmatch(line)
    return next(name for name in match.groups() if name) if match else None


*options, path = sys.argv[1:]
with open(path, encoding="utf-8", errors="replace") as log:
    lines = [line.rstrip("\n") for line in log]
if options == ["--failed"]:
    for name in filter(None, map(failed, lines)):
        print(name)
else:
    print(*map(sum, zip((0, 0, 0), *map(count, lines))))
