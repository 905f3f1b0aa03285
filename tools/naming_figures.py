"""Print how well names are given: on Caltech-101, which no ImageNet network was trained on, and by words searched for.

    python -m tools.naming_figures [--shared PATH] [-m MODEL] ... [--image-size N] [--temperature T] ...

A name is right if it is the truth, something below the truth, or a word above it (then it is vaguer). Photographs
with an odd number are there to fit a temperature on, those with an even number to judge it; where a temperature was
not fitted here, both count. Truths are in PATH/facts/caltech101_synsets.tsv; folders without a wnid are left out.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mobilenet_cli.evaluation.calibration import fit_temperature, fit_temperature_for_names, scaled_softmax
from mobilenet_cli.images.allowance import DEFAULT_ALLOWANCE
from mobilenet_cli.loaded_model import LoadedModel
from mobilenet_cli.postprocess.naming import Named, Naming, kind_score
from mobilenet_cli.postprocess.outputs import RawOutputs
from mobilenet_cli.progress import silent
from mobilenet_cli.records import ClassName, Source
from mobilenet_cli.taxonomy import Taxonomy, load

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
SURES = (0.5, 0.7, 0.8, 0.9)
KINDS = (
    *("dog", "cat", "bird", "insect", "snake", "fish", "food", "fruit", "furniture", "vehicle", "boat"),
    *("musical instrument", "monkey", "car", "clothing", "animal"),
)
# Words that say little: how many names are no more than these is a figure of its own.
VAGUEST = ("object", "animal", "structure")


@dataclass(frozen=True, slots=True)
class Truths:
    """Who is above whom, for truths that are in WordNet but not above ImageNet's classes too."""

    taxonomy: Taxonomy
    outside: dict[str, tuple[str, ...]]

    def above(self, wnid: str) -> frozenset[str]:
        """Return the wnids above a truth."""
        parents = self.outside.get(wnid)
        if parents is None:
            return self.taxonomy.above(wnid)
        return frozenset(parents).union(*(self.taxonomy.above(parent) for parent in parents))

    def verdict(self, name: Named, truth: str) -> str:
        """Say "unnamed", "right", "vaguer" (a word above the truth) or "wrong"."""
        if name.label is None:
            return "unnamed"
        if name.label.wnid == truth or self.taxonomy.is_above(truth, name.label.wnid):
            return "right"
        return "vaguer" if name.label.wnid in self.above(truth) else "wrong"


@dataclass(frozen=True, slots=True)
class Photographs:
    """A set of photographs, what each shows, and what the network said: logits [N, classes]."""

    paths: tuple[Path, ...]
    truths: tuple[str, ...]
    logits: NDArray[np.float32]

    def where(self, wanted: Iterable[bool]) -> Photographs:
        """Return some of them."""
        rows = [row for row, is_wanted in enumerate(wanted) if is_wanted]
        return Photographs(
            tuple(self.paths[row] for row in rows), tuple(self.truths[row] for row in rows), self.logits[rows]
        )


def photographs(model: LoadedModel, truth_by_path: dict[Path, str]) -> Photographs:
    """Run the network on the photographs."""
    paths = sorted(truth_by_path)
    pairs = model.run((Source(str(path)) for path in paths), RawOutputs(), batch_size=None, workers=None)
    read = [(Path(source.path), raw.output) for source, raw in pairs if raw.output is not None]
    return Photographs(
        tuple(path for path, _ in read),
        tuple(truth_by_path[path] for path, _ in read),
        np.stack([output for _, output in read]),
    )


def caltech101(shared: Path) -> dict[Path, str]:
    """Return the truth of each photograph of Caltech-101, as a wnid."""
    rows = [line.split("\t") for line in (shared / "facts" / "caltech101_synsets.tsv").read_text().splitlines()[1:]]
    return {
        path: wnid for folder, wnid, *_ in rows if wnid for path in sorted((shared / "caltech101" / folder).iterdir())
    }


def caltech_truths() -> Truths:
    """Return the truths of Caltech-101: those outside of the taxonomy by their nearest WordNet hypernyms in it."""
    lines = (ROOT / "tools" / "caltech101_hypernyms.tsv").read_text().splitlines()[1:]
    outside = {wnid: tuple(parents.split("|")) for wnid, parents in (line.split("\t") for line in lines)}
    return Truths(load(), outside)


def print_names(title: str, photos: Photographs, truths: Truths, naming: Naming, temperature: float) -> None:
    """Print a row for each `sure`."""
    scores = scaled_softmax(photos.logits, temperature)
    print(f"{title}, {len(photos.paths)} photographs, temperature {temperature:g}")
    print("  sure   named   right  of which vaguer   wrong   of the named only " + ", ".join(VAGUEST))
    for sure in SURES:
        names = naming(scores, sure)
        counts = Counter(map(truths.verdict, names, photos.truths))
        named = max(len(names) - counts["unnamed"], 1)
        vague = sum(name.label is not None and name.label.label in VAGUEST for name in names)
        shares = [named / len(names), (counts["right"] + counts["vaguer"]) / named]
        shares += [counts["vaguer"] / named, counts["wrong"] / named, vague / named]
        print(f"  {sure:.2f} " + "  {:6.1%}  {:6.1%}  {:15.1%}  {:6.1%}  {:6.1%}".format(*shares))


def print_kinds(photos: Photographs, naming: Naming, classes: Sequence[ClassName], temperature: float) -> None:
    """Print recall and precision of searching by everyday words at 0.5."""
    scores = scaled_softmax(photos.logits, temperature)
    total = np.zeros(3, int)
    print(f"searching by words at 0.5, {len(photos.paths)} photographs of ImageNet (probably training images)")
    for kind in KINDS:
        wanted = naming.classes_of(kind)
        of_kind = {classes[index].wnid for index in wanted}
        found, true = kind_score(scores, wanted) >= 0.5, np.array([truth in of_kind for truth in photos.truths])
        counts = np.array([(found & true).sum(), true.sum(), found.sum()])
        total += counts
        print(f"  {kind:<20}" + _recall_and_precision(counts))
    print(f"  {'all':<20}" + _recall_and_precision(total))


def _recall_and_precision(counts: NDArray[np.int_]) -> str:
    hits, true, found = counts.tolist()
    recall, precision = (f"{hits / of:6.1%}" if of else "     –" for of in (true, found))
    return f"  recall {recall} of {true:3}  precision {precision} of {found:3}"


def print_fit(photos: Photographs, truths: Truths, naming: Naming, classes: Sequence[ClassName]) -> None:
    """Fit on the photographs of odd numbers, judge on those of even ones."""
    odd = [int(path.stem.rpartition("_")[2]) % 2 == 1 for path in photos.paths]
    to_fit, to_judge = photos.where(odd), photos.where(not is_odd for is_odd in odd)
    below = {
        truth: [
            index
            for index, name in enumerate(classes)
            if name.wnid == truth or truths.taxonomy.is_above(truth, name.wnid)
        ]
        for truth in set(to_fit.truths)
    }
    known = to_fit.where(bool(below[truth]) for truth in to_fit.truths)
    fit = fit_temperature(known.logits, [below[truth] for truth in known.truths])
    print(f"fitted on {fit.images} photographs of odd numbers by likelihood: {fit.temperature:.2f}")
    kept = fit_temperature_for_names(
        to_fit.logits,
        lambda row, name: truths.verdict(name, to_fit.truths[row]) != "wrong",
        naming,
        least=0.5,
    )
    print(f"fitted on {len(to_fit.paths)} of them so that names keep every sure's word: {kept}")
    for temperature in {round(fit.temperature, 2), kept or 1.0}:
        print_names("  judged on even numbers", to_judge, truths, naming, temperature)


def print_cost(photos: Photographs, classes: Sequence[ClassName]) -> None:
    """Print what naming costs an image, and what making a Naming costs a run."""
    began = time.perf_counter()
    naming = Naming(classes)
    made = time.perf_counter() - began
    batch = scaled_softmax(photos.logits[:4], 1.0)
    naming(batch)
    times = []
    for _ in range(300):
        began = time.perf_counter()
        naming(batch)
        times.append(time.perf_counter() - began)
    print(f"making it {1e3 * made:.1f} ms once; naming {1e3 * float(np.median(times)) / len(batch):.3f} ms an image")


def main() -> None:
    """Print the figures of each model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    parser.add_argument("-m", "--model", action="append")
    parser.add_argument("--image-size", type=int)
    parser.add_argument("--temperature", type=float, action="append")
    options = parser.parse_args()
    truths = caltech_truths()
    images = {path: path.name.partition("_")[0] for path in (options.shared / "images").glob("*.JPEG")}
    for name in options.model or ["efficientnet_lite0"]:
        model = LoadedModel(
            name,
            "classification",
            engine="auto",
            image_size=options.image_size,
            crop=None,
            offline=False,
            network_input=None,
            precision="float32",
            precision_photos=None,
            fast_previews=False,
            allowance=DEFAULT_ALLOWANCE,
            progress=silent,
        )
        classes = model.model.labels(None)
        naming = Naming(classes)
        caltech = photographs(model, caltech101(options.shared))
        print(f"{name}, {model.model.image_size} pixels")
        for temperature in options.temperature or [1.0]:
            print_names("Caltech-101", caltech, truths, naming, temperature)
            print_kinds(photographs(model, images), naming, classes, temperature)
        print_fit(caltech, truths, naming, classes)
        print_cost(caltech, classes)


if __name__ == "__main__":
    main()
