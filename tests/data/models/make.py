#!/usr/bin/env python3
"""Makes the small model files of this folder: good ones beside iris, and one for every way to be bad.

    build/training/bin/python tests/data/models/make.py

Needs what training/requirements.txt lists. The files are committed, so that the unit tests need no Python.
"""

import json
import pathlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

HERE = pathlib.Path(__file__).resolve().parent
FEATURES = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
CLASSES = ["setosa", "versicolor", "virginica"]
OPSETS = [helper.make_opsetid("", 15)]
METADATA = {
    "name": "iris",
    "version": "2.0.0",
    "model_type": "TestModel",
    "feature_names": json.dumps(FEATURES),
    "classes": json.dumps(CLASSES),
}


def metadata(**changes):
    """The usual metadata with some of it changed; None leaves a key out."""
    return {key: value for key, value in {**METADATA, **changes}.items() if value is not None}


def write(name, model, properties):
    if properties:
        helper.set_model_props(model, properties)
    (HERE / f"{name}.onnx").write_bytes(model.SerializeToString(deterministic=True))


def tensor(name, kind, *shape):
    return helper.make_tensor_value_info(name, kind, list(shape))


def graph(nodes, inputs, outputs, constants=()):
    initializers = [numpy_helper.from_array(value, name) for name, value in constants]
    made = helper.make_graph(nodes, "test", inputs, outputs, initializers)
    model = helper.make_model(made, opset_imports=OPSETS, producer_name="nearline tests")
    model.ir_version = 8
    return model


def rounding(kind=TensorProto.FLOAT, rows=None, columns=4):
    """Answers the first feature, rounded down, as the number of the class."""
    nodes = [
        helper.make_node("Gather", ["features", "first"], ["column"], axis=1),
        helper.make_node("Floor", ["column"], ["floor"]),
        helper.make_node("Cast", ["floor"], ["label"], to=TensorProto.INT64),
    ]
    return graph(
        nodes,
        [tensor("features", kind, rows, columns)],
        [tensor("label", TensorProto.INT64, rows)],
        [("first", np.array(0, dtype=np.int64))],
    )


def trained(target, zipmap):
    iris = load_iris()
    classifier = LogisticRegression(max_iter=200).fit(iris.data, target(iris))
    return convert_sklearn(
        classifier,
        name="test",
        initial_types=[("features", FloatTensorType([None, 4]))],
        options={id(classifier): {"zipmap": zipmap}},
        target_opset={"": 15, "ai.onnx.ml": 1},
    )


def main():
    # Good.
    write("rounding", rounding(), metadata())
    write("rounding_other_order", rounding(), metadata(feature_names=json.dumps(FEATURES[::-1])))
    write("text_labels", trained(lambda iris: iris.target_names[iris.target], False), metadata())

    # Its metadata is bad.
    write("no_metadata", rounding(), None)
    write("no_classes", rounding(), metadata(classes=None, version=""))
    write("feature_names_no_json", rounding(), metadata(feature_names="sepal_length, sepal_width"))
    write("feature_names_no_array", rounding(), metadata(feature_names='{"a": 1}'))
    write("feature_names_numbers", rounding(), metadata(feature_names="[1, 2, 3, 4]"))
    write("feature_names_twice", rounding(), metadata(feature_names='["a", "b", "a", "c"]'))
    write("feature_names_three", rounding(), metadata(feature_names=json.dumps(FEATURES[:3])))
    write("classes_one", rounding(), metadata(classes='["setosa"]'))
    write("classes_four", trained(lambda iris: iris.target, False), metadata(classes=json.dumps(CLASSES + ["rosa"])))
    write("classes_unknown_text", trained(lambda iris: iris.target_names[iris.target], False), metadata(classes='["a", "b", "c"]'))

    # Its inputs or outputs are.
    write("zipmap", trained(lambda iris: iris.target, True), metadata())
    write("input_double", rounding(kind=TensorProto.DOUBLE), metadata())
    write("input_fixed_batch", rounding(rows=1), metadata())
    two = graph(
        [helper.make_node("Add", ["a", "b"], ["sum"]), helper.make_node("Cast", ["sum"], ["label"], to=TensorProto.INT64)],
        [tensor("a", TensorProto.FLOAT, None), tensor("b", TensorProto.FLOAT, None)],
        [tensor("label", TensorProto.INT64, None)],
    )
    write("inputs_two", two, metadata())
    no_label = graph(
        [helper.make_node("Softmax", ["features"], ["probabilities"], axis=1)],
        [tensor("features", TensorProto.FLOAT, None, 4)],
        [tensor("probabilities", TensorProto.FLOAT, None, 4)],
    )
    write("no_label", no_label, metadata())
    one_answer = graph(
        [
            helper.make_node("ReduceMax", ["features"], ["most"], axes=[0, 1], keepdims=0),
            helper.make_node("Unsqueeze", ["most", "axis"], ["column"]),
            helper.make_node("Cast", ["column"], ["label"], to=TensorProto.INT64),
        ],
        [tensor("features", TensorProto.FLOAT, None, 4)],
        [tensor("label", TensorProto.INT64, None)],
        [("axis", np.array([0], dtype=np.int64))],
    )
    write("one_answer_for_all_rows", one_answer, metadata())

    # Good files that don't fit the iris topics.
    write("other_name", rounding(), metadata(name="tulip"))
    write("other_features", rounding(), metadata(feature_names='["length", "width", "height", "weight"]'))
    write("fewer_features", rounding(columns=3), metadata(feature_names=json.dumps(FEATURES[:3])))


if __name__ == "__main__":
    main()
