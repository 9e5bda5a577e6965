"""The reader and the JSON schema of ``measurements.json``."""

from __future__ import annotations

import json
from pathlib import Path

from monai.config import PathLike
from pydantic import TypeAdapter, ValidationError

from gdkvm_monai.study.measurements import SCHEMA_VERSION, Measurements

__all__ = ["measurements_schema", "read_measurements"]


def read_measurements(path: PathLike) -> Measurements:
    """Read ``measurements.json``.

    Args:
        path: file to read.

    Raises:
        FileNotFoundError: if the path is not a file.
        ValueError: if the file does not match the schema.
    """
    if not Path(path).is_file():
        what = "is a folder" if Path(path).is_dir() else "does not exist"
        raise FileNotFoundError(f"{path} {what}; choose the measurements.json in a folder of results.")
    try:
        return TypeAdapter(Measurements).validate_json(Path(path).read_bytes(), strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise ValueError(
            f"{path} does not hold measurements of schema {SCHEMA_VERSION} ({where}: {first['msg']}); choose a "
            "measurements.json written by gdkvm."
        ) from error


def measurements_schema() -> dict[str, object]:
    """Return the JSON schema of ``measurements.json``, which is stored next to this module."""
    schema = TypeAdapter(Measurements).json_schema(mode="serialization")
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "measurements.schema.json"}
    return {**head, **schema}


if __name__ == "__main__":
    print(json.dumps(measurements_schema(), indent=2))
