"""``aiinfra calibrate``."""

from pathlib import Path

import click

from aiinfra.cli.output import emit, json_option
from aiinfra.errors import Exit


@click.command(epilog="Example: aiinfra calibrate model.onnx --tier jetson-orin-nano-super --power-mode 15W")
@click.argument("model", type=click.Path(path_type=Path))
@click.option("--tier", required=True, help="The tier this machine is, as in the catalogue.")
@click.option("--power-mode", default="", help="The power mode it is set to.  [default: the tier's]")
@click.option("--cores", type=click.IntRange(1), help="CPU cores to use, on CPU tiers.  [default: the tier's]")
@click.option(
    "--seconds", default=20.0, show_default=True, type=click.FloatRange(0.1, 3600), help="How long to measure."
)
@click.option("--provider", default="", help="onnxruntime's execution provider.  [default: the tier's first]")
@click.option("--host", default="this machine", show_default=True, help="What you call this machine.")
@click.option("--watts", type=click.FloatRange(0), help="Watts under load, read from a meter of yours.")
@click.option("--meter", default="", help="Name of that meter, and what it covers.")
@click.option("--catalogue", "added", type=click.Path(path_type=Path), help="Your figures, added to the shipped.")
@click.option("--out", type=click.Path(path_type=Path), help="File to write.  [default: measurements/MODEL-TIER.json]")
@click.option("--replace", is_flag=True, help="Overwrite the file where it is there.")
@json_option
def command(
    *,
    model: Path,
    tier: str,
    power_mode: str,
    cores: int | None,
    seconds: float,
    provider: str,
    host: str,
    watts: float | None,
    meter: str,
    added: Path | None,
    out: Path | None,
    replace: bool,
    as_json: bool,
) -> Exit:
    """Measure MODEL on this machine with onnxruntime and write the measurement.

    Name the file under measurements: in catalogue.yaml, and it replaces the estimate of that model on that tier. Watts
    come from RAPL (CPU tiers), NVML (GPUs) or a Jetson's rails where one is there, or from your own meter; they are
    never guessed. Those meters see a part of the box: an estimate adds the rest; your own meter is taken for the whole.
    """
    from aiinfra.catalogue.additions import read_or_shipped
    from aiinfra.estimate.calibrate import calibrate, file_name, named_meter, write
    from aiinfra.estimate.meters import find_meters
    from aiinfra.estimate.read import day
    from aiinfra.spec.tier import Tier

    named = named_meter(watts, meter)
    chosen = Tier(accelerator=tier, power_mode=power_mode, cores=cores)
    catalogue = read_or_shipped(added)
    meters = [named] if named else find_meters(catalogue.accelerator(tier).kind)
    found = calibrate(
        model, chosen, catalogue, seconds=seconds, host=host, taken=day(""), meters=meters, provider=provider
    )
    target = out or Path("measurements") / file_name(found, model)
    write(found, target, replace=replace)
    if as_json:
        emit("calibrate", found.model_dump(mode="json", by_alias=True))
        return Exit.DONE
    power = f"{found.watts} W ({found.watts_how})" if found.watts is not None else "no meter: watts are not measured"
    click.echo(f"{found.rate:,.1f}/s at full load, p50 {found.p50 * 1e3:.3g} ms, p99 {found.p99 * 1e3:.3g} ms, {power}")
    click.echo(f"wrote {target}")
    return Exit.DONE
