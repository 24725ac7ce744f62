from aiinfra.catalogue.accelerators import accelerators
from aiinfra.catalogue.instances import instances


def test_facts_of_an_instance():
    p5 = instances()["p5.48xlarge"]
    assert (p5.accelerator, p5.accelerators, p5.efa, p5.vcpus) == ("h100-sxm", 8, 32, 192)
    assert p5.price("us-east-1").value == 55.04
    assert str(p5.price("us-east-1").source.date) == "2026-07-20"
    assert instances()["c8g.xlarge"].cores == 4
    assert instances()["c7i.xlarge"].cores == 2
    assert instances()["g6f.large"].share == 0.125


def test_a_price_nobody_published_is_unknown():
    assert not instances()["p5e.48xlarge"].price("us-east-1").known
    assert not instances()["p5.48xlarge"].price("eu-west-1").known


def test_every_accelerator_and_cpu_an_instance_names_is_in_the_catalogue():
    for instance in instances().values():
        for name in (instance.accelerator, instance.cpu):
            assert name is None or name in accelerators(), instance.name
        assert (instance.accelerator is None) == (instance.accelerators == 0), instance.name
