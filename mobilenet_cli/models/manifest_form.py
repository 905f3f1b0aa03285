"""The form of a manifest: the fields, types and ranges of its JSON, which may be a stranger's.

A check takes a value and its place ("networks.classification.width"), and raises a ValueError that names the place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Any, get_args

from mobilenet_cli.engines.network_input import Channels
from mobilenet_cli.engines.precision import Precision
from mobilenet_cli.images.preprocess import Crop, Interpolation
from mobilenet_cli.records import NetworkKind, OutputKind

Check = Callable[[Any, str], None]

_MOST_SIDE = 8192
_MOST_OUTPUTS = 1_000_000
_MOST_NAME = 255
_MOST_NUMBER = 1e300


def check_form(values: Any) -> None:
    """Check the content of a manifest, whose `version` may be left out.

    Raises:
        ValueError: A field is missing, unknown, of another type or out of range; the message names it.
    """
    _MANIFEST(values, "")


def check_inside(path: str) -> None:
    """Raise a ValueError where a path does not stay in the model's folder."""
    parts = PurePosixPath(path)
    if parts.is_absolute() or ".." in parts.parts:
        raise ValueError(f"{path} is outside of the folder")


def _wrong(place: str, what: str, value: Any) -> ValueError:
    shown = repr(value)
    return ValueError(f"{place or 'it'} is {what}, not {shown if len(shown) <= 60 else shown[:60] + '…'}")


def _text(value: Any, place: str) -> None:
    if not isinstance(value, str):
        raise _wrong(place, "a text", value)
    if "\0" in value or not _is_unicode(value):
        raise _wrong(place, "a text of whole characters", value)


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _path(value: Any, place: str) -> None:
    _text(value, place)
    if not value:
        raise _wrong(place, "a path", value)


def _name(value: Any, place: str) -> None:
    _text(value, place)
    if not 0 < len(value) <= _MOST_NAME or "/" in value or value in (".", ".."):
        raise _wrong(place, f"a name without / of at most {_MOST_NAME} characters", value)


def _matching(pattern: str, what: str) -> Check:
    def check(value: Any, place: str) -> None:
        _text(value, place)
        if not re.fullmatch(pattern, value):
            raise _wrong(place, what, value)

    return check


def _flag(value: Any, place: str) -> None:
    if not isinstance(value, bool):
        raise _wrong(place, "true or false", value)


def _integer(least: int, most: int | None = None) -> Check:
    def check(value: Any, place: str) -> None:
        if type(value) is not int or value < least or (most is not None and value > most):
            raise _wrong(place, f"a whole number from {least}" + ("" if most is None else f" to {most}"), value)

    return check


def _number(value: Any, place: str) -> None:
    if type(value) not in (int, float) or not -_MOST_NUMBER < value < _MOST_NUMBER:
        raise _wrong(place, "a finite number", value)


def _positive(value: Any, place: str) -> None:
    _number(value, place)
    if value <= 0:
        raise _wrong(place, "a number above 0", value)


def _difference(value: Any, place: str) -> None:
    _number(value, place)
    if value < 0:
        raise _wrong(place, "a number from 0", value)


def _share(value: Any, place: str) -> None:
    _number(value, place)
    if not 0 <= value <= 1:
        raise _wrong(place, "a number from 0 to 1", value)


def _one_of(literal: Any) -> Check:
    choices = get_args(literal)

    def check(value: Any, place: str) -> None:
        if not isinstance(value, str) or value not in choices:
            raise _wrong(place, f"one of {', '.join(choices)}", value)

    return check


def _or_null(inner: Check) -> Check:
    def check(value: Any, place: str) -> None:
        if value is not None:
            inner(value, place)

    return check


def _three(inner: Check) -> Check:
    def check(value: Any, place: str) -> None:
        if not isinstance(value, list) or len(value) != 3:
            raise _wrong(place, "three numbers", value)
        for index, each in enumerate(value):
            inner(each, f"{place}.{index}")

    return check


def _anything(value: Any, place: str) -> None:
    del value, place


def _table(key: Check, inner: Check) -> Check:
    """Return the check of an object with any number of fields, by the checks of their names and values."""

    def check(value: Any, place: str) -> None:
        if not isinstance(value, dict):
            raise _wrong(place, "an object", value)
        for name, each in value.items():
            key(name, f"a name in {place}")
            inner(each, f"{place}.{name}")

    return check


def _record(required: Mapping[str, Check], optional: Mapping[str, Check], *, is_open: bool = False) -> Check:
    """Return the check of an object with known fields; `is_open`: and others, of any type."""
    known = {**required, **optional}

    def check(value: Any, place: str) -> None:
        if not isinstance(value, dict):
            raise _wrong(place, "an object", value)
        if missing := [name for name in required if name not in value]:
            raise ValueError(f"{place + ' has no' if place else 'no'} {missing[0]!r}")
        for name, each in value.items():
            inner = known.get(name, _anything if is_open else None)
            if inner is None:
                raise ValueError(f"{place + ' has an' if place else 'an'} unknown field {name!r}")
            inner(each, f"{place}.{name}" if place else name)

    return check


def _split(value: Any, place: str) -> None:
    """Check how the images of a training were split: into folds, or once."""
    how = "folds" if isinstance(value, dict) and "folds" in value else "validation"
    _record({how: _integer(0)}, {}, is_open=True)(value, place)


_SHA256 = r"[0-9a-f]{64}|"  # or "", for what this program did not make
_FILE = _record({"size": _integer(0), "sha256": _matching(_SHA256, "a SHA-256 in hexadecimal")}, {})
_VARIANT = _record(
    {
        "file": _path,
        "difference": _difference,
        "images": _integer(0),
        "folder": _text,
        "photographs": _text,
        "in_float": _integer(0),
    },
    {},
)
_COMPILED = _record(
    {"file": _or_null(_path)},
    {
        "difference": _or_null(_difference),
        "failure": _or_null(_text),
        "variants": _table(_one_of(Precision), _VARIANT),
    },
)
_INPUT = _record({"mean": _three(_number), "std": _three(_positive), "channels": _one_of(Channels)}, {})
_NETWORK = _record(
    {
        "source": _text,
        "saved_model": _or_null(_path),
        "width": _integer(1, _MOST_OUTPUTS),
        "output": _one_of(OutputKind),
        "compiled": _table(_matching("[1-9][0-9]{0,3}", "a number of pixels"), _COMPILED),
    },
    {"input": _or_null(_INPUT), "guess": _text, "is_size_guessed": _flag},
)
_CALIBRATION = _record({"images": _integer(0), "date": _text, "before": _positive}, {})
# Only what this program reads again; `train` writes more.
_TRAINING = _record(
    {
        "method": _text,
        "seed": _integer(0),
        "base": _record({"name": _text}, {}, is_open=True),
        "data": _record(
            {"images": _integer(0), "classes": _table(_text, _integer(0)), "fingerprint": _text}, {}, is_open=True
        ),
        "split": _split,
        "metrics": _record({"validation_top_1": _or_null(_share)}, {}, is_open=True),
    },
    {},
    is_open=True,
)
_MANIFEST = _record(
    {
        "name": _name,
        "license": _text,
        "image_size": _integer(1, _MOST_SIDE),
        "crop": _one_of(Crop),
        "interpolation": _one_of(Interpolation),
        "labels": _text,
        "networks": _table(_one_of(NetworkKind), _NETWORK),
        "files": _table(_path, _FILE),
    },
    {
        "training": lambda value, place: _TRAINING(value, place) if value not in (None, {}) else None,
        "temperature": _positive,
        "calibration": _or_null(_CALIBRATION),
    },
)
