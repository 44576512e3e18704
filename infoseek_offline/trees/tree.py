"""A research tree while it grows: a draft with the four moves of the Planner, and the frozen tree that comes out of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from infoseek_offline.records import Constraint, ResearchTree, Vertex

Role = Literal["root", "inner", "leaf", "blur"]


@dataclass
class DraftVertex:
    id: str
    page: int
    title: str
    role: Role
    parent: str
    depth: int
    noun: str
    constraints: list[Constraint] = field(default_factory=list)


class Draft:
    """Vertices by id; ids are letters in the order of addition (A the root), constraints are numbered within their vertex."""

    def __init__(self, page: int, title: str, noun: str) -> None:
        self.vertices: dict[str, DraftVertex] = {}
        self._made = 0
        self.root = self._add(page, title, "root", "", 0, noun)

    def _add(self, page: int, title: str, role: Role, parent: str, depth: int, noun: str) -> DraftVertex:
        number, self._made = self._made, self._made + 1
        name = chr(65 + number % 26) + (str(number // 26) if number >= 26 else "")
        self.vertices[name] = DraftVertex(name, page, title, role, parent, depth, noun)
        return self.vertices[name]

    def constrain(self, vertex: DraftVertex, constraint: Constraint) -> Constraint:
        """Add a constraint that needs no new vertex; its id is given here."""
        named = constraint.model_copy(update={"id": self._next_id(vertex)})
        vertex.constraints.append(named)
        return named

    def extend(self, vertex: DraftVertex, constraint: Constraint, page: int, title: str, role: Role, noun: str) -> DraftVertex:
        """Add a vertex below `vertex` and the link constraint that leads to it."""
        child = self._add(page, title, role, vertex.id, vertex.depth + 1, noun)
        vertex.constraints.append(constraint.model_copy(update={"id": self._next_id(vertex), "other": child.id}))
        return child

    def join(self, vertex: DraftVertex, constraint: Constraint, to: DraftVertex) -> None:
        """Add a link to a vertex that hangs on another one of the same level."""
        assert to.role == "inner" and to.depth == vertex.depth + 1 and to.parent != vertex.id
        vertex.constraints.append(constraint.model_copy(update={"id": self._next_id(vertex), "other": to.id}))

    @property
    def joined(self) -> set[str]:
        """Vertices to which another link than their parent's leads."""
        return {c.other for v in self.vertices.values() for c in v.constraints if c.other and not self.hangs(v, c)}

    def hangs(self, vertex: DraftVertex, constraint: Constraint) -> bool:
        """Whether a subtree hangs on the constraint."""
        return constraint.other != "" and self.vertices[constraint.other].parent == vertex.id

    def remove(self, vertex: DraftVertex, constraint: Constraint) -> None:
        """Take a constraint away, with the subtree that hangs on it and all that is joined to that."""
        below = self.hangs(vertex, constraint)
        vertex.constraints.remove(constraint)
        if below:
            gone = self.vertices[constraint.other]
            for lower in list(gone.constraints):
                self.remove(gone, lower)
            del self.vertices[gone.id]
            for other in self.vertices.values():
                other.constraints = [c for c in other.constraints if c.other != gone.id]

    def replace(self, vertex: DraftVertex, old: Constraint, new: Constraint) -> None:
        vertex.constraints[vertex.constraints.index(old)] = new

    def children(self, vertex: DraftVertex) -> list[DraftVertex]:
        return [v for v in self.vertices.values() if v.parent == vertex.id]

    @property
    def pages(self) -> set[int]:
        return {v.page for v in self.vertices.values()}

    def _next_id(self, vertex: DraftVertex) -> str:
        used = [int(c.id[len(vertex.id) + 1 :]) for c in vertex.constraints]
        return f"{vertex.id}.{max(used, default=0) + 1}"

    def order(self) -> list[DraftVertex]:
        """Vertices as they are frozen: level by level."""
        order = [self.root]
        for vertex in order:
            order += [self.vertices[c.other] for c in vertex.constraints if self.hangs(vertex, c)]
        return order

    def freeze(self) -> ResearchTree:
        """The tree, parents before children, with vertices and constraints named anew in that order."""
        order = self.order()
        names = {v.id: chr(65 + i % 26) + (str(i // 26) if i >= 26 else "") for i, v in enumerate(order)}
        parents = {c.other: names[v.id] for v in reversed(order) for c in v.constraints}  # of a joined vertex the first
        return ResearchTree(
            vertices=tuple(
                Vertex(
                    id=names[v.id], page=v.page, title=v.title, role=v.role, parent=parents.get(v.id, ""), depth=v.depth,
                    noun=v.noun,
                    constraints=tuple(
                        c.model_copy(update={"id": f"{names[v.id]}.{i}", "other": names.get(c.other, "")})
                        for i, c in enumerate(v.constraints, 1)
                    ),
                )
                for v in order
            )
        )  # fmt: skip
