"""An evaluation as an HTML page: one file that contains its thumbnails."""

from __future__ import annotations

from mobilenet_cli._version import __version__
from mobilenet_cli.evaluation import wording
from mobilenet_cli.evaluation.comparison import Comparison
from mobilenet_cli.evaluation.figures import Evaluation
from mobilenet_cli.evaluation.matrix import confusion_matrix
from mobilenet_cli.html.templates import template
from mobilenet_cli.html.thumbnails import data_uri, local_file, thumbnails
from mobilenet_cli.text import counted, printable, valid_utf8

_SIDE = 160
_CONFUSIONS = 25
_FAILURES = 100
PICTURES = 1000
"""The most mistakes of a model that have thumbnails, the worst: these take about 4 kB each."""


def as_html(evaluation: Evaluation, comparison: Comparison | None = None) -> bytes:
    """Return the page, in UTF-8. The images of the mistakes are read again for thumbnails; URLs get none."""
    evaluations = [evaluation] if comparison is None else [comparison.first, comparison.second]
    mistaken = list(dict.fromkeys(mistake.path for each in evaluations for mistake in each.mistakes[:PICTURES]))
    made = zip(mistaken, thumbnails(map(local_file, mistaken), _SIDE), strict=True)
    pictures = {path: data_uri(picture) for path, picture in made if picture is not None}
    text = template("evaluation.html.jinja").render(
        title="Evaluation of " + " and ".join(printable(each.model) for each in evaluations),
        version=__version__,
        evaluations=evaluations,
        comparison=comparison,
        matrices=[confusion_matrix(each) for each in evaluations],
        wording=wording,
        counted=counted,
        printable=printable,
        thumbnail=pictures.get,
        most_confusions=_CONFUSIONS,
        most_failures=_FAILURES,
        most_pictures=PICTURES,
    )
    return valid_utf8(text).encode()
