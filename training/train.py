#!/usr/bin/env python3
"""Trains the iris model and writes it as one self-describing ONNX file.

The model that ships is fitted on all 150 flowers. How well such a model does on flowers it has not
seen is measured first, on data held out from it, and printed.
"""

import argparse
import hashlib
import json
import os
import pathlib
import sys

# OpenBLAS picks its kernels by processor, and they differ in the last bit: one kind that every x86_64
# has, on one thread, gives the same file on every machine. Must be set before NumPy is imported.
os.environ["OPENBLAS_CORETYPE"] = "Prescott"
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np
import onnx
import onnxruntime
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, classification_report, confusion_matrix
from sklearn.model_selection import StratifiedKFold, cross_val_score, train_test_split

NAME = "iris"
FEATURE_NAMES = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
# Old enough for every ONNX Runtime since 1.10: the file outlives the runtime it was made beside.
TARGET_OPSET = {"": 15, "ai.onnx.ml": 3}
IR_VERSION = 8
SEED = 20221229


def new_classifier():
    return LogisticRegression(max_iter=200)


def evaluate(features, labels, classes):
    """Prints how the classifier does on data that it was not fitted on."""
    train_x, test_x, train_y, test_y = train_test_split(
        features, labels, test_size=0.2, stratify=labels, random_state=SEED
    )
    predicted = new_classifier().fit(train_x, train_y).predict(test_x)
    print(f"held out: fitted on {len(train_y)}, asked about {len(test_y)}: accuracy {accuracy_score(test_y, predicted):.3f}")
    print(classification_report(test_y, predicted, target_names=classes, digits=3))
    print("confusion (rows: truth, columns: answer)")
    print(confusion_matrix(test_y, predicted))
    folds = StratifiedKFold(n_splits=10, shuffle=True, random_state=SEED)
    scores = cross_val_score(new_classifier(), features, labels, cv=folds)
    print(f"10-fold cross-validation: accuracy {scores.mean():.3f} (standard deviation {scores.std():.3f}, worst fold {scores.min():.3f})")


def export(classifier, classes, version):
    """The fitted classifier as an ONNX file's bytes, with all that a reader needs to know about it."""
    model = convert_sklearn(
        classifier,
        name=NAME,
        initial_types=[("features", FloatTensorType([None, len(FEATURE_NAMES)]))],
        # One tensor of labels and one of probabilities; with ZipMap it would be a map for each row.
        options={id(classifier): {"zipmap": False}},
        target_opset=TARGET_OPSET,
    )
    model.ir_version = IR_VERSION
    # The converter names the default domain twice.
    opsets = {entry.domain: entry.version for entry in model.opset_import}
    del model.opset_import[:]
    model.opset_import.extend(onnx.helper.make_opsetid(domain, version) for domain, version in sorted(opsets.items()))
    onnx.helper.set_model_props(
        model,
        {
            "name": NAME,
            "version": version,
            "model_type": f"{type(classifier).__name__}Model",
            "feature_names": json.dumps(FEATURE_NAMES),
            "classes": json.dumps(classes),
        },
    )
    onnx.checker.check_model(model)
    return model.SerializeToString(deterministic=True)


def check_same(onnx_bytes, classifier, features):
    """Ends the program if ONNX Runtime does not answer what scikit-learn answers."""
    session = onnxruntime.InferenceSession(onnx_bytes, providers=["CPUExecutionProvider"])
    labels, probabilities = session.run(["label", "probabilities"], {"features": features.astype(np.float32)})
    different = np.flatnonzero(labels != classifier.predict(features))
    if different.size:
        sys.exit(f"the exported model answers differently from scikit-learn for rows {different.tolist()}")
    distance = np.abs(probabilities - classifier.predict_proba(features)).max()
    if distance > 1e-5:
        sys.exit(f"the exported model's probabilities are up to {distance:.2g} off scikit-learn's")
    print(f"exported model: answers as scikit-learn for all {len(features)} rows")


def main():
    default_output = pathlib.Path(__file__).resolve().parent.parent / "models" / "iris.onnx"
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=pathlib.Path, default=default_output, help="the file to write (default: models/iris.onnx)")
    parser.add_argument("--model-version", default="1.0.0", help="recorded in the file (default: %(default)s)")
    arguments = parser.parse_args()

    iris = load_iris()
    classes = [str(name) for name in iris.target_names]
    evaluate(iris.data, iris.target, classes)

    classifier = new_classifier().fit(iris.data, iris.target)
    onnx_bytes = export(classifier, classes, arguments.model_version)
    check_same(onnx_bytes, classifier, iris.data)

    # A running service watches this file: it must never see half of it.
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    unfinished = arguments.output.with_name(arguments.output.name + ".new")
    unfinished.write_bytes(onnx_bytes)
    unfinished.replace(arguments.output)
    print(f"wrote {arguments.output.name}: {len(onnx_bytes)} bytes, SHA-256 {hashlib.sha256(onnx_bytes).hexdigest()}")


if __name__ == "__main__":
    main()
