"""The walk-through as data: what is told, what is typed, how it ends."""

from dataclasses import dataclass

PULL = "aiinfra release pull --class-file classes/pathology-lab.yaml --site {site} --config {site}.toml --soak '3 s'"
SITES = ("lab-1", "lab-2", "lab-3")


@dataclass(frozen=True, slots=True)
class Step:
    """A paragraph, and what is typed after it."""

    text: str
    command: str
    code: int = 0
    """How the command must end."""
    server: bool = False
    """It goes on in the background until the story ends."""


def pull(site: str) -> str:
    """What a site's timer runs."""
    return PULL.format(site=site) + (" --wave 1" if site == "lab-1" else "")


def shipped(version: int, model: str) -> str:
    """A model becomes a release."""
    return (
        f"cp models/{model}.onnx cytology.onnx\n"
        "aiinfra model inspect --write . > facts.txt 2>&1\n"
        f"aiinfra release build . --version {version}\n"
        f"aiinfra release sign releases/cytology/{version} --key release.key\n"
        f"aiinfra release push releases/cytology/{version} oci:registry | tee pushed.txt"
    )


def promote(version: int, wave: int, *, new: bool = False) -> str:
    """The class file is edited."""
    known = """ \\\n  --digest "$(grep -o 'sha256:[0-9a-f]*' pushed.txt)\"""" if new else ""
    return f"aiinfra release promote {version} --class pathology-lab --wave {wave}{known}"


def ask(site: int, rows: int) -> str:
    """Traffic."""
    url = f"http://127.0.0.1:810{site}"
    return f"aiinfra bench --url {url} --model cytology --connections 1 --rate 50/s --seconds 3 --rows {rows}"


def answer(site: int) -> str:
    """One real sample."""
    return f"curl -s http://127.0.0.1:810{site}/v2/models/cytology/infer -d @sample.json"


GATE = (
    "curl -s http://127.0.0.1:8201/metrics > lab-1.prom\n"
    "aiinfra release gate --class pathology-lab --wave 1 --metrics lab-1.prom"
)
CONFIG = """\
cat > lab-{n}.toml <<'END'
[repository]
dir = "lab-{n}/models"
signers = ["release.pub"]
[http]
address = "127.0.0.1:810{n}"
[watch]
address = "127.0.0.1:820{n}"
END"""

STORY: tuple[Step, ...] = (
    Step(
        "## Before it begins\n\n"
        "A folder with the laboratory's declaration and its trained model, three more versions of "
        "that model (`tools/walkthrough/variants.py` says what is wrong with each), and a key to sign with. The class "
        "gets a third laboratory, and the first one tries things before the others: `wave: 1` in its row.",
        "cp -r $CHECKOUT/examples/hospital lab && cd lab\n"
        "python $CHECKOUT/tools/walkthrough/variants.py cytology.onnx models\n"
        "openssl ecparam -name prime256v1 -genkey -noout -out release.key && chmod 600 release.key\n"
        "openssl ec -in release.key -pubout -out release.pub 2> /dev/null\n"
        "sed -i -e 's/^model:/model:\\n  signer: release.pub/' \\\n"
        "  -e 's/- {name: lab-main,.*/- {name: lab-1, wave: 1}/' \\\n"
        "  -e 's/- {name: lab-north,.*/- {name: lab-2}\\n      - {name: lab-3}/' deployment.yaml\n"
        "ls",
    ),
    Step(
        "## Version 1, everywhere\n\n"
        "Built, signed, and pushed to the registry. Here that is an OCI layout, a folder; "
        "`registry.example.com/cytology` would do as well.",
        "aiinfra release build . --version 1\n"
        "aiinfra release sign releases/cytology/1 --key release.key\n"
        "aiinfra release push releases/cytology/1 oci:registry | tee pushed.txt",
    ),
    Step(
        "The class file says what each wave serves. It begins with a gate: no failed request, and at least a hundred "
        "answered.",
        "aiinfra release class pathology-lab --uri oci:registry --signer release.pub --version 1 --waves 2 \\\n"
        "  --digest \"$(grep -o 'sha256:[0-9a-f]*' pushed.txt)\"\n"
        "cat classes/pathology-lab.yaml",
    ),
    Step("Three sites: each a folder, and a server of its own.", "\n".join(CONFIG.format(n=n) for n in (1, 2, 3))),
    Step("Each fetches its first release.", "\n".join(pull(site) for site in SITES)),
    *[
        Step(
            "Now they can serve it." if n == 1 else "",
            f"aiinfra serve lab-{n}/models --config lab-{n}.toml > lab-{n}.log 2>&1 &",
            server=True,
        )
        for n in (1, 2, 3)
    ],
    Step(
        "A real sample, asked of the first: malignant.",
        "curl -s --retry 60 --retry-connrefused --retry-delay 1 http://127.0.0.1:8101/v2/health/ready\n" + answer(1),
    ),
    Step(
        "## A good release\n\nThe model was trained again.",
        shipped(2, "good"),
    ),
    Step(
        "The first wave gets it. What was edited is one line of the class file, which a colleague reviews.",
        promote(2, 1, new=True),
    ),
    Step("The laboratory of that wave takes it; the others have nothing to do.", f"{pull('lab-1')}\n{pull('lab-2')}"),
    Step("It answers, and after a while the gate is asked.", f"{ask(1, 1)}\n{GATE}"),
    Step("So the rest may have it.", f"{promote(2, 2)}\n{pull('lab-2')}\n{pull('lab-3')}"),
    Step(
        "## A bad release\n\n"
        "Version 3 was exported without the step that scales its inputs. It is signed like any "
        "other: a signature says who made it, not that it is right.",
        f"{shipped(3, 'bad')}\n{promote(3, 1, new=True)}",
    ),
    Step(
        "The laboratory tries it on its golden inputs before it may answer anybody, and refuses it.",
        pull("lab-1"),
        code=1,
    ),
    Step("Nobody saw it: the laboratory answers as before, with version 2.", answer(1)),
    Step("The class file goes back to version 2. It remembers which artifact that is.", promote(2, 1)),
    Step(
        "## A subtly bad release\n\n"
        "Version 4 has a buffer for eight rows. Its golden inputs have eight rows, so the "
        "trial passes, and so does the laboratory's own watch.",
        f"{shipped(4, 'subtle')}\n{promote(4, 1, new=True)}\n{pull('lab-1')}",
    ),
    Step("By day it is asked one sample at a time, and is right.", ask(1, 1)),
    Step("At night the whole day's slides are asked again, 32 at a time.", ask(1, 32), code=1),
    Step("The gate has seen it. The other laboratories never get version 4.", GATE, code=1),
    Step(
        "## A cut link, and the way back\n\nThe rollback is the same command with the older version.",
        promote(2, 1),
    ),
    Step(
        "Just now the registry cannot be reached. The laboratory cannot take anything, and goes on with what it has.",
        f"mv registry registry.away\n{pull('lab-1')}",
        code=1,
    ),
    Step("Every laboratory answers on without a link.", f"{answer(1)}; echo\n{answer(3)}"),
    Step("The link is back, and the next run takes the older version.", f"mv registry.away registry\n{pull('lab-1')}"),
    Step("The night's work, once more.", ask(1, 32)),
    Step("What happened at this site is kept there.", "aiinfra release history --repository lab-1/models"),
)
