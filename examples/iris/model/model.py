"""Which iris is it? Takes flowers as JSON, CSV or NumPy's format: sepal length and width, petal length and width, in cm."""

import pathlib

import joblib
import numpy as np

FEATURES = 4


class BadInput(ValueError):
    """The caller's mistake: answered with this status, and not held against the model."""

    status_code = 422


def load():
    global classifier
    classifier = joblib.load(pathlib.Path(__file__).parent / "iris.joblib")


def predict(flowers: np.ndarray):
    if flowers.ndim != 2 or flowers.shape[1] != FEATURES or not np.issubdtype(flowers.dtype, np.number):
        raise BadInput(f"a list of flowers with {FEATURES} numbers each is expected")
    probabilities = classifier.predict_proba(flowers)
    return [{"species": classifier.classes_[row.argmax()], "probabilities": dict(zip(classifier.classes_, row))} for row in probabilities]
