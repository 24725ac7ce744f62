"""What a program's resources cost stands in its review."""

from dataclasses import replace
from datetime import date

from aiinfra.catalogue.catalogue import shipped
from aiinfra.estimate.bill import Bill
from aiinfra.graph.node import Graph, Mode, Node
from aiinfra.review.billing import bill_of, with_bills, without_bill
from aiinfra.review.document import Document, Level
from aiinfra.review.gates import failing
from aiinfra.review.markdown import to_markdown

DAY = date(2026, 11, 21)
PROVIDER = Node("urn:p", "pulumi:providers:aws", "aws", {"region": "us-east-1"})
EMPTY = Document("shop, stack production", "Compares the work tree with main.", Level.SAFE, "Nothing is lost.", {})


def billed(*nodes: Node) -> Bill:
    graph = Graph("shop", "production", Mode.SYMBOLIC, {node.urn: node for node in (PROVIDER, *nodes)})
    return bill_of(graph, shipped(), "", DAY)


def node(type_: str, name: str, **inputs: object) -> Node:
    return Node(f"urn:{name}", type_, name, inputs, provider="urn:p")


NAT = node("aws:ec2/natGateway:NatGateway", "nat")
BUCKET = node("aws:s3/bucket:Bucket", "files")
BLOCK = node("aws:ec2/capacityBlockReservation:CapacityBlockReservation", "block", capacityBlockOfferingId="cb-1")


def test_a_change_of_the_bill_is_told_with_what_is_not_in_it():
    document = with_bills(EMPTY, billed(), billed(NAT, BUCKET))
    figure = document.figures[-1]
    assert (figure.before.text, figure.after.text) == ("not there", "32.9 USD/month, for 1 of 2 resources")
    told = to_markdown(document)
    assert "Cost: priced 1 of 2 billable resources" in told
    assert "Not priced: S3 bucket bills by use" in told
    assert "Prices older than 180 days: AWS's price list" in told
    assert failing(document, ("cost>30",)) == ("cost>30: cost a month may be 32.9 USD/month, for 1 of 2 resources",)
    assert failing(document, ("cost>40",)) == ()


def test_where_nothing_is_priced_the_cost_is_not_known_and_a_gate_on_it_fails():
    document = with_bills(EMPTY, billed(), billed(BUCKET))
    assert document.figures[-1].after.text == "not known"
    assert failing(document, ("cost>1000000",))


def test_where_the_bill_stays_nothing_is_added():
    assert with_bills(EMPTY, billed(NAT), billed(NAT)) == EMPTY


def test_money_spent_at_once_is_the_first_thing_said_and_has_a_gate():
    document = with_bills(EMPTY, billed(NAT), billed(NAT, BLOCK))
    assert document.verdict.startswith("Spends money at once, when it is applied: block: a Capacity Block (cb-1).")
    assert document.level is Level.OPENS
    assert document.figures[0].name == "at once"
    assert failing(document, ("at-once",)) == ("at-once: money is spent at once, when it is applied",)
    assert failing(with_bills(EMPTY, billed(BLOCK), billed(BLOCK, NAT)), ("at-once",)) == ()


def test_money_spent_at_once_is_said_once():
    said = replace(EMPTY, verdict="Spends money at once: block buys the Capacity Block cb-1.", level=Level.OPENS)
    assert with_bills(said, billed(), billed(BLOCK)).verdict == said.verdict


def test_a_worse_level_stays():
    worse = replace(EMPTY, level=Level.LOSES_DATA)
    assert with_bills(worse, billed(), billed(BLOCK)).level is Level.LOSES_DATA


def test_what_could_not_be_priced_is_said():
    assert without_bill(EMPTY, "the file is broken").notes == ("Cost: not estimated: the file is broken.",)


def test_a_resources_own_region_and_its_provider_decide_the_price():
    far = node("aws:kms/key:Key", "far", region="eu-central-1")
    alone = replace(node("aws:kms/key:Key", "alone"), provider="")
    assert billed(far).regions == ("eu-central-1",)
    assert billed(alone).not_priced == ("price of KMS key in an unknown region is unknown",)
