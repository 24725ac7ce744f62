"""The `pulumi new` template runs as it is once the CLI has put the names in."""

from pathlib import Path

import yaml

from aiinfra.graph.collect import collect
from aiinfra.graph.lint import lint

TEMPLATE = Path(__file__).parent.parent / "templates" / "new" / "aiinfra-python"


def test_the_template_makes_a_closed_site_with_its_own_defaults(tmp_path: Path) -> None:
    settings = yaml.safe_load((TEMPLATE / "Pulumi.yaml").read_text())
    defaults = {f"weld-check:{key}": value["default"] for key, value in settings["template"]["config"].items()}
    for file in TEMPLATE.iterdir():
        text = file.read_text().replace("${PROJECT}", "weld-check").replace("${DESCRIPTION}", "A site")
        (tmp_path / file.name).write_text(text)
    graph = collect(tmp_path, config=defaults)
    assert graph.project == "weld-check"
    assert graph.one("aiinfra:index:Site").name == "my-model-default"
    assert graph.of_type("kubernetes:apps/v1:Deployment")
    assert lint(graph) == []
