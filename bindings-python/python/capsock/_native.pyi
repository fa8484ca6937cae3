from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Final, Literal, Protocol, SupportsIndex, final, overload

from typing_extensions import Buffer, Self, TypeAlias

__all__ = [
    "DEFAULT_HOST",
    "DEFAULT_PORT",
    "UNICODE_VERSION",
    "Server",
    "Stats",
    "StopReport",
    "TcpClient",
    "UdpClient",
    "UppercaseStream",
    "__version__",
    "_raise_kind",
    "main",
    "uppercase",
]

_Address: TypeAlias = tuple[str, int]
_Concurrency: TypeAlias = Literal["iterative", "threads", "processes", "events"]
_Framing: TypeAlias = Literal["stream", "line", "once"]
_Transport: TypeAlias = Literal["tcp", "udp"]

class _Input(Protocol):
    def read(self, size: int, /) -> bytes | None: ...

class _Output(Protocol):
    def write(self, data: bytes, /) -> int | None: ...

DEFAULT_HOST: Final[str]
DEFAULT_PORT: Final[int]
UNICODE_VERSION: Final[tuple[int, int, int]]
__version__: Final[str]

@overload
def uppercase(text: str, /) -> str: ...
@overload
def uppercase(text: Buffer, /) -> bytes: ...
def main(arguments: Sequence[str], /) -> int: ...
def _raise_kind(number: int) -> None: ...

@final
class UppercaseStream:
    def __new__(cls) -> Self: ...
    def push(self, piece: Buffer, /) -> bytes: ...
    def finish(self) -> bytes: ...

@final
class Server:
    @overload
    def __new__(
        cls,
        transport: _Transport,
        *,
        host: str = ...,
        port: SupportsIndex = ...,
        concurrency: _Concurrency = ...,
        framing: _Framing = ...,
        workers: SupportsIndex = ...,
        backlog: SupportsIndex = ...,
        max_connections: SupportsIndex = ...,
        max_request: SupportsIndex = ...,
        idle_timeout: float | None = ...,
        write_timeout: float | None = ...,
        handler: Callable[[bytes], Buffer] | None = None,
        text: Literal[False] = False,
    ) -> Self: ...
    @overload
    def __new__(
        cls,
        transport: _Transport,
        *,
        host: str = ...,
        port: SupportsIndex = ...,
        concurrency: _Concurrency = ...,
        framing: _Framing = ...,
        workers: SupportsIndex = ...,
        backlog: SupportsIndex = ...,
        max_connections: SupportsIndex = ...,
        max_request: SupportsIndex = ...,
        idle_timeout: float | None = ...,
        write_timeout: float | None = ...,
        handler: Callable[[str], str],
        text: Literal[True],
    ) -> Self: ...
    @property
    def address(self) -> _Address: ...
    @property
    def addresses(self) -> list[_Address]: ...
    @property
    def port(self) -> int: ...
    @property
    def transport(self) -> _Transport: ...
    @property
    def concurrency(self) -> _Concurrency: ...
    def stats(self) -> Stats: ...
    def request_stop(self) -> None: ...
    def stop(self, timeout: float | None = ...) -> StopReport: ...
    def wait(self, timeout: float | None = None) -> bool: ...
    def serve_forever(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None: ...

@final
class TcpClient:
    def __new__(
        cls,
        host: str,
        port: SupportsIndex = ...,
        *,
        connect_timeout: float | None = ...,
        timeout: float | None = ...,
        max_reply: SupportsIndex = ...,
    ) -> Self: ...
    @overload
    def request(self, text: str, /) -> str: ...
    @overload
    def request(self, text: Buffer, /) -> bytes: ...
    def copy(self, input: _Input, output: _Output, /) -> tuple[int, int]: ...
    def close(self) -> None: ...
    @property
    def local_address(self) -> _Address: ...
    @property
    def peer_address(self) -> _Address: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None: ...

@final
class UdpClient:
    def __new__(
        cls,
        host: str,
        port: SupportsIndex = ...,
        *,
        timeout: float | None = ...,
        retransmit_after: float | None = ...,
        retransmissions: SupportsIndex = ...,
    ) -> Self: ...
    @overload
    def request(self, text: str, /) -> str: ...
    @overload
    def request(self, text: Buffer, /) -> bytes: ...
    def close(self) -> None: ...
    @property
    def local_address(self) -> _Address: ...
    @property
    def peer_address(self) -> _Address: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None: ...

@final
class Stats:
    @property
    def connections_accepted(self) -> int: ...
    @property
    def connections_active(self) -> int: ...
    @property
    def connections_refused(self) -> int: ...
    @property
    def requests(self) -> int: ...
    @property
    def bytes_received(self) -> int: ...
    @property
    def bytes_sent(self) -> int: ...
    @property
    def datagrams_received(self) -> int: ...
    @property
    def datagrams_sent(self) -> int: ...
    @property
    def handler_errors(self) -> int: ...
    @property
    def oversized_requests(self) -> int: ...
    @property
    def idle_timeouts(self) -> int: ...
    @property
    def write_timeouts(self) -> int: ...
    @property
    def datagrams_guarded(self) -> int: ...
    @property
    def replies_unsent(self) -> int: ...
    @property
    def descriptor_shortages(self) -> int: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class StopReport:
    @property
    def completed(self) -> int: ...
    @property
    def cut(self) -> int: ...
    @property
    def running(self) -> int: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
