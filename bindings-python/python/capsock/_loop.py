"""Runs coroutine handlers on an event loop: of the server's own, in a thread, or of the program's."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import functools
import threading
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from capsock._native import Server, _PendingReply

# How long the end of a server waits for coroutines that go on after they were cancelled.
_CLOSE_TIMEOUT = 0.05


class Runner:
    """Runs the coroutines of one server, each as a task of the loop.

    Tasks have a copy of the context (contextvars) in which the server was started.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop | None) -> None:
        """Start a loop in a thread of its own, unless one is given."""
        self._context = contextvars.copy_context()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._thread: threading.Thread | None = None
        self._closing = False
        if loop is None:
            self._loop = asyncio.new_event_loop()
            # The interpreter's exit stops the server, which ends the thread.
            self._thread = threading.Thread(target=self._run, name="capsock-loop", daemon=True)
            self._thread.start()
        else:
            if not isinstance(loop, asyncio.AbstractEventLoop):
                raise TypeError(f"loop must be an event loop of asyncio, not {type(loop).__name__}")
            if loop.is_closed():
                raise ValueError("the loop is closed")
            self._loop = loop

    def is_current(self) -> bool:
        """Return whether the calling thread runs the loop, and so would wait for itself."""
        return asyncio._get_running_loop() is self._loop

    def submit(
        self,
        handler: Callable[..., Coroutine[Any, Any, Any]],
        arguments: tuple[Any, ...],
        reply: _PendingReply,
    ) -> None:
        """Call the handler on the loop. A thread of the server calls this."""
        self._loop.call_soon_threadsafe(self._begin, handler, arguments, reply, context=self._context)

    def _begin(
        self,
        handler: Callable[..., Coroutine[Any, Any, Any]],
        arguments: tuple[Any, ...],
        reply: _PendingReply,
    ) -> None:
        if not reply.is_wanted():
            return
        try:
            task = self._loop.create_task(handler(*arguments))
        except BaseException as error:
            reply.fail(error)
            return
        self._tasks.add(task)
        reply.on_cancel(functools.partial(self._cancel, task))
        task.add_done_callback(functools.partial(self._done, reply))

    def _done(self, reply: _PendingReply, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            # By the server, which wants no reply any more, or by the program.
            reply.fail(asyncio.CancelledError("the task of the handler was cancelled"))
            return
        error = task.exception()
        if error is None:
            reply.complete(task.result())
        else:
            reply.fail(error)

    def _cancel(self, task: asyncio.Task[Any]) -> None:
        """Cancel a task, for a thread of the server."""
        # It is raised if the loop is closed.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(task.cancel)

    def close(self) -> None:
        """Close a loop of the server's own, after it has cancelled what it runs."""
        if self._thread is None or self._closing:
            return
        self._closing = True
        try:
            self._loop.call_soon_threadsafe(self._loop.stop)
        except RuntimeError:
            return
        if self._thread is not threading.current_thread():
            self._thread.join(_CLOSE_TIMEOUT)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            while not self._closing:
                try:
                    self._loop.run_forever()
                except (KeyboardInterrupt, SystemExit):
                    # A handler has raised it, and its request has failed; asyncio has it end the loop.
                    continue
            self._end_tasks()
        finally:
            asyncio.set_event_loop(None)
            self._loop.close()

    def _end_tasks(self) -> None:
        loop = self._loop
        tasks = asyncio.all_tasks(loop)
        for task in tasks:
            task.cancel()
        if tasks:
            loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())


async def enter(server: Server) -> Server:
    """Enter the `async with` block of a server."""
    return server


async def leave(server: Server) -> None:
    """Leave the block: stop the server, while the running loop goes on."""
    await asyncio.get_running_loop().run_in_executor(None, server.__exit__, None, None, None)
