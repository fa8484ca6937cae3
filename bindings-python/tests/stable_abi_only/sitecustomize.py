"""Has each Python process that has this folder in PYTHONPATH use nothing of Python but its stable ABI."""

from capsock import _native

_native._use_stable_abi_only()
