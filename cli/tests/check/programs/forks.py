"""Starts more processes than it may, which would outlive it; some leave the process group."""

import os
import subprocess
import sys

for number in range(60):
    subprocess.Popen(["sleep", sys.argv[2]], start_new_session=number % 2 == 0)
os.read(0, 1)
