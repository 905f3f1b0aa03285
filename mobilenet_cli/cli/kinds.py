"""`mnclassify kinds [WORD]`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

import click

from mobilenet_cli.cli import completion
from mobilenet_cli.cli.help import Command
from mobilenet_cli.text import counted

if TYPE_CHECKING:
    from mobilenet_cli.taxonomy import Taxonomy

_INDENT = "  "


@click.command("kinds", cls=Command)
@click.argument("word", required=False, metavar="[WORD]", shell_complete=completion.kinds)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of lines.")
def command(word: str | None, as_json: bool) -> None:
    """List the words you can search and sort by.

    Prints a tree of the words, each with the number of ImageNet classes below it. A word with several parents
    appears several times. With WORD, or a WordNet id, prints only the tree and the classes below that word.

    \b
    Examples:
      mnclassify kinds
      mnclassify kinds dog
      mnclassify photos/ --kind dog -f path
    """
    from mobilenet_cli.taxonomy import load

    taxonomy = load()
    if word is None:
        roots = taxonomy.shown_children(None)
        click.echo(_json([_tree(taxonomy, wnid) for wnid in roots]) if as_json else _lines(taxonomy, roots))
        return
    found = taxonomy.find(word)
    if as_json:
        click.echo(_json([_tree(taxonomy, wnid) | {"classes": _classes(taxonomy, wnid)} for wnid in found]))
    else:
        click.echo("\n\n".join(_described(taxonomy, wnid) for wnid in found))


def _lines(taxonomy: Taxonomy, wnids: tuple[str, ...], depth: int = 0) -> str:
    return "\n".join(line for wnid in wnids for line in _branch(taxonomy, wnid, depth))


def _branch(taxonomy: Taxonomy, wnid: str, depth: int) -> Iterator[str]:
    yield f"{_INDENT * depth}{_word(taxonomy, wnid)} ({len(taxonomy.classes_below(wnid))})"
    for child in taxonomy.shown_children(wnid):
        yield from _branch(taxonomy, child, depth + 1)


def _described(taxonomy: Taxonomy, wnid: str) -> str:
    """Return a node's other names, the words above it, its tree and its classes, as lines."""
    node, above = taxonomy.nodes[wnid], taxonomy.words_above(wnid)
    lines = [f"{_word(taxonomy, wnid)}, {wnid}"]
    if node.also:
        lines.append(f"also: {', '.join(node.also)}")
    if above:
        lines.append(f"a kind of: {', '.join(taxonomy.words[upper] for upper in above)}")
    if tree := _lines(taxonomy, taxonomy.shown_children(wnid), depth=1):
        lines += ["", "kinds:", tree]
    classes = _classes(taxonomy, wnid)
    lines += ["", f"{counted(len(classes), 'class')}:"]
    lines += [f"{_INDENT}{each['wnid']}  {each['label']}" for each in classes]
    return "\n".join(lines)


def _tree(taxonomy: Taxonomy, wnid: str) -> dict[str, Any]:
    node = taxonomy.nodes[wnid]
    return {
        "wnid": wnid,
        "word": _word(taxonomy, wnid),
        "also": node.also,
        "count": len(taxonomy.classes_below(wnid)),
        "kinds": [_tree(taxonomy, child) for child in taxonomy.shown_children(wnid)],
    }


def _word(taxonomy: Taxonomy, wnid: str) -> str:
    """Return the word that is shown for a node; for a class its label, and for any other WordNet's first word."""
    return taxonomy.words.get(wnid) or _labels().get(wnid) or taxonomy.nodes[wnid].names[0]


def _classes(taxonomy: Taxonomy, wnid: str) -> list[dict[str, str]]:
    """Return the wnid and label of each of ImageNet's classes at or below a node, in the order of their wnids."""
    labels = _labels()
    return [{"wnid": each, "label": labels[each]} for each in sorted(taxonomy.classes_below(wnid))]


@cache
def _labels() -> dict[str, str]:
    from mobilenet_cli.models.labels import imagenet_labels

    return {name.wnid: name.label for name in imagenet_labels(1000)}


def _json(what: object) -> str:
    return json.dumps(what, ensure_ascii=False, indent=2)
