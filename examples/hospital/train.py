"""Train the example's model, measure it on held-out patients, export it to ONNX, write its goldens.

Run with this folder's own requirements (they are not the product's):

    python -m venv /tmp/train && /tmp/train/bin/pip install -r requirements.txt && /tmp/train/bin/python train.py

Everything is seeded, and the fitted numbers are rounded before export, so that the ONNX file has the same digest on
every machine. The goldens are computed by scikit-learn, never by the runtime that will serve the model.
"""

import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
import sklearn
from onnx import numpy_helper
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import RepeatedStratifiedKFold, cross_val_score, train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

HERE = Path(__file__).parent
MODEL = HERE / "cytology.onnx"
SEED = 20260101
LABELS = ["malignant", "benign"]  # the data set's own order: target 0 is malignant
GOLDEN_PER_CLASS = 4
TOLERANCE = {"atol": 1e-5, "rtol": 1e-4}


def wilson(successes: int, total: int, z: float = 1.96) -> list[float]:
    """The 95 % Wilson score interval of a proportion."""
    share = successes / total
    middle = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z * np.sqrt(share * (1 - share) / total + z * z / (4 * total * total)) / (1 + z * z / total)
    return [round(float(middle - half), 4), round(float(middle + half), 4)]


def auc_interval(truth: np.ndarray, score: np.ndarray, draws: int = 2000) -> list[float]:
    """The 95 % percentile interval of the area under the ROC curve, by a seeded bootstrap over patients."""
    rng = np.random.default_rng(SEED)
    picks = (rng.integers(0, len(truth), len(truth)) for _ in range(draws))
    areas = [roc_auc_score(truth[pick], score[pick]) for pick in picks if 0 < truth[pick].sum() < len(pick)]
    return [round(float(edge), 4) for edge in np.percentile(areas, [2.5, 97.5])]


def fit(x: np.ndarray, y: np.ndarray) -> Pipeline:
    """Standardise, then a logistic regression; parameters rounded, so that every machine exports the same bytes."""
    pipeline = make_pipeline(StandardScaler(), LogisticRegression(C=0.5, solver="newton-cholesky", tol=1e-10))
    pipeline.fit(x.astype(np.float64), y)
    scaler, regression = pipeline[0], pipeline[1]
    scaler.mean_ = np.array([float(f"{value:.6g}") for value in scaler.mean_])
    scaler.scale_ = np.array([float(f"{value:.6g}") for value in scaler.scale_])
    regression.coef_ = regression.coef_.round(4)
    regression.intercept_ = regression.intercept_.round(4)
    return pipeline


def measure(pipeline: Pipeline, split: list[np.ndarray]) -> dict[str, object]:
    """Quality on the held-out patients; malignant is the class that must not be missed."""
    x_train, x_test, y_train, y_test = split
    says = pipeline.predict(x_test)
    malignant = y_test == 0
    caught, spared = int((says[malignant] == 0).sum()), int((says[~malignant] == 1).sum())
    right, p_malignant = int((says == y_test).sum()), pipeline.predict_proba(x_test)[:, 0]
    folds = RepeatedStratifiedKFold(n_splits=10, n_repeats=5, random_state=SEED)
    unrounded = make_pipeline(StandardScaler(), LogisticRegression(C=0.5, max_iter=10_000))
    cross = cross_val_score(unrounded, x_train, y_train, cv=folds)
    return {
        "held_out": {"patients": len(y_test), "malignant": int(malignant.sum()), "benign": int((~malignant).sum())},
        "trained_on": {"patients": len(y_train), "malignant": int((y_train == 0).sum())},
        "accuracy": {"value": round(right / len(y_test), 4), "right": right, "ci95": wilson(right, len(y_test))},
        "sensitivity_malignant": {
            "value": round(caught / int(malignant.sum()), 4),
            "caught": caught,
            "ci95": wilson(caught, int(malignant.sum())),
        },
        "specificity": {
            "value": round(spared / int((~malignant).sum()), 4),
            "spared": spared,
            "ci95": wilson(spared, int((~malignant).sum())),
        },
        "roc_auc": {
            "value": round(float(roc_auc_score(malignant, p_malignant)), 4),
            "ci95": auc_interval(malignant, p_malignant),
        },
        "always_benign_accuracy": round(float((~malignant).mean()), 4),
        "cross_validation_on_training_part": {
            "accuracy_mean": round(float(cross.mean()), 4),
            "accuracy_sd_over_50_folds": round(float(cross.std()), 4),
        },
    }


def export(pipeline: Pipeline) -> None:
    """Write the ONNX file: one FP32 input, one FP32 output, any batch size."""
    classifier = pipeline[-1]
    proto = to_onnx(
        pipeline,
        initial_types=[("features", FloatTensorType([None, 30]))],
        options={id(classifier): {"zipmap": False}},
        target_opset={"": 17, "ai.onnx.ml": 3},
    )
    assert isinstance(proto, onnx.ModelProto)
    del proto.graph.output[0]  # the label: the probabilities say it too, and the declaration names the classes
    proto.graph.output[0].type.tensor_type.shape.dim[1].dim_value = len(LABELS)
    for tensor in (proto.graph.input[0], proto.graph.output[0]):
        tensor.type.tensor_type.shape.dim[0].dim_param = "batch"
    proto.graph.name = "cytology"
    used = {name for node in proto.graph.node for name in node.input} | {value.name for value in proto.graph.output}
    for node in [node for node in proto.graph.node if not used.intersection(node.output)]:
        proto.graph.node.remove(node)
    versions = {opset.domain: opset.version for opset in proto.opset_import}  # the converter repeats a domain
    del proto.opset_import[:]
    proto.opset_import.extend(onnx.helper.make_opsetid(domain, versions[domain]) for domain in sorted(versions))
    onnx.checker.check_model(proto, full_check=True)
    MODEL.write_bytes(proto.SerializeToString(deterministic=True))


def write_goldens(pipeline: Pipeline, x: np.ndarray, y: np.ndarray, rows: np.ndarray) -> None:
    """The first held-out patients of each class, in the order of the split, right or wrong: no picking."""
    picks = np.concatenate([np.flatnonzero(y == label)[:GOLDEN_PER_CLASS] for label in (0, 1)])
    given, wanted = x[picks], pipeline.predict_proba(x[picks]).astype(np.float32)
    folder = HERE / "golden" / "test_data_set_0"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "input_0.pb").write_bytes(numpy_helper.from_array(given, "features").SerializeToString())
    (folder / "output_0.pb").write_bytes(numpy_helper.from_array(wanted, "probabilities").SerializeToString())
    samples = [
        {
            "source": f"row {rows[pick]} of sklearn.datasets.load_breast_cancer()",
            "truth": LABELS[y[pick]],
            "framework_says": LABELS[int(probabilities.argmax())],
            "probability": round(float(probabilities.max()), 4),
        }
        for pick, probabilities in zip(picks, wanted, strict=True)
    ]
    note = {
        "framework": f"scikit-learn {sklearn.__version__}",
        "computed_by": "Pipeline.predict_proba in train.py",
        "tolerance": TOLERANCE,
        "samples": samples,
    }
    (HERE / "golden" / "golden.json").write_text(json.dumps(note, indent=2) + "\n")


def main() -> None:
    data = load_breast_cancer()
    x, y, rows = data.data.astype(np.float32), data.target, np.arange(len(data.target))
    x_train, x_test, y_train, y_test, _, rows_test = train_test_split(
        x, y, rows, test_size=0.3, stratify=y, random_state=SEED
    )
    pipeline = fit(x_train, y_train)
    quality = measure(pipeline, [x_train, x_test, y_train, y_test])
    (HERE / "quality.json").write_text(json.dumps(quality, indent=2) + "\n")
    export(pipeline)
    write_goldens(pipeline, x_test, y_test, rows_test)
    print(json.dumps(quality, indent=2))
    print(f"{MODEL.name}: {MODEL.stat().st_size} bytes, sha256:{hashlib.sha256(MODEL.read_bytes()).hexdigest()}")


if __name__ == "__main__":
    main()
