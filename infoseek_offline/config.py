"""What a run was asked to do: frozen models, a profile in TOML in, resolved JSON and its digest out.

One dial, `--profile demo|standard|full` (or a TOML file), sets all the rest; a user says only the seed, the count and the reading.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, ValidationError, model_serializer, model_validator

from infoseek_offline.errors import ConfigError
from infoseek_offline.files import digest_of


class Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Bounds(Model):
    """The numbers of the certificate (hcsp.md)."""

    min_skipped: int = Field(default=3, ge=2)  # m: answers left when an inner vertex's subtree is taken away (M2)
    min_clue: int = Field(default=5, ge=2)  # k: candidates that each constraint of the root leaves on its own (X1)
    hub_degree: int = Field(
        default=400, ge=2
    )  # a page associated with more pages than this is a hub; no shortcut goes through it (X2)
    top_k: int = Field(default=10, ge=1)  # the answer's page must not be among so many hits (R1)
    solve_k: int = Field(default=20, ge=1)  # an evidence passage must be among so many hits (R2)


class Branching(Model):
    """In which proportions trees are to come, as weights (dataset/spread.py says what each is)."""

    chain: float = Field(default=1, ge=0, lt=float("inf"))
    bush: float = Field(default=1, ge=0, lt=float("inf"))
    balanced: float = Field(default=1, ge=0, lt=float("inf"))

    @property
    def weights(self) -> dict[str, float]:
        return {"chain": self.chain, "bush": self.bush, "balanced": self.balanced}


class Shape(Model):
    """What trees to grow. Depth counts edges: the root is at 0."""

    min_depth: int = Field(default=2, ge=2, le=6)
    max_depth: int = Field(default=4, ge=2, le=6)
    min_vertices: int = Field(default=3, ge=3, le=30)
    max_vertices: int = Field(default=10, ge=3, le=30)
    branching: Branching = Branching()
    max_constraints: int = Field(default=4, ge=2, le=6)  # per vertex
    joins: float = Field(default=0, ge=0, le=1)  # of the items, so many are to have two branches that meet

    @model_serializer(mode="wrap")
    def _without_joins(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """A run that asks for none is the same as before there were any."""
        told: dict[str, Any] = serialize(self)
        return told if self.joins else {k: v for k, v in told.items() if k != "joins"}

    @model_validator(mode="after")
    def _ordered(self) -> Shape:
        if self.min_depth > self.max_depth:
            raise ValueError(f"min_depth {self.min_depth} is above max_depth {self.max_depth}")
        if self.min_vertices > self.max_vertices:
            raise ValueError(f"min_vertices {self.min_vertices} is above max_vertices {self.max_vertices}")
        if self.max_vertices <= self.min_depth:
            raise ValueError(f"a tree of depth {self.min_depth} needs more than {self.max_vertices} vertices")
        if not any(self.shares.values()):
            wanted = ", ".join(name for name, weight in self.branching.weights.items() if weight) or "none"
            raise ValueError(f"no shape is left to grow: {wanted} asked for, in a depth of {self.max_depth} at most")
        if self.joins and (self.max_depth < 3 or self.max_vertices < 6):
            raise ValueError(f"joins need a depth of 3 and 6 vertices, and {self.max_depth} and {self.max_vertices} are the most")
        return self

    @property
    def shares(self) -> dict[str, float]:
        """The share of each shape that is asked for; one that no tree within the bounds can have has none."""
        least = {"chain": (2, 3), "bush": (2, 5), "balanced": (3, 6)}  # depth and vertices that it needs
        weights = {
            name: weight if least[name][0] <= self.max_depth and least[name][1] <= self.max_vertices else 0.0
            for name, weight in self.branching.weights.items()
        }
        total = sum(weights.values())
        return {name: weight / total if total else 0.0 for name, weight in weights.items()}


Gate = Literal["closed", "open", "alternatives", "bridge"]


class Config(Model):
    count: int = Field(default=300, ge=1, le=10_000_000)
    seed: int = Field(default=1, ge=0, le=2**63 - 1)
    reading: Literal["open", "closed"] = "open"
    attempts: int = Field(default=12, ge=1, le=1000, description="trees grown for one answer before the next answer is tried")
    phrasings: int = Field(default=1, ge=1, le=5, description="questions of each tree")
    difficulty: tuple[int, int] = (1, 99)  # searches that a solver who knows the tree's shape needs
    bounds: Bounds = Bounds()
    shape: Shape = Shape()
    gates: tuple[Gate, ...] = ()  # checks/gates.py; each needs a model
    price_in: float | None = Field(default=None, ge=0)  # of a million prompt tokens, for the report of costs
    price_out: float | None = Field(default=None, ge=0)  # of a million completion tokens

    @property
    def digest(self) -> str:
        return digest_of(self.model_dump(mode="json"))


PROFILES = ("demo", "standard", "full")


def load_config(profile: str, *, shape: Mapping[str, Any] | None = None, **settings: Any) -> Config:
    """The configuration of a profile (a name of PROFILES or the path of a TOML file), with the settings that are not None on top,
    and those of the trees' `shape`.

    Raises ConfigError, with one line that names the value.
    """
    if profile in PROFILES:
        path = Path(__file__).parent / "profiles" / f"{profile}.toml"
    else:
        path = Path(profile)
        if not path.is_file():
            raise ConfigError(f"no profile {profile!r}: give one of {', '.join(PROFILES)}, or the path of a TOML file")
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not TOML ({error}): mend it, or use --profile standard") from error
    shape = {k: v for k, v in (shape or {}).items() if v is not None}
    if shape:
        values["shape"] = {**values.get("shape", {}), **shape}
    values.update({k: v for k, v in settings.items() if v is not None})
    try:
        return Config.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "profile"
        raise ConfigError(f"{where}: {first['msg']} (value: {first['input']!r}); see 'infoseek data --help'") from error
