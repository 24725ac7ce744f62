from aiinfra.catalogue.regions import regions


def test_partition_and_country_of_every_region():
    found = {name: (region.partition, region.country) for name, region in regions().items()}
    assert found["us-east-1"] == ("aws", "US")
    assert found["cn-north-1"] == ("aws-cn", "CN")
    assert found["us-gov-west-1"] == ("aws-us-gov", "US")
    assert found["eusc-de-east-1"] == ("aws-eusc", "DE")
    assert found["eu-central-2"] == ("aws", "CH")
    assert all(len(country) == 2 for _, country in found.values())


def test_carbon_of_a_grid_is_a_range():
    low, high = regions()["eu-north-1"].grid.range
    assert low < 8.0 < high
