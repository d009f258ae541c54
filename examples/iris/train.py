"""Trains the classifier on scikit-learn's iris data and writes it beside the function that serves it.

    uv run --with-requirements model/requirements.txt train.py
"""

import pathlib

import joblib
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

data = load_iris()
train, test, train_labels, test_labels = train_test_split(data.data, data.target, test_size=0.3, random_state=1, stratify=data.target)
classifier = make_pipeline(StandardScaler(), LogisticRegression()).fit(train, data.target_names[train_labels])
print(f"accuracy on {len(test)} flowers that it has not seen: {classifier.score(test, data.target_names[test_labels]):.3f}")
joblib.dump(classifier, pathlib.Path(__file__).parent / "model" / "iris.joblib")
