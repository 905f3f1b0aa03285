"""Options that belong together: a command receives them as one validated object."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any

from mobilenet_cli.cli.help import Decorator, under


def option_group(name: str, make: Callable[..., Any], *options: Decorator, heading: str = "Options") -> Decorator:
    """Return a decorator that gives a command `options` and passes it their values as one object.

    Args:
        name: The command's parameter that receives the object.
        make: Makes the object. Its parameters have the names of the options, but for keyword-only ones.
        options: Click's decorators, in the order of the help.
        heading: The heading of the options in the help.
    """
    parameters = inspect.signature(make).parameters.values()
    names = [each.name for each in parameters if each.kind is not each.KEYWORD_ONLY]

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(command)
        def wrapper(**values: Any) -> Any:
            own = {each: values.pop(each) for each in names}
            return command(**values, **{name: make(**own)})

        decorated: Callable[..., Any] = wrapper
        for option in reversed(options):
            decorated = under(heading, option)(decorated)
        return decorated

    return decorate
