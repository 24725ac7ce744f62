"""The work of tree ensembles: the longest path of each tree, in comparisons."""

from collections import defaultdict
from collections.abc import Mapping

from aiinfra.model.call import Call, Count, Uncounted


def trees(call: Call) -> Count:
    """Comparisons on the longest path of each tree: the most one row can take, which is what a tree costs at worst."""
    rows = call.input(0)[0] if len(call.input(0)) > 1 else 1
    a = call.attributes
    keys = list(zip(a["nodes_treeids"], a["nodes_nodeids"], strict=True))
    leaf = [mode == b"LEAF" for mode in a["nodes_modes"]]
    depth: dict[tuple[int, int], int] = {}
    children = {
        key: ((key[0], yes), (key[0], no))
        for key, yes, no, end in zip(keys, a["nodes_truenodeids"], a["nodes_falsenodeids"], leaf, strict=True)
        if not end
    }
    by_tree: dict[int, int] = defaultdict(int)
    for key in keys:
        by_tree[key[0]] = max(by_tree[key[0]], _depth(key, children, depth))
    return Count(other=rows * sum(by_tree.values()))


def tree_ensemble(call: Call) -> Count:
    """The one tree operator of ai.onnx.ml 5: children are indices of nodes or, where a flag says so, of leaves."""
    rows = call.input(0)[0]
    a = call.attributes
    children = {
        (0, i): tuple((0, child) for child, end in ((yes, yes_leaf), (no, no_leaf)) if not end)
        for i, (yes, yes_leaf, no, no_leaf) in enumerate(
            zip(
                a["nodes_truenodeids"],
                a["nodes_trueleafs"],
                a["nodes_falsenodeids"],
                a["nodes_falseleafs"],
                strict=True,
            )
        )
    }
    depth: dict[tuple[int, int], int] = {}
    return Count(other=rows * sum(_depth((0, root), children, depth) for root in a["tree_roots"]))


def _depth(
    root: tuple[int, int],
    children: Mapping[tuple[int, int], tuple[tuple[int, int], ...]],
    known: dict[tuple[int, int], int],
) -> int:
    """Comparisons on the longest path from ``root``, without recursion: a hostile tree may be as deep as it is big."""
    stack = [root]
    opened: set[tuple[int, int]] = set()
    while stack:
        key = stack[-1]
        below = children.get(key)
        if below is None:
            known[key] = 0
        waiting = [child for child in below or () if child not in known]
        if not waiting:
            if below is not None:
                known[key] = 1 + max((known[child] for child in below), default=0)
            opened.discard(key)
            stack.pop()
            continue
        opened.add(key)
        if any(child in opened for child in waiting):
            raise Uncounted("a tree contains a cycle")
        stack.extend(waiting)
    return known[root]
