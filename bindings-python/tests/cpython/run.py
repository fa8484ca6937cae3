"""Run CPython's own tests of sockets, on the module that is named.

Usage: python run.py socket|capsock.socket TEST_MODULE LEFT_OUT PART/PARTS [NAME...]

TEST_MODULE is test.test_socket or test.test_socketserver, of the Python that runs this. LEFT_OUT names what
is not run: a class, or Class.test, on each line, then a colon and why. 0/2 runs every second class, 0/1 all
of them. Names after that are Class.test to run alone. A line of JSON for each test that has ended goes to
standard output; what the tests print goes to standard error.

The module is in the place of `socket` before anything imports that.
"""

import importlib
import json
import os
import sys
import tempfile

module, test_module, left_out, part, *only = sys.argv[1:]
sys.modules["socket"] = importlib.import_module(module)

import unittest  # noqa: E402

from test import support  # noqa: E402


def short(test):
    """Name a test as Class.test."""
    return ".".join(test.id().split(".")[-2:])


class Outcomes(unittest.TestResult):
    """Write down each outcome."""

    def _write(self, test, outcome, detail=""):
        # What is no test is a class, or the module, that could not be set up.
        name = short(test) if isinstance(test, unittest.TestCase) else str(test)
        print(json.dumps([name, outcome, detail]), file=results, flush=True)

    def addSuccess(self, test):
        self._write(test, "passed")

    def addError(self, test, error):
        super().addError(test, error)
        self._write(test, "failed", self.errors[-1][1])

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self._write(test, "failed", self.failures[-1][1])

    def addSkip(self, test, reason):
        self._write(test, "skipped", reason)

    def addExpectedFailure(self, test, error):
        self._write(test, "passed")

    def addUnexpectedSuccess(self, test):
        self._write(test, "failed", "unexpected success")

    def addSubTest(self, test, subtest, error):
        super().addSubTest(test, subtest, error)
        if error is not None:
            recorded = self.failures if issubclass(error[0], test.failureException) else self.errors
            self._write(test, "failed", recorded[-1][1])


def flat(suite):
    """List the tests of a suite."""
    for item in suite:
        if isinstance(item, unittest.TestCase):
            yield item
        else:
            yield from flat(item)


def chosen(tests):
    """Choose what is run."""
    part_number, parts = map(int, part.split("/"))
    classes = []
    for test in tests:
        kind = type(test).__name__
        if kind in unwanted or short(test) in unwanted or (only and short(test) not in only):
            continue
        if kind not in classes:
            classes.append(kind)
        if classes.index(kind) % parts == part_number:
            yield test


# On Windows, a process that a test starts by multiprocessing imports this file.
if __name__ == "__main__":
    results = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    with open(left_out, encoding="utf-8") as lines:
        rows = [line for line in lines if line.strip() and not line.startswith("#")]
    unwanted = {row.partition(":")[0].strip() for row in rows}
    support.use_resources = ["network", "cpu", "walltime"]
    before = os.getcwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        tests = unittest.defaultTestLoader.loadTestsFromName(test_module)
        unittest.TestSuite(chosen(flat(tests))).run(Outcomes())
        # Windows does not delete the working folder.
        os.chdir(before)
