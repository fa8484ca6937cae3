"""Passes the log lines of servers to the logger `capsock`."""

from __future__ import annotations

import logging

_logger = logging.getLogger("capsock")


def emit(is_error: bool, line: str, failure: BaseException | None) -> None:
    """Log a line of a server, with the traceback of the handler's exception if there is one."""
    _logger.log(logging.ERROR if is_error else logging.WARNING, "%s", line, exc_info=failure)
