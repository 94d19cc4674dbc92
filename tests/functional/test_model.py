"""models/iris.onnx against scikit-learn, which it was made with.

Needs what training/requirements.txt lists; asks no service.
"""

import json
import pathlib
import subprocess
import sys

import numpy as np
import onnxruntime
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODEL = ROOT / "models" / "iris.onnx"


@pytest.fixture(scope="module")
def session():
    return onnxruntime.InferenceSession(str(MODEL), providers=["CPUExecutionProvider"])


def labels(session, rows):
    return session.run(["label"], {"features": np.asarray(rows, dtype=np.float32)})[0]


def test_answers_as_scikit_learn_for_all_of_iris(session):
    iris = load_iris()
    classifier = LogisticRegression(max_iter=200).fit(iris.data, iris.target)
    assert labels(session, iris.data).tolist() == classifier.predict(iris.data).tolist()
    probabilities = session.run(["probabilities"], {"features": iris.data.astype(np.float32)})[0]
    # The solver stops at a tolerance, and where depends on the processor's BLAS kernels: one flower's
    # probabilities were seen to differ by 0.0016. training/train.py compares them to the digit, with the
    # kernels that the file was made with (test_training_again_makes_the_same_file).
    np.testing.assert_allclose(probabilities, classifier.predict_proba(iris.data), rtol=0, atol=1e-2)


def test_one_row_at_a_time_is_answered_as_in_a_batch(session):
    rows = load_iris().data
    assert [labels(session, [row])[0] for row in rows] == labels(session, rows).tolist()


@pytest.mark.parametrize(
    "row, expected",
    [
        ((5.2, 3.6, 1.5, 0.3), "setosa"),
        ((0.5, 2.6, 6.5, 1.7), "virginica"),
        ((20.5, 2.6, 6.5, 1.7), "versicolor"),
        ((2.0, 1.4, 0.6, 1.9), "setosa"),
    ],
)
def test_known_answers(session, row, expected):
    classes = json.loads(session.get_modelmeta().custom_metadata_map["classes"])
    assert classes[labels(session, [row])[0]] == expected


def test_describes_itself(session):
    metadata = session.get_modelmeta().custom_metadata_map
    assert metadata["name"] == "iris"
    assert metadata["version"]
    assert metadata["model_type"] == "LogisticRegressionModel"
    assert json.loads(metadata["feature_names"]) == ["sepal_length", "sepal_width", "petal_length", "petal_width"]
    assert json.loads(metadata["classes"]) == load_iris().target_names.tolist()
    schema = json.loads((ROOT / "schemas" / "iris-input.json").read_text())
    assert json.loads(metadata["feature_names"]) == list(schema["properties"])


def test_training_again_makes_the_same_file(tmp_path):
    again = tmp_path / "iris.onnx"
    run = subprocess.run(
        [sys.executable, str(ROOT / "training" / "train.py"), "--output", str(again)], capture_output=True, text=True, check=True
    )
    assert again.read_bytes() == MODEL.read_bytes()
    assert "10-fold cross-validation: accuracy 0.967" in run.stdout
