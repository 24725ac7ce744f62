"""Take the published model out of its package, measure it, write its goldens. Nothing is trained here.

    python -m venv /tmp/train && /tmp/train/bin/pip install -r requirements.txt
    /tmp/train/bin/pip download --no-deps --no-binary :all: -d /tmp/train pocketsphinx==5.1.1
    /tmp/train/bin/python export.py /tmp/train/pocketsphinx-5.1.1.tar.gz

The package holds the model twice: as ONNX, which is served, and as the authors' TorchScript, which computes the goldens
in PyTorch. Of the second package only recordings and their word times are read; its code is not run.
"""

import argparse
import hashlib
import json
import tarfile
import warnings
from dataclasses import dataclass
from importlib.metadata import distribution, version
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from sklearn.metrics import roc_auc_score

HERE = Path(__file__).parent
MODEL = HERE / "speech.onnx"
PUBLISHED = "silero_vad/data/silero_vad_16k_sequence.onnx"
TWIN = "silero_vad/data/silero_vad.jit"
SPEECH_SHA256 = "675778b309a22dfc9b7d37f7621976bba491d2a5f8c59696bd77fd6d07271355"
SEED = 20260101
RATE = 16_000
FRAME = 512  # samples, 32 ms
CONTEXT = 64  # the last samples of the frame before, which the model sees again
GOLDEN_CLIP = "sense_and_sensibility_01_austen_64kb-0880"
GOLDEN_FRAMES = 64  # the clip's first 2.05 s
LABELS = ["no speech", "speech"]
TOLERANCE = {"atol": 1e-4, "rtol": 1e-3}


@dataclass(frozen=True)
class Clip:
    """One recording with the times of its words."""

    name: str
    audio: np.ndarray
    """Samples from -1 to 1 at RATE, whole frames."""
    truth: np.ndarray
    """Per frame, whether a word covers most of it."""


def packaged(path: str) -> bytes:
    """A file of the installed silero-vad."""
    return Path(str(distribution("silero-vad").locate_file(path))).read_bytes()


def clips(source: Path) -> list[Clip]:
    """The five LibriVox sentences of the speech package, with the word times it ships for them."""
    if not source.is_file() or hashlib.sha256(source.read_bytes()).hexdigest() != SPEECH_SHA256:
        raise SystemExit(f"{source}: not the package this example was measured on")
    files: dict[str, bytes] = {}
    with tarfile.open(source) as archive:
        for member in archive.getmembers():
            path = Path(member.name)
            content = archive.extractfile(member) if path.parent.name == "librivox" else None
            if content is not None:
                files[path.name] = content.read()
    names = sorted(name.removesuffix(".wav") for name in files if name.endswith(".wav"))
    return [_clip(name, files[f"{name}.wav"], files[f"{name}.json"]) for name in names]


def _clip(name: str, wave: bytes, times: bytes) -> Clip:
    samples = np.frombuffer(wave[wave.index(b"data") + 8 :], dtype="<i2").astype(np.float32) / 32768
    audio = samples[: len(samples) // FRAME * FRAME]
    words = np.zeros(len(audio))
    for word in json.loads(times)["w"]:
        if not word["t"].startswith(("<", "[")):
            words[round(word["b"] * RATE) : round((word["b"] + word["d"]) * RATE)] = 1
    return Clip(name, audio, words.reshape(-1, FRAME).mean(axis=1) >= 0.5)


def frames(audio: np.ndarray) -> np.ndarray:
    """Audio -> [frames, 576]: each frame behind the last samples of the one before, as the ONNX file takes it."""
    rows = audio.reshape(-1, FRAME)
    before = np.vstack([np.zeros((1, CONTEXT), np.float32), rows[:-1, -CONTEXT:]])
    return np.hstack([before, rows])


@torch.no_grad()
def ask(twin: torch.jit.ScriptModule, audio: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """PyTorch's speech probability of each frame, and the two states after the last."""
    twin.reset_states()
    says = [float(twin(torch.from_numpy(row.copy()).unsqueeze(0), RATE)) for row in audio.reshape(-1, FRAME)]
    hidden, cell = twin._state.numpy()  # noqa: SLF001 -- the authors' script keeps its state under this name
    return np.array(says, np.float32), hidden.reshape(1, 1, -1).copy(), cell.reshape(1, 1, -1).copy()


def pink(length: int) -> np.ndarray:
    """Noise whose power falls with frequency, made here: a stand-in for a street."""
    spectrum = np.fft.rfft(np.random.default_rng(SEED).standard_normal(length))
    spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
    noise = np.fft.irfft(spectrum, length)
    return (noise / noise.std()).astype(np.float32)


def interval(per_clip: list[tuple[np.ndarray, np.ndarray]], draws: int = 2000) -> list[float]:
    """95 % percentile interval of the ROC area by a seeded bootstrap over clips: frames of one clip hang together."""
    rng = np.random.default_rng(SEED)
    areas: list[float] = []
    for _ in range(draws):
        pick = [per_clip[index] for index in rng.integers(0, len(per_clip), len(per_clip))]
        areas.append(roc_auc_score(np.concatenate([truth for truth, _ in pick]), np.concatenate([s for _, s in pick])))
    return [round(float(edge), 4) for edge in np.percentile(areas, [2.5, 97.5])]


def measure(twin: torch.jit.ScriptModule, spoken: list[Clip], decibels: float | None) -> dict[str, object]:
    """Quality over all frames of all clips, with made noise that many decibels below the speech, or as recorded."""
    per_clip: list[tuple[np.ndarray, np.ndarray]] = []
    for clip in spoken:
        level = 0 if decibels is None else clip.audio.std() / 10 ** (decibels / 20)
        per_clip.append((clip.truth, ask(twin, clip.audio + np.float32(level) * pink(len(clip.audio)))[0]))
    truth, says = (np.concatenate([pair[side] for pair in per_clip]) for side in (0, 1))
    alarm = says >= 0.5
    return {
        "frames": len(truth),
        "speech_frames": int(truth.sum()),
        "roc_auc": {"value": round(float(roc_auc_score(truth, says)), 4), "ci95_over_clips": interval(per_clip)},
        "speech_frames_found": round(float(alarm[truth].mean()), 4),
        "other_frames_called_speech": round(float(alarm[~truth].mean()), 4),
        "accuracy": round(float((alarm == truth).mean()), 4),
        "always_speech_accuracy": round(float(truth.mean()), 4),
    }


def write_goldens(twin: torch.jit.ScriptModule, clip: Clip) -> None:
    """The first two seconds of one recording, from a state of zeros; probabilities and last states by PyTorch."""
    audio = clip.audio[: GOLDEN_FRAMES * FRAME]
    says, hidden, cell = ask(twin, audio)
    zeros = np.zeros((1, 1, 128), np.float32)
    folder = HERE / "golden" / "test_data_set_0"
    folder.mkdir(parents=True, exist_ok=True)
    for kind, tensors in (
        ("input", {"input": frames(audio), "h": zeros, "c": zeros}),
        ("output", {"speech_probs": says, "hn": hidden, "cn": cell}),
    ):
        for index, (name, array) in enumerate(tensors.items()):
            (folder / f"{kind}_{index}.pb").write_bytes(numpy_helper.from_array(array, name).SerializeToString())
    samples = [
        {
            "source": f"{clip.name}.wav, {index * FRAME / RATE:.3f} to {(index + 1) * FRAME / RATE:.3f} s",
            "truth": LABELS[int(clip.truth[index])],
            "framework_says": LABELS[int(probability >= 0.5)],
            "probability": round(float(max(probability, 1 - probability)), 4),
        }
        for index, probability in enumerate(says)
    ]
    note = {
        "framework": f"torch {torch.__version__.split('+')[0]}",
        "computed_by": f"the authors' TorchScript in silero-vad {version('silero-vad')}",
        "tolerance": TOLERANCE,
        "labels": LABELS,
        "samples": samples,
    }
    (HERE / "golden" / "golden.json").write_text(json.dumps(note, indent=2) + "\n")


def main() -> None:
    arguments = argparse.ArgumentParser(description="Take the model out, measure, write goldens.")
    arguments.add_argument("source", type=Path, help="pocketsphinx-5.1.1.tar.gz")
    source = arguments.parse_args().source
    torch.set_num_threads(1)
    published = packaged(PUBLISHED)
    onnx.checker.check_model(onnx.load_from_string(published), full_check=True)
    MODEL.write_bytes(published)
    licence = distribution("silero-vad").read_text("licenses/LICENSE")
    assert licence is not None
    (HERE / "LICENSE.silero-vad").write_text(licence)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # TorchScript is the form the authors publish
        twin = torch.jit.load(str(distribution("silero-vad").locate_file(TWIN))).eval()
    spoken = clips(source)
    alone = np.concatenate([ask(twin, np.float32(level) * pink(RATE * 32))[0] for level in (0.003, 0.03, 0.3)])
    quality = {
        "clips": len(spoken),
        "as_recorded": measure(twin, spoken, None),
        "made_noise_10_dB_below": measure(twin, spoken, 10),
        "made_noise_0_dB_below": measure(twin, spoken, 0),
        "made_noise_alone": {"frames": len(alone), "called_speech": int((alone >= 0.5).sum())},
    }
    (HERE / "quality.json").write_text(json.dumps(quality, indent=2) + "\n")
    write_goldens(twin, next(clip for clip in spoken if clip.name == GOLDEN_CLIP))
    print(json.dumps(quality, indent=2))
    print(f"{MODEL.name}: {MODEL.stat().st_size} bytes, sha256:{hashlib.sha256(MODEL.read_bytes()).hexdigest()}")


if __name__ == "__main__":
    main()
