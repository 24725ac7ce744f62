from aiinfra.graph.diff import diff
from aiinfra.review.build import review
from aiinfra.review.markdown import escape, to_markdown
from tests.graphs import graph, node


def test_values_cannot_format_the_comment():
    text = "a|b `x` *y* <script> @team #12 [l](http://x) ~~s~~"
    assert escape(text) == ("a\\|b \\`x\\` \\*y\\* &lt;script&gt; &#64;team &#35;12 \\[l\\](http://x) \\~\\~s\\~\\~")
    assert escape("two\nlines") == "two lines"


def test_a_fence_is_longer_than_any_in_it():
    type_ = "kubernetes:core/v1:ConfigMap"
    before = graph(node(type_, "notes", {"data": {"readme": "a\n```\nb\n"}}))
    after = graph(node(type_, "notes", {"data": {"readme": "a\n````\n</details>\n"}}))
    text = to_markdown(review(diff(before, after)))
    assert text.count("`````") == 2
    inside = text.split("`````")[1]
    assert "</details>" in inside


def test_a_name_cannot_leave_its_marker():
    strange = node("aws:s3/bucket:Bucket", "x--><b>|`", {"bucket": "a"})
    text = to_markdown(review(diff(graph(), graph(strange))))
    assert "<b>" not in text
    assert "--><" not in text
