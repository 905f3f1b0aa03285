"""What to type instead of a word that is no command: other programs' names for ours, and slips of the keyboard."""

from __future__ import annotations

import re
from collections.abc import Iterable

from mobilenet_cli.text import alike

_ALIKE = 0.75
"""How much of two names agrees where one is taken for a slip of the other; 1 is all of it."""
_COMMANDS = {
    **dict.fromkeys(("help", "usage", "man", "commands"), "--help"),
    **dict.fromkeys(("version", "about"), "--version"),
    **dict.fromkeys(("predict", "prediction", "infer", "inference", "run", "scan", "detect"), "classify SOURCES…"),
    **dict.fromkeys(("label", "tag", "identify", "recognize", "recognise", "analyze", "analyse"), "classify SOURCES…"),
    **dict.fromkeys(("find", "search", "filter", "grep"), "SOURCES… --kind WORD"),
    **dict.fromkeys(("similar", "similarity", "nearest", "neighbours", "neighbors"), "embed SOURCES… --similar IMAGE"),
    **dict.fromkeys(("features", "vectors", "vectorize", "encode"), "embed SOURCES…"),
    **dict.fromkeys(("eval", "test", "validate", "score", "accuracy", "measure"), "evaluate SOURCES…"),
    **dict.fromkeys(("calibrate",), "evaluate SOURCES… --calibrate"),
    **dict.fromkeys(("compare",), "evaluate SOURCES… --compare NAME"),
    **dict.fromkeys(("fit", "learn", "finetune", "fine-tune", "retrain", "teach"), "train FOLDER -o MODEL"),
    **dict.fromkeys(("organize", "organise", "group", "copy", "move"), "sort SOURCES… --into FOLDER"),
    **dict.fromkeys(("undo",), "sort --into FOLDER --undo"),
    **dict.fromkeys(("html", "page", "gallery"), "report RESULTS… -o FILE"),
    **dict.fromkeys(("xmp", "keywords", "sidecars"), "SOURCES… --xmp"),
    **dict.fromkeys(("classes", "words", "categories", "taxonomy"), "kinds"),
    **dict.fromkeys(("list", "ls", "zoo"), "models list"),
    **dict.fromkeys(("pull", "download", "fetch", "install"), "models pull NAMES…"),
    **dict.fromkeys(("show", "info"), "models show NAME"),
    **dict.fromkeys(("import", "add", "convert"), "models import SOURCE --name NAME"),
    **dict.fromkeys(("export", "save"), "models export NAME -o FILE"),
    **dict.fromkeys(("remove", "rm", "delete", "uninstall"), "models remove NAMES…"),
    **dict.fromkeys(("verify", "check"), "models verify"),
    **dict.fromkeys(("completion", "completions"), "--help"),
}
_OF_MODELS = {
    **dict.fromkeys(("ls", "all", "available"), "list"),
    **dict.fromkeys(("get", "download", "fetch", "install", "update"), "pull"),
    **dict.fromkeys(("info", "describe", "inspect", "cat"), "show"),
    **dict.fromkeys(("add", "load", "convert"), "import"),
    **dict.fromkeys(("save", "pack", "dump"), "export"),
    **dict.fromkeys(("rm", "delete", "del", "uninstall", "purge", "clean"), "remove"),
    **dict.fromkeys(("check", "validate", "test"), "verify"),
    **dict.fromkeys(("help", "usage"), "--help"),
}


def meant(words: list[str], commands: Iterable[str]) -> str | None:
    """Return what the user may have meant by the first of the words, which is neither a command nor a file.

    Args:
        words: All arguments of the program; the first is taken for a command's name.
        commands: The names of the commands.

    Returns:
        The end of a message: a question, or what to type; or None: the word is more likely a missing file.
    """
    plain, names = words[0].lower(), list(commands)
    if plain == "help" and len(words) > 1 and words[1] in names:
        return f"type mnclassify {words[1]} --help"
    if plain in _COMMANDS:
        return f"type mnclassify {_COMMANDS[plain]}"
    # A name with more behind it: classify-images, embeddings, training.
    if longer := re.fullmatch(rf"({'|'.join(names)})(s|r|er|or|ing|[-_]\w[\w-]*)", plain):
        return f"did you mean {longer[1]}?"
    return _slip(plain, names, _ALIKE)


def meant_of_models(word: str, commands: Iterable[str]) -> str | None:
    """Return what `meant` returns, for a word that is no command of `models`."""
    plain, names = word.lower(), list(commands)
    return f"type mnclassify models {_OF_MODELS[plain]}" if plain in _OF_MODELS else _slip(plain, names, 0.6)


def _slip(word: str, names: list[str], share: float) -> str | None:
    return None if (name := alike(word, names, share)) is None else f"did you mean {name}?"
