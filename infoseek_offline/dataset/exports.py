"""Our records in other formats: each a pure function from a Question."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from infoseek_offline.records import Question, ResearchTree, Vertex


def infoseek_tree(question: Question) -> dict[str, Any]:
    """InfoSeek's tree JSON: `{"root": node}`, a node being `{id, entity, question (root only), href, claims, children}` and a claim
    `{target_id, claim}`. A clue that leads to no vertex (a value, a category, a kind) has its own node as target.
    A joined vertex is one node, below the vertex that it hangs on; the other claims that lead to it have its id as target."""
    root = tree_node(question.tree, question.tree.root)
    return {"root": {"id": root.pop("id"), "entity": root.pop("entity"), "question": question.question, **root}}


def tree_node(tree: ResearchTree, vertex: Vertex) -> dict[str, Any]:
    claims = [
        {
            "target_id": c.other or vertex.id,
            "claim": c.wording.replace("{v}", vertex.title).replace("{o}", tree.vertex(c.other).title if c.other else c.value),
        }
        for c in vertex.constraints
    ]
    return {
        "id": vertex.id,
        "entity": vertex.title,
        "href": "/wiki/" + quote(vertex.title.replace(" ", "_")),
        "claims": claims,
        "children": [tree_node(tree, child) for child in tree.children(vertex.id)],
    }
