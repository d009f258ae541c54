"""Recognises a handwritten digit from 8x8 pixels. Pure Python: the artifact is a list of layers.

MODEL_ARTIFACT names the artifact in this folder. MODEL_DEFECT breaks the model on purpose, for rollouts that must notice:
`wrong-preprocessing` (answers are wrong, nothing fails), `slow` (answers come late), `failing` (a quarter of the inputs raise), `failing-rarely` (some do, too few for an alarm).
"""

import json
import math
import os
import time
from pathlib import Path

_classifier = None
_defect = os.environ.get("MODEL_DEFECT", "")


class Classifier:
    def __init__(self, artifact):
        self.name = artifact["name"]
        self._pooling = artifact["pooling"]
        self._layers = artifact["layers"]

    def predict(self, pixels):
        values = self._features(pixels)
        for position, layer in enumerate(self._layers):
            values = [
                sum(map(float.__mul__, weights, values)) + bias for weights, bias in zip(layer["weights"], layer["bias"])
            ]
            if position < len(self._layers) - 1:
                values = [max(0.0, value) for value in values]
        highest = max(values)
        exponentials = [math.exp(value - highest) for value in values]
        total = sum(exponentials)
        probabilities = [value / total for value in exponentials]
        return {
            "label": probabilities.index(max(probabilities)),
            "probabilities": [round(value, 6) for value in probabilities],
            "model": self.name,
        }

    def _features(self, pixels):
        step = self._pooling
        return [
            sum(pixels[8 * (row + i) + column + j] for i in range(step) for j in range(step)) / (step * step) / 16
            for row in range(0, 8, step)
            for column in range(0, 8, step)
        ]


def load():
    """Read the artifact once, when the server starts."""
    global _classifier
    path = Path(__file__).parent / os.environ.get("MODEL_ARTIFACT", "v1.json")
    _classifier = Classifier(json.loads(path.read_text()))


def predict(request):
    pixels = _pixels(request)
    if _defect == "failing" and sum(pixels) % 4 == 0:
        raise RuntimeError("this model fails on a quarter of its inputs")
    if _defect == "failing-rarely" and sum(pixels) % 29 == 0:
        raise RuntimeError("this model fails on few of its inputs")
    if _defect == "slow":
        time.sleep(float(os.environ.get("MODEL_DELAY_SECONDS", "1.5")))
    if _defect == "wrong-preprocessing":
        # Columns read as rows: a transposed image is a plausible one, so nothing fails.
        pixels = [pixels[8 * column + row] for row in range(8) for column in range(8)]
    return _classifier.predict(pixels)


def _pixels(request):
    pixels = request.get("pixels") if isinstance(request, dict) else None
    if not isinstance(pixels, list) or len(pixels) != 64:
        raise ValueError('the request must have "pixels", a list of 64 numbers')
    for position, value in enumerate(pixels):
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 16:
            raise ValueError(f"pixels[{position}] must be a number from 0 to 16")
    return pixels
