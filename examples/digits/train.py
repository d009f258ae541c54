"""Trains the example's two models and writes its test data. Deterministic; run with train-requirements.txt installed.

    python train.py            write model/v1.json, model/v2.json and data/test.json
    python train.py --check    train again and compare with what is committed
"""

import json
import sys
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "model"))
import model as serving  # noqa: E402


def rounded(array):
    return [[round(float(value), 5) for value in row] for row in np.atleast_2d(array)]


def linear_layer(weights, bias):
    """Weights as one row per output, as the serving code wants them."""
    return {"weights": rounded(weights), "bias": rounded(bias)[0]}


def train():
    pixels, labels = load_digits(return_X_y=True)
    train_x, test_x, train_y, test_y = train_test_split(pixels, labels, test_size=600, random_state=7, stratify=labels)

    # v1 sees only the mean of each 2x2 block: a plain model on 16 numbers.
    pooled = train_x.reshape(-1, 4, 2, 4, 2).mean(axis=(2, 4)).reshape(-1, 16) / 16
    v1 = LogisticRegression(C=1.0, max_iter=2000).fit(pooled, train_y)

    # v2 sees every pixel and has a hidden layer.
    v2 = MLPClassifier(hidden_layer_sizes=(32,), alpha=1e-3, max_iter=600, random_state=7).fit(train_x / 16, train_y)

    artifacts = {
        "v1.json": {"name": "v1", "pooling": 2, "layers": [linear_layer(v1.coef_, v1.intercept_)]},
        "v2.json": {
            "name": "v2",
            "pooling": 1,
            "layers": [linear_layer(w.T, b) for w, b in zip(v2.coefs_, v2.intercepts_)],
        },
    }
    rows = [{"pixels": [int(value) for value in row], "label": int(label)} for row, label in zip(test_x, test_y)]
    return artifacts, rows


def accuracy(artifact, rows):
    classifier = serving.Classifier(artifact)
    return sum(classifier.predict(row["pixels"])["label"] == row["label"] for row in rows) / len(rows)


def main():
    artifacts, rows = train()
    data = HERE / "data" / "test.json"
    if "--check" in sys.argv:
        assert json.loads(data.read_text()) == rows, "data/test.json is not what training gives"
        for name, artifact in artifacts.items():
            committed = json.loads((HERE / "model" / name).read_text())
            ours, theirs = accuracy(artifact, rows), accuracy(committed, rows)
            # Another processor's arithmetic may end in another, equally good, optimum.
            assert abs(ours - theirs) <= 0.01, f"{name}: {ours:.4f} here, {theirs:.4f} committed"
            print(f"{name}: accuracy {ours:.4f} here, {theirs:.4f} committed")
        return
    data.parent.mkdir(exist_ok=True)
    data.write_text("[\n" + ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows) + "\n]\n")
    for name, artifact in artifacts.items():
        (HERE / "model" / name).write_text(json.dumps(artifact, separators=(",", ":")) + "\n")
        print(f"{name}: accuracy {accuracy(artifact, rows):.4f}")


main()
