"""One run brings a site to a release, or leaves it as it was; whatever it says, the repository is whole."""

import json
from pathlib import Path

import pytest

from aiinfra.errors import AiinfraError
from aiinfra.release.manifest import TierConstraint
from aiinfra.release.record import on_cpu
from aiinfra.release.sign import dev_key, public_key, sign
from aiinfra.release.trial import try_release
from aiinfra.release.verify import verify
from aiinfra.rollout import pull as pulling
from aiinfra.rollout.home import Begun, Home
from aiinfra.rollout.observe import Seen
from aiinfra.rollout.pull import Outcome, Result, finish
from aiinfra.rollout.soak import Limits
from aiinfra.units import Duration
from tests.rollout.conftest import Timeline


def code(call, *arguments, **options):
    with pytest.raises(AiinfraError) as caught:
        call(*arguments, **options)
    assert "\n" not in caught.value.message
    return caught.value.code


@pytest.fixture(autouse=True)
def vetted_here(request, monkeypatch):
    """The child's work in this process, where a test is not about the child: it takes two seconds to start."""
    if "the_child" in request.fixturenames:
        return

    async def vet(file, settings, repository, limits):
        verify(file.parent, [Path(signer) for signer in repository.signers])
        try_release(file.parent, on_cpu(file)).require()

    monkeypatch.setattr(pulling, "vet", vet)


@pytest.fixture
def the_child():
    """Asks for the real one."""


def events(station):
    return [(e.event, e.version) for e in Home(station.models).record.entries()]


def watched(station, monkeypatch, *seen):
    """A site whose server says these things, one a look."""
    line = Timeline(*seen)
    monkeypatch.setattr(pulling, "look", lambda address, model: line.look())
    limits = Limits(Duration("1 min"), Duration("10 s"))
    return station.site(watch="127.0.0.1:9", limits=limits, clock=line.clock)


def test_the_first_release(station, factory, the_child):
    factory.ship("1")
    outcome = station.pull()
    assert (outcome.result, outcome.model, outcome.version, outcome.exit_code) == (Result.KEPT, "m", "1", 0)
    assert (station.current, station.versions, events(station)) == ("1", ["1"], [("serving", "1"), ("kept", "1")])
    verify(station.models / "m" / "1", [factory.signer])
    assert station.pull().result is Result.CURRENT
    assert events(station) == [("serving", "1"), ("kept", "1")]


def test_the_next_one_and_the_one_before_stay(station, factory):
    for version in ("1", "2", "3"):
        factory.ship(version, factor=float(version))
        station.pull()
    assert (station.current, station.versions) == ("3", ["2", "3"])
    factory.ship("2", factor=2.0)  # the centre goes back
    assert station.pull().result is Result.KEPT
    assert (station.current, station.versions) == ("2", ["2", "3"])


def test_one_that_is_bad_while_watched_is_rolled_back_and_not_taken_again(station, factory, monkeypatch):
    factory.ship("1", factor=1.0)
    station.pull()
    factory.ship("2")
    site = watched(station, monkeypatch, Seen(1.0, "2"), Seen(1.0, "2", 30, 30))
    outcome = station.pull(site=site)
    assert (outcome.result, outcome.exit_code) == (Result.ROLLED_BACK, 1)
    assert outcome.why == "30 of 60 requests failed (50.0%; allowed: 1 %)"
    assert station.current == "1"
    assert code(station.pull) == "release-rejected"
    assert station.pull(again=True).result is Result.KEPT
    assert station.current == "2"


def test_one_that_the_server_drops_is_rolled_back(station, factory, monkeypatch):
    factory.ship("1", factor=1.0)
    station.pull()
    factory.ship("2")
    assert station.pull(site=watched(station, monkeypatch, Seen(1.0, "1"))).result is Result.ROLLED_BACK
    assert station.current == "1"


def test_the_first_release_has_nothing_to_go_back_to(station, factory, monkeypatch):
    factory.ship("1")
    outcome = station.pull(site=watched(station, monkeypatch, Seen(1.0, "1", 0, 40)))
    assert (outcome.result, outcome.exit_code, station.current) == (Result.FAILING, 1, "1")


def test_one_that_fails_its_golden_trial_never_becomes_current(station, factory, the_child):
    factory.ship("1", factor=1.0)
    station.pull()
    factory.ship("2", factor=2.0, golden=3.0)
    assert code(station.pull) == "golden-mismatch"
    assert (station.current, station.versions, events(station)[-1]) == ("1", ["1"], ("refused", "2"))
    assert list((station.models / ".aiinfra" / "incoming").iterdir()) == []
    assert code(station.pull) == "release-rejected"


def test_one_that_is_not_signed_by_a_known_key_never_becomes_current(station, factory, tmp_path):
    factory.ship("1", factor=1.0)
    station.pull()
    good = factory.key
    factory.key = dev_key(tmp_path / "other")
    factory.ship("2")
    with pytest.raises(AiinfraError) as caught:
        station.pull()
    assert caught.value.code == "release-foreign-key"
    assert caught.value.message.startswith(f"{factory.place.text} is signed by the key ")
    assert (station.current, station.versions) == ("1", ["1"])
    factory.key = good
    sign(tmp_path / "built" / "m-2-2.0-None", good)
    factory.ship("2")
    assert station.pull().result is Result.KEPT


def test_another_model_another_pin_no_signers(station, factory):
    place = factory.ship("1", name="other")
    assert code(station.pull, place, model="m") == "release-other-model"
    factory.ship("1")
    assert code(station.pull, site=station.site(digest=f"sha256:{'0' * 64}")) == "model-digest"
    site = station.site()
    bare = site.config.model_copy(update={"repository": site.config.repository.model_copy(update={"signers": ()})})
    assert code(station.pull, site=pulling.Site(bare)) == "no-signers"
    assert station.versions == []


def test_a_release_for_another_tier(station, factory):
    factory.tiers = (TierConstraint(accelerator="jetson", execution_providers=("TensorrtExecutionProvider",)),)
    factory.ship("1")
    with pytest.raises(AiinfraError, match=r"m 1 is for jetson; this site runs CPUExecutionProvider") as caught:
        station.pull()
    assert caught.value.code == "release-other-tier"
    assert station.versions == []


def test_a_version_that_is_served_is_never_replaced_by_another(station, factory):
    factory.ship("1", factor=1.0)
    station.pull()
    before = (station.models / "m" / "1" / "model.onnx").read_bytes()
    factory.ship("1", factor=9.0)
    assert code(station.pull) == "release-exists"
    assert (station.models / "m" / "1" / "model.onnx").read_bytes() == before


def test_a_repository_that_a_person_filled_keeps_serving_what_it_did(station, factory):
    """Without ``current`` the newest is served; a version that arrives must not be served before its turn."""
    factory.ship("1", factor=1.0)
    station.pull()
    (station.models / "m" / "current").unlink()
    seen = []
    factory.ship("2")
    station.pull(site=station.site(say=lambda text: seen.append((text.split()[0], station.current))))
    assert ("kept:", "2") in seen
    assert [e.why for e in Home(station.models).record.entries() if e.event == "serving"][1] == "before: 1"


def test_two_at_once(station, factory):
    factory.ship("1")
    with Home(station.models).locked():
        assert code(station.pull) == "pull-running"
    assert station.pull().result is Result.KEPT


def test_placed_now_and_watched_later(station, factory, monkeypatch):
    factory.ship("1", factor=1.0)
    station.pull()
    factory.ship("2")
    assert station.pull(watched=False).result is Result.PLACED
    assert station.current == "2"
    outcome = finish(watched(station, monkeypatch, Seen(1.0, "2", 0, 40)))
    assert (outcome.result, station.current) == (Result.ROLLED_BACK, "1")
    assert finish(station.site()) == Outcome(Result.NOTHING)


@pytest.mark.parametrize("verdict", ["", "keep", "back"])
@pytest.mark.parametrize("named", ["1", "2"])
def test_what_a_killed_run_began_is_finished(verdict, named, station, factory, monkeypatch):
    """Between remembering and doing, and after a decision: wherever ``current`` was left."""
    factory.ship("1", factor=1.0)
    station.pull()
    factory.ship("2")
    station.pull(watched=False)
    home = Home(station.models)
    begun = home.begun()
    home.begin(begun.decided(verdict, "so it was") if verdict else begun)
    home.make_current("m", named)
    if verdict == "keep" and named == "1":
        return  # a version is kept only while it is current
    outcome = finish(watched(station, monkeypatch, Seen(1.0, "2", 40)))
    back = verdict == "back"
    assert (outcome.result, station.current) == ((Result.ROLLED_BACK, "1") if back else (Result.KEPT, "2"))
    assert home.begun() is None


def test_what_was_begun_on_a_version_that_is_gone_is_dropped(station, factory):
    factory.ship("1")
    station.pull()
    Home(station.models).begin(Begun("m", "7", "sha256:0", "1"))
    assert finish(station.site()).result is Result.NOTHING
    assert station.current == "1"


def test_the_command_line(station, factory, tmp_path):
    from click.testing import CliRunner

    from aiinfra.cli.release import command

    factory.ship("1")
    words = ["pull", factory.place.text, "--repository", str(station.models), "--signer", str(factory.signer)]
    ran = CliRunner().invoke(command, [*words, "--json"], catch_exceptions=False)
    assert (ran.exit_code, json.loads(ran.stdout)["data"]["result"]) == (0, "kept")
    assert "verifying and trying m 1" in ran.stderr
    ran = CliRunner().invoke(command, words, catch_exceptions=False)
    assert ran.stdout == "m 1 is served already\n"
    ran = CliRunner().invoke(command, ["history", "--repository", str(station.models)], catch_exceptions=False)
    assert ran.stdout.splitlines()[0][27:] == "m 1  serving: before: nothing"
    gone = ["pull", "127.0.0.1:9/m:1", "--plain-http", *words[2:]]
    assert code(CliRunner().invoke, command, gone, catch_exceptions=False) == "link-lost"
    ran = CliRunner().invoke(command, [*gone, "--or-keep", "--model", "m"], catch_exceptions=False)
    assert (ran.exit_code, "goes on with what is here" in ran.stdout) == (0, True)
    empty = ["pull", "127.0.0.1:9/m:1", "--repository", str(tmp_path / "none"), *words[4:], "--or-keep", "--plain-http"]
    assert code(CliRunner().invoke, command, empty, catch_exceptions=False) == "link-lost"
    assert code(CliRunner().invoke, command, ["pull"], catch_exceptions=False) == "pull-needs"
    assert CliRunner().invoke(command, [*words, "--soak", "10"]).exit_code == 2
    typo = ["history", "--repository", str(tmp_path / "nowhere")]
    assert code(CliRunner().invoke, command, typo, catch_exceptions=False) == "repository-absent"
    other = [*words, "--model", "n"]
    assert code(CliRunner().invoke, command, other, catch_exceptions=False) == "release-other-model"
    far = [*words, "--watch", "10.0.0.1:80"]
    with pytest.raises(AiinfraError) as told:
        CliRunner().invoke(command, far, catch_exceptions=False)
    assert told.value.message == (
        "--watch: 10.0.0.1:80 can be reached from other machines: watch is on loopback, like 127.0.0.1:9091"
    )


def test_where_a_release_stands_nothing_is_asked_and_a_damaged_one_is_replaced(station, factory, tmp_path):
    from click.testing import CliRunner

    from aiinfra.cli.release import command

    factory.ship("1")
    words = ["pull", factory.place.text, "--repository", str(station.models), "--signer", str(factory.signer)]
    first = [*words, "--first", "--no-watch", "--model", "m"]
    ran = CliRunner().invoke(command, first, catch_exceptions=False)
    assert ran.stdout == "m 1 is current: made current; not watched yet\n"
    factory.ship("2")
    ran = CliRunner().invoke(command, first, catch_exceptions=False)
    assert ran.stdout == "m 1 is served already: it is here and as it was signed; nothing was asked\n"
    (station.models / "m" / "1" / "release.json").write_text("{}")
    ran = CliRunner().invoke(command, first, catch_exceptions=False)
    assert "m 1 is here, and cannot be served: " in ran.stderr
    assert (station.current, station.versions) == ("2", ["2"])
    (station.models / "m" / "2" / "model.onnx").write_bytes(b"rotten")
    ran = CliRunner().invoke(command, first, catch_exceptions=False)  # the same version is fetched again
    assert ran.stdout == "m 2 is current: made current; not watched yet\n"
    factory.ship("3", factor=3.0)
    CliRunner().invoke(command, words, catch_exceptions=False)
    assert (station.current, station.versions) == ("3", ["2", "3"])
    (station.models / "m" / "3" / "model.onnx").write_bytes(b"rotten")
    gone = ["pull", "127.0.0.1:9/m:1", "--plain-http", *first[2:]]
    ran = CliRunner().invoke(command, gone, catch_exceptions=False)  # rather an older one than none
    assert ran.exit_code == 0
    assert (station.current, station.versions) == ("2", ["2"])
    assert [event for event, _ in events(station)].count("damaged") == 3
    foreign = [word.replace(str(factory.signer), str(public_key(dev_key(tmp_path / "other")))) for word in gone]
    assert code(CliRunner().invoke, command, foreign, catch_exceptions=False) == "link-lost"
    assert station.versions == ["2"]  # a wrong signer in the configuration costs no release
    (station.models / "m" / "2" / "model.onnx").write_bytes(b"rotten")
    assert code(CliRunner().invoke, command, gone, catch_exceptions=False) == "link-lost"
    assert code(CliRunner().invoke, command, [*words, "--first"], catch_exceptions=False) == "pull-needs"
