"""Options that belong together: a command receives them as one validated object.

An option shapes the rows of a run unless its group, or `shapes_no_rows`, says that it does not. So one that nobody
thought of is compared by `--resume` too (`row_shaping`).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection
from functools import wraps
from typing import Any

from mobilenet_cli.cli.help import Decorator, under


def shapes_no_rows(option: Decorator) -> Decorator:
    """Return the decorator `option`, changed so that rows count as the same whatever the option's value is."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        decorated = option(command)
        decorated.__click_params__[-1].shapes_rows = False  # type: ignore[attr-defined]  # where Click collects them
        return decorated

    return decorate


def option_group(
    name: str,
    make: Callable[..., Any],
    *options: Decorator,
    heading: str = "Options",
    shape_rows: bool = True,
    but: Collection[str] = (),
) -> Decorator:
    """Return a decorator that gives a command `options` and passes it their values as one object.

    Args:
        name: The command's parameter that receives the object.
        make: Makes the object. Its parameters have the names of the options, but for keyword-only ones.
        options: Click's decorators, in the order of the help.
        heading: The heading of the options in the help.
        shape_rows: Whether the options shape the rows of a run: a row may differ where one has another value.
        but: The parameters of those options of which the opposite is true.
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
            parameter = decorated.__click_params__[-1]  # type: ignore[attr-defined]
            parameter.shapes_rows = shape_rows is not (parameter.name in but)
        return decorated

    return decorate
