"""Being told to stop: from then on we say that we are not ready, and go on answering for as long as the site wants."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


def notice(tell: Callable[[], None], delay_seconds: float) -> None:
    """Call `tell` when the process is told to stop, and hand the signal on to the server after the delay.

    Called in the main thread, once the server has set its own handlers.
    """
    loop = asyncio.get_running_loop()
    for number in SIGNALS:
        handler = signal.getsignal(number)
        if callable(handler):
            signal.signal(number, _noticing(handler, tell, loop, delay_seconds))


def _noticing(
    handler: Callable[..., Any], tell: Callable[[], None], loop: asyncio.AbstractEventLoop, delay_seconds: float
) -> Callable[[int, Any], None]:
    told = False

    def noticed(number: int, frame: Any) -> None:  # noqa: ANN401 - a frame, which nobody looks at
        nonlocal told
        tell()
        if not delay_seconds or told:  # told twice: at once
            handler(number, frame)
            return
        told = True
        loop.call_soon_threadsafe(loop.call_later, delay_seconds, handler, number, None)

    return noticed
