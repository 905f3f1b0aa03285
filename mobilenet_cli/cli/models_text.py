"""The catalogue as text for people: one table, and one page a model."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mobilenet_cli.engines.network_input import Input
from mobilenet_cli.models.catalogue import Listed
from mobilenet_cli.text import counted, printable

_GAP = "  "
_HEADINGS = ("Model", "State", "Input", "Top-1", "Top-5", "Params", "MAdds", "Disk")
_WIDTHS = (20, 8, 5, 5, 5, 6, 6, 8)


def table(models: Iterable[Listed]) -> str:
    """Return a table of models, 77 columns wide; a name too long for its column has a line to itself."""
    lines = [_line(_HEADINGS)]
    for model in models:
        name = printable(model.name)
        cells = (
            model.state,
            _shown(model.image_size),
            _shown(model.top_1, "{:.1f}"),
            _shown(model.top_5, "{:.1f}"),
            _shown(model.million_parameters, "{:.2f} M"),
            _shown(model.million_multiply_adds, "{} M"),
            _megabytes(model.bytes_on_disk),
        )
        if len(name) > _WIDTHS[0]:
            lines.append(name)
            name = ""
        lines.append(_line((name, *cells)))
    return "\n".join(lines)


def page(facts: dict[str, Any]) -> str:
    """Return what catalogue.described knows of a model, a line a fact."""
    rows = [
        ("Model", facts["name"]),
        ("State", facts["state"]),
        ("Path", facts["path"]),
        ("On disk", facts["bytes_on_disk"] and _megabytes(facts["bytes_on_disk"])),
        ("Architecture", _architecture(facts)),
        ("Input", facts["image_size"] and f"{facts['image_size']} × {facts['image_size']} pixels"),
        *_preparation(facts),
        ("Temperature", _temperature(facts)),
        ("Top-1, top-5", facts["top_1"] and f"{facts['top_1']} %, {facts['top_5']} % (ImageNet, published)"),
        ("Parameters", facts["million_parameters"] and f"{facts['million_parameters']} million"),
        ("Multiply-adds", facts["million_multiply_adds"] and f"{facts['million_multiply_adds']} million an image"),
        ("Weights", facts.get("origin")),
        ("Licence", (facts["manifest"] or facts).get("license")),
        *((f"Source {number}", f"{source['title']}: {source['place']}") for number, source in _numbered(facts)),
        *_networks(facts["manifest"]),
        *_training((facts["manifest"] or {}).get("training")),
    ]
    return "\n".join(f"{label:<15}{printable(str(value))}" for label, value in rows if value)


def _line(cells: tuple[str, ...]) -> str:
    aligned = [
        f"{cell:<{width}}" if column < 2 else f"{cell:>{width}}"
        for column, (cell, width) in enumerate(zip(cells, _WIDTHS, strict=True))
    ]
    return _GAP.join(aligned).rstrip()


def _shown(value: float | None, form: str = "{}") -> str:
    return "-" if value is None else form.format(value)


def _megabytes(size: int | None) -> str:
    return "-" if size is None else f"{size / 1e6:.1f} MB"


def _architecture(facts: dict[str, Any]) -> str | None:
    if "architecture" not in facts:
        return None
    return f"{facts['architecture']}, depth multiplier {facts['depth_multiplier']:g}"


def _preparation(facts: dict[str, Any]) -> list[tuple[str, str]]:
    prepared = facts["manifest"] or facts
    return [(label, prepared[key]) for label, key in (("Crop", "crop"), ("Resize", "interpolation")) if key in prepared]


def _temperature(facts: dict[str, Any]) -> str | None:
    if facts["temperature"] is None:
        return None
    manifest = facts["manifest"] or {}
    text = f"{facts['temperature']:.3g}"
    if calibration := manifest.get("calibration"):
        images = counted(calibration["images"], "image")
        return f"{text}, calibrated on {images} on {calibration['date']} ({calibration['before']:.3g} before)"
    if (training := manifest.get("training")) and training["metrics"]["validation_top_1"] is not None:
        return f"{text}, fitted on the validation images"
    return text


def _numbered(facts: dict[str, Any]) -> Iterable[tuple[int, dict[str, str]]]:
    return enumerate(facts["sources"], start=1)


def _networks(manifest: dict[str, Any] | None) -> list[tuple[str, str]]:
    rows = []
    for kind, network in (manifest or {"networks": {}})["networks"].items():
        label = kind.replace("_", " ").capitalize()
        rows.append((label, f"{network['width']} {network['output']}, from {network['source']}"))
        if network["input"] is not None:
            rows.append(("", f"takes {Input.read(network['input'])}"))
        for size, compiled in network["compiled"].items():
            difference = compiled["difference"]
            checked = "" if difference is None else f", within {difference:.1g} of the SavedModel's output"
            state = compiled["failure"] or f"{compiled['file']}{checked}"
            rows.append(("", f"for {size} pixels: {state}"))
            rows += [("", _variant(precision, each)) for precision, each in compiled["variants"].items()]
    return rows


def _variant(precision: str, variant: dict[str, Any]) -> str:
    """Return a line of a network's form in another precision: its file, its difference, and what it was made on."""
    float_layers = f", {counted(variant['in_float'], 'layer')} in float32" if variant["in_float"] else ""
    return (
        f"at {precision}: {variant['file']}, within {variant['difference']:.1g} of float32's deviation{float_layers}, "
        f"made on {counted(variant['images'], 'photograph')} {_place_of(variant['folder'])}"
    )


def _place_of(folder: str) -> str:
    return f"of {folder}" if folder else "included with this program"


def _training(training: dict[str, Any] | None) -> list[tuple[str, str]]:
    if not training:
        return []
    data, split, accuracy = training["data"], training["split"], training["metrics"]["validation_top_1"]
    how = "by cross-validation" if "folds" in split else f"of {split['validation']:,} images"
    return [
        ("Trained", f"{training['method']} on {training['base']['name']}, seed {training['seed']}"),
        ("On", f"{data['images']:,} images of {len(data['classes']):,} classes, {data['fingerprint'][:12]}"),
        ("Validation", "not measured" if accuracy is None else f"top-1 {accuracy:.1%} {how}"),
    ]
