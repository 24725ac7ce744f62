"""Three more versions of the laboratory's model: a good one, a bad one, and one that is bad only with many rows;
and ``sample.json``, a request with a real sample.

Usage: python variants.py cytology.onnx OUT
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper


def scaler(model: onnx.ModelProto) -> onnx.NodeProto:
    """The node that brings measurements to one scale before the classifier."""
    return next(node for node in model.graph.node if node.op_type == "Scaler")


def good(model: onnx.ModelProto) -> None:
    """Trained again: its weights differ a little, its answers stay within the tolerance."""
    classifier = next(node for node in model.graph.node if node.op_type == "LinearClassifier")
    weights = next(attribute for attribute in classifier.attribute if attribute.name == "coefficients")
    weights.floats[:] = [value * (1 + 1e-5) for value in weights.floats]


def bad(model: onnx.ModelProto) -> None:
    """Exported with the scaling left out, as happens when a pipeline is exported without its first step."""
    attributes = {attribute.name: attribute for attribute in scaler(model).attribute}
    attributes["scale"].floats[:] = [1.0] * len(attributes["scale"].floats)


def subtle(model: onnx.ModelProto) -> None:
    """Exported with a buffer for eight rows: right for up to eight, an error above. Its golden inputs have eight."""
    graph, first = model.graph, scaler(model)
    graph.initializer.extend(
        [
            numpy_helper.from_array(np.zeros((8, 1), np.float32), "buffer"),
            numpy_helper.from_array(np.array(0, np.int64), "zero"),
            numpy_helper.from_array(np.array(1, np.int64), "one"),
        ]
    )
    nodes = [
        helper.make_node("Shape", ["features"], ["sizes"]),
        helper.make_node("Gather", ["sizes", "zero"], ["rows"]),
        helper.make_node("Range", ["zero", "rows", "one"], ["places"]),
        helper.make_node("Gather", ["buffer", "places"], ["taken"]),
        helper.make_node("Add", ["features", "taken"], ["buffered"]),
    ]
    first.input[0] = "buffered"
    for place, node in enumerate(nodes):
        graph.node.insert(place, node)


def main() -> None:
    """Write them."""
    source, out = Path(sys.argv[1]), Path(sys.argv[2])
    out.mkdir(exist_ok=True)
    for change in (good, bad, subtle):
        model = onnx.load(source)
        change(model)
        onnx.checker.check_model(model)
        (out / f"{change.__name__}.onnx").write_bytes(model.SerializeToString(deterministic=True))
    golden = onnx.TensorProto.FromString((source.parent / "golden" / "test_data_set_0" / "input_0.pb").read_bytes())
    row = [round(float(value), 6) for value in numpy_helper.to_array(golden)[0]]
    sample = {"inputs": [{"name": "features", "datatype": "FP32", "shape": [1, len(row)], "data": row}]}
    Path("sample.json").write_text(json.dumps(sample) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
