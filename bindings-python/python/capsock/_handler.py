"""What a handler is: whether it takes the context of a request, and whether it is a coroutine function."""

from __future__ import annotations

from types import FunctionType, MethodType
from typing import cast


def takes_context(handler: object) -> bool:
    """Return whether a handler requires two positional arguments: the request and its context.

    A callable whose signature is unknown is called with the request alone, and so is one whose second
    parameter has a default or is `*args`.
    """
    try:
        bound = isinstance(handler, MethodType)
        function = cast("MethodType", handler).__func__ if bound else handler
        # A decorator or a program may state another signature than that of the code.
        if type(function) is FunctionType and not {"__signature__", "__wrapped__"} & function.__dict__.keys():
            required = function.__code__.co_argcount - len(function.__defaults__ or ())
            return required - bound == 2
        # It takes longer to import than everything else here.
        from inspect import Parameter, signature

        positional = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
        parameters = signature(cast("MethodType", handler)).parameters.values()
        return sum(one.kind in positional and one.default is Parameter.empty for one in parameters) == 2
    except Exception:
        return False


# CO_COROUTINE of inspect.
_COROUTINE = 0x80


def is_coroutine_function(handler: object) -> bool:
    """Return whether a call of the handler returns a coroutine.

    So does one of `async def`, also as a method, as the `__call__` of an object, or behind functools.partial.
    """
    try:
        function = handler.__func__ if isinstance(handler, MethodType) else handler
        if type(function) is FunctionType and not function.__dict__:
            return bool(function.__code__.co_flags & _COROUTINE)
        from functools import partial
        from inspect import iscoroutinefunction

        while isinstance(handler, partial):
            handler = handler.func
        return iscoroutinefunction(handler) or iscoroutinefunction(type(handler).__call__)
    except Exception:
        return False
